// Opens Postgres: a URL (or pg's own configuration) in, a Db on a small pool out. Works through PgBouncer in transaction
// mode: no named statement, no session state and no startup parameter that PgBouncer refuses, so timeouts are set with
// `set local` in every transaction.

import pg from 'pg';
import type { Db, Queryable, TransactionOptions } from './db.ts';
import { parseBigint } from './values.ts';

export interface PostgresOptions {
  /** Most connections at a time. Default: 2. */
  max?: number;
  /** Shown in pg_stat_activity. Default: "rowtrace". */
  applicationName?: string;
}

// Every wait has an end (pg's own defaults wait for ever on a frozen server or an exhausted pool).
const CONNECT_TIMEOUT_MILLIS = 3_000;
const STATEMENT_TIMEOUT_MILLIS = 8_000;
const LOCK_TIMEOUT_MILLIS = 2_000;
/** The client gives up this long after the server should have: only a frozen server or network comes to it. */
const GRACE_MILLIS = 2_000;

const parseArray = pg.types.getTypeParser(1016 as number) as (text: string) => (string | null)[];
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  20: parseBigint,
  1016: (text) => parseArray(text).map((digits) => digits && parseBigint(digits)), // bigint[]
};
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    PARSERS[oid] ?? pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
};

/** Opens lazily: the first query connects, and a connection that broke is replaced by the next. */
export function openPostgres(target: string | pg.PoolConfig, options: PostgresOptions = {}): Db {
  const pool = new pg.Pool({
    ...(typeof target === 'string' ? { connectionString: target } : target),
    max: options.max ?? 2,
    application_name: options.applicationName ?? 'rowtrace',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLIS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    allowExitOnIdle: true,
    types,
  });
  // Without both listeners a connection that the server ends, idle or in use, ends the process (measured).
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));

  async function transaction<T>(
    work: (tx: Queryable) => Promise<T>,
    { statementTimeoutMillis }: TransactionOptions = {},
  ) {
    const timeout = statementTimeoutMillis ?? STATEMENT_TIMEOUT_MILLIS;
    const client = await pool.connect();
    // A connection is kept only while every failure on it was an answer of the server: after a time-out or a broken
    // socket nobody knows what is still under way on it.
    let sound = true;
    const tx: Queryable = {
      query: async <Row>(text: string, values?: readonly unknown[]) => {
        try {
          const config = { text, values: values as unknown[], query_timeout: timeout + GRACE_MILLIS };
          return lastRows<Row>(await client.query(config));
        } catch (error) {
          sound &&= error instanceof pg.DatabaseError;
          throw error;
        }
      },
    };
    try {
      // jit off: compiling costs more than our statements gain (the planner overestimates json_to_recordset).
      await tx.query(
        `begin; set local statement_timeout = ${timeout}; set local lock_timeout = ${LOCK_TIMEOUT_MILLIS}; set local jit = off`,
      );
      const result = await work(tx);
      await tx.query('commit');
      return result;
    } catch (error) {
      if (sound) await tx.query('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.release(!sound);
    }
  }

  return {
    kind: 'postgres',
    transaction,
    query: (text, values) => transaction((tx) => tx.query(text, values)),
    close: () => pool.end(),
  };
}

function lastRows<Row>(result: pg.QueryResult | pg.QueryResult[]): Row[] {
  return (Array.isArray(result) ? result.at(-1)!.rows : result.rows) as Row[];
}

function ignore(): void {
  // The query in flight rejects with the same error; there is nothing to add.
}
