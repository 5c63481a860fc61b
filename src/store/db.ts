// One small face for the two databases that hold the tables: Postgres through `pg`, and PGlite in the embedded owner.
// Rows come back alike from both: bigint as number (as text beyond 2^53), timestamptz as Date, jsonb parsed, numeric as text.

export interface Queryable {
  /**
   * `values` are bound as $1, $2, …; jsonb is given as JSON text and cast in the statement. Without `values`, `text` may
   * hold several statements; the rows of the last one come back.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface TransactionOptions {
  /** How long one statement may run, in milliseconds. Default: 8,000. */
  statementTimeoutMillis?: number;
}

export interface Db extends Queryable {
  readonly kind: 'postgres' | 'pglite';
  /** Runs `work` inside begin … commit on one connection; rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}
