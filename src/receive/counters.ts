// What the receiver did, in numbers: for its ledger and for /metrics.

import type { LedgerFact } from '../record/fact.ts';
import type { Signal } from './signals.ts';

export type Door = Signal | 'ingest';

export class Counters {
  /** Items received, by door. */
  readonly received: Record<Door, number> = { traces: 0, logs: 0, metrics: 0, ingest: 0 };
  /** Items that a reply called rejected. */
  readonly rejected: Record<Door, number> = { traces: 0, logs: 0, metrics: 0, ingest: 0 };
  /** Answers, by status. */
  readonly answers = new Map<number, number>();
  /** Rows of error_logs taken responsibility for. */
  accepted = 0;
  /** Of these, repeats of what was accepted before. */
  repeated = 0;
  bytesReceived = 0;
  bytesDecompressed = 0;
  #ledgerSeq = 0;

  answered(status: number): void {
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
  }

  ledger(): LedgerFact {
    const { accepted, repeated } = this;
    return { k: 'ledger', t: Date.now(), seq: ++this.#ledgerSeq, accepted, merged: repeated, dropped: {} };
  }
}
