// PGlite behind the gate: for the shipper a Db, for the socket raw messages of the Postgres protocol.

import type { Db } from '../../store/db.ts';
import type { PgliteDb } from '../../store/pglite.ts';
import { Gate } from './gate.ts';

export interface Backend {
  readonly gate: Gate;
  /** For this process' own use. */
  readonly db: Db;
  /** Runs protocol messages and gives the bytes of the answer. Only for who holds the gate. */
  exchange(messages: Uint8Array): Promise<Uint8Array>;
  inTransaction(): boolean;
  /** Only for who holds the gate. */
  rollback(): Promise<void>;
  /** Forgets what sessions have set; only while no client is connected. */
  reset(): Promise<void>;
}

export function createBackend(inner: PgliteDb): Backend {
  const { pglite } = inner;
  const gate = new Gate();
  return {
    gate,
    db: {
      kind: inner.kind,
      query: (text, values) => gate.run(() => inner.query(text, values)),
      transaction: (work, options) => gate.run(() => inner.transaction(work, options)),
      close: () => gate.run(() => inner.close()),
    },
    // Not execProtocolRawStream: it leaves its callback behind, and the next query of this process would write its rows
    // to the client's socket (PGlite 0.5.14).
    exchange: async (messages) => (await pglite.execProtocol(messages, { throwOnError: false })).data,
    inTransaction: () => pglite.isInTransaction(),
    rollback: async () => {
      if (pglite.isInTransaction()) await pglite.exec('rollback');
    },
    reset: () => gate.run(async () => void (await pglite.exec('discard all'))),
  };
}
