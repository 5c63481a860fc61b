// Several statements for a client of pg in one round trip, the bytes of a `copy … from stdin` among them: all sent at once,
// with one Sync behind them, so that the server passes over what follows a failure (bytes for a copy that failed included).
// Unnamed statements only, and their rows are thrown away. pg has a pipeline mode of its own, which refuses `copy`; libpq's
// does, too. It is the client's rule and not the protocol's, and saves the wait for a server that waits for the bytes.

import type { Connection, Submittable } from 'pg';
import type { Statement } from './db.ts';

/** CopyData of the protocol: this byte, the length, the piece. */
const COPY_DATA = 0x64;

/** pg's connection as it is; its types ask for an argument that it does not have. */
interface PipelineConnection {
  stream: Connection['stream'];
  parse(query: { name: string; text: string; types: never[] }): void;
  bind(config: { values: (string | null)[] }): void;
  execute(config: { portal: string }): void;
  endCopyFrom(): void;
  sync(): void;
}

export class Pipeline implements Submittable {
  /** Called by pg, which puts a clock around it for `query_timeout`. */
  callback: (error?: Error | null) => void;
  readonly query_timeout: number;
  readonly #statements: readonly Statement[];

  constructor(statements: readonly Statement[], timeoutMillis: number, callback: (error?: Error | null) => void) {
    this.#statements = statements;
    this.query_timeout = timeoutMillis;
    this.callback = callback;
  }

  submit(given: Connection): void {
    const connection = given as unknown as PipelineConnection;
    connection.stream.cork();
    for (const { text, values, data } of this.#statements) {
      connection.parse({ name: '', text, types: [] });
      connection.bind({ values });
      connection.execute({ portal: '' });
      if (data) sendCopy(connection, data);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleParseComplete(): void {}
  handleCopyInResponse(): void {}
  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
}

/** Messages of pg's own would be made by copying each piece. */
function sendCopy(connection: PipelineConnection, pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) {
    const head = Buffer.from([COPY_DATA, 0, 0, 0, 0]);
    head.writeInt32BE(4 + piece.length, 1);
    connection.stream.write(head);
    connection.stream.write(piece);
  }
  connection.endCopyFrom();
}
