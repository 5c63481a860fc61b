// Opens Postgres: a URL (or pg's own configuration) in, a Db on a small pool out. Works through PgBouncer in transaction
// mode: no named statement, no session state and no startup parameter that PgBouncer refuses, so timeouts are set with
// `set local` in every transaction.

import pg from 'pg';
import { askForRoom, FULL, type Room } from './connection-room.ts';
import type { Db, Statement, Transaction, TransactionOptions } from './db.ts';
import { Pipeline } from './pipeline.ts';
import { parseBigint } from './values.ts';

export interface PostgresOptions {
  /** Most connections at a time. Default: 2. */
  max?: number | undefined;
  /** Shown in pg_stat_activity. Default: "rowtrace". */
  applicationName?: string | undefined;
  /** Leaves connections to the application while the server has few, and gives its own back soon. Default: false. */
  considerate?: boolean | undefined;
}

// Every wait has an end (pg's own defaults wait for ever on a frozen server or an exhausted pool).
const CONNECT_TIMEOUT_MILLIS = 3_000;
const STATEMENT_TIMEOUT_MILLIS = 8_000;
const LOCK_TIMEOUT_MILLIS = 2_000;
/** The client gives up this long after the server should have: only a frozen server or network comes to it. */
const GRACE_MILLIS = 2_000;

/** Two hundred processes with an idle connection each would take all of a server; a new one costs 5 to 10 ms. */
const CONSIDERATE_IDLE_MILLIS = 3_000;

/**
 * Of the time that a process waits for room it spends so small a part on connections that it may not keep: two hundred that
 * wait take ten connections of a server, however long that one needs for each.
 */
const REST_FACTOR = 20;

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
  const applicationName = options.applicationName ?? 'rowtrace';
  const rooms = new WeakMap<pg.PoolClient, Room>();
  let rest: { until: number; reason: unknown } = { until: 0, reason: undefined };
  const pool = new pg.Pool({
    ...(typeof target === 'string' ? { connectionString: target } : target),
    max: options.max ?? 2,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MILLIS,
    idleTimeoutMillis: options.considerate ? CONSIDERATE_IDLE_MILLIS : 30_000,
    keepAlive: true,
    allowExitOnIdle: true,
    types,
  });
  // Without both listeners a connection that the server ends, idle or in use, ends the process (measured).
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));

  async function transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { statementTimeoutMillis }: TransactionOptions = {},
  ) {
    const timeout = statementTimeoutMillis ?? STATEMENT_TIMEOUT_MILLIS;
    const query_timeout = timeout + GRACE_MILLIS;
    // Whatever isolation the role has: who waited for another writer has to see what that one committed.
    // jit off: compiling costs more than our statements gain (the planner overestimates json_to_recordset). The style of
    // dates: pg reads ISO only, and functions of ours write times into statements, where "IST" would be of another country.
    // Strings as the standard has them: functions and migrations are read by it when they run, and "off" takes `\d` for "d".
    // Digits: a copy is compared by its text. Quotes: the name of a type is `text`, not `"text"`.
    const begin = [
      'begin isolation level read committed',
      `set local statement_timeout = ${timeout}`,
      `set local lock_timeout = ${LOCK_TIMEOUT_MILLIS}`,
      'set local jit = off',
      `set local datestyle = 'ISO, MDY'`,
      `set local timezone = 'UTC'`,
      'set local standard_conforming_strings = on',
      'set local extra_float_digits = 1',
      'set local quote_all_identifiers = off',
    ];
    const { client, room } = await connect();
    // A connection is kept only while every failure on it was an answer of the server: after a time-out or a broken
    // socket nobody knows what is still under way on it.
    let sound = true;
    let begun = false;
    // Comes between two queries, where the next one says only that there is no connection.
    let lost: unknown;
    const onLost = (error: unknown) => {
      lost ??= error;
    };
    client.on('error', onLost);
    const answered = async <Answer>(asking: Promise<Answer>): Promise<Answer> => {
      begun = true;
      try {
        return await asking;
      } catch (error) {
        const isAnswer = error instanceof pg.DatabaseError;
        sound &&= isAnswer;
        throw isAnswer ? error : (lost ?? error);
      }
    };
    const send = (text: string, values?: readonly unknown[]) => {
      const config = { text, values: values as unknown[], query_timeout };
      return answered<pg.QueryResult>(client.query(config));
    };
    let waiting: Statement[] = [];
    const flush = async (...last: Statement[]): Promise<void> => {
      const statements = [...(begun ? [] : begin.map(plain)), ...waiting, ...last];
      waiting = [];
      await answered(
        new Promise<void>((resolve, reject) => {
          client.query(new Pipeline(statements, query_timeout, (error) => (error ? reject(error) : resolve())));
        }),
      );
    };
    const tx: Transaction = {
      query: async <Row>(text: string, values?: readonly unknown[]) => {
        if (waiting.length > 0) await flush();
        if (begun) return lastRows<Row>(await send(text, values));
        // Only texts without values may go together in one message.
        if (!values) return lastRows<Row>(await send(`${begin.join('; ')}; ${text}`));
        await send(begin.join('; '));
        return lastRows<Row>(await send(text, values));
      },
      later: async (statements) => {
        waiting.push(...statements);
      },
    };
    try {
      const result = await work(tx);
      if (waiting.length > 0) await flush(plain('commit'));
      else if (begun) await send('commit');
      return result;
    } catch (error) {
      if (sound && begun) await send('rollback').catch(() => undefined);
      throw error;
    } finally {
      client.off('error', onLost);
      client.release(!sound || room === 'scarce');
    }
  }

  /** @throws when there is no room, and for a while after that without asking again */
  async function connect(): Promise<{ client: pg.PoolClient; room: Room }> {
    if (!options.considerate) return { client: await pool.connect(), room: 'enough' };
    const start = performance.now();
    if (start < rest.until) throw rest.reason;
    try {
      const client = await pool.connect();
      return { client, room: await findRoom(client) };
    } catch (error) {
      const millis = performance.now() - start;
      if ((error as { code?: unknown }).code === FULL) rest = { until: start + millis * REST_FACTOR, reason: error };
      throw error;
    }
  }

  /** Asked once a connection. @throws when it has to be given back at once, which is done then */
  async function findRoom(client: pg.PoolClient): Promise<Room> {
    const known = rooms.get(client);
    if (known) return known;
    try {
      const room = await askForRoom(client, applicationName);
      rooms.set(client, room);
      return room;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  return {
    kind: 'postgres',
    transaction,
    query: (text, values) => transaction((tx) => tx.query(text, values)),
    close: () => pool.end(),
  };
}

function plain(text: string): Statement {
  return { text, values: [] };
}

function lastRows<Row>(result: pg.QueryResult | pg.QueryResult[]): Row[] {
  return (Array.isArray(result) ? result.at(-1)!.rows : result.rows) as Row[];
}

function ignore(): void {
  // The query in flight rejects with the same error; there is nothing to add.
}
