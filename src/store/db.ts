// One small face for the two databases that hold the tables: Postgres through `pg`, and PGlite in the embedded owner.

export interface Queryable {
  /** `values` are bound as $1, $2, …; jsonb and arrays are given as JSON text and cast in the statement. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Db extends Queryable {
  readonly kind: 'postgres' | 'pglite';
  /** Runs `work` inside begin … commit on one connection; rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
