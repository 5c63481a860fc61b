// One small face for the two databases that hold the tables: Postgres through `pg`, and PGlite in the embedded owner.
// Rows come back alike from both: bigint as number (as text beyond 2^53), timestamptz as Date, jsonb parsed, numeric as text.

export interface Queryable {
  /**
   * `values` are bound as $1, $2, …; jsonb is given as JSON text and cast in the statement. Without `values`, `text` may
   * hold several statements; the rows of the last one come back.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Statement {
  text: string;
  /** Bound as $1, $2, …; text as Postgres reads it, or null. */
  values: (string | null)[];
  /** What a `copy … from stdin` reads, in pieces. Not for PGlite. */
  data?: readonly Uint8Array[];
}

export interface Transaction extends Queryable {
  /**
   * Runs these, whose rows nobody needs, before the next query or the commit, whichever comes first, and where that can
   * be in one round trip with it: a transaction of nothing else is one. What fails in them fails what they go with.
   */
  later(statements: readonly Statement[]): Promise<void>;
}

export interface TransactionOptions {
  /** How long one statement may run, in milliseconds. Default: 8,000. */
  statementTimeoutMillis?: number;
}

export interface Db extends Queryable {
  readonly kind: 'postgres' | 'pglite';
  /** Runs `work` inside begin … commit on one connection; rolls back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}
