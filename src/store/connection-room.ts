// May this process keep the connection it just got? Telemetry of many processes must not take the last connections of a
// server: all of Rowtrace's together have a quarter of them, and leave a tenth free for the application. One may stay in any
// case, or rows would never arrive at a server that is always full. Behind a pooler the pooler decides.

import type { PoolClient } from 'pg';

/** `scarce`: more than half of the share is taken, so others wait; to be given back after the transaction. */
export type Room = 'enough' | 'scarce';

/** SQLSTATE too_many_connections. */
export const FULL = '53300';

const SHARE = 1 / 4;
const FREE = 1 / 10;
const TIMEOUT_MILLIS = 5_000;

const QUESTION = `
  select current_setting('max_connections')::int as most,
    current_setting('superuser_reserved_connections')::int as reserved,
    (select sum(numbackends)::int from pg_catalog.pg_stat_database) as used,
    (select count(*)::int from pg_catalog.pg_stat_activity where application_name = $1) as ours,
    pg_catalog.pg_backend_pid() as pid`;

interface Answer {
  most: number;
  reserved: number;
  used: number;
  ours: number;
  pid: number;
}

/** @throws an error with the code of a full server, so that it is waited for like one */
export async function askForRoom(client: PoolClient, applicationName: string): Promise<Room> {
  const config = { text: QUESTION, values: [applicationName], query_timeout: TIMEOUT_MILLIS };
  const { rows } = await client.query<Answer>(config);
  const { most, reserved, used, ours, pid } = rows[0]!;
  // A pooler says a process id of its own, and its connections to the server are not one a client.
  if (pid !== (client as unknown as { processID: number }).processID) return 'enough';
  const free = most - reserved - used;
  if (ours > 1 && (ours > most * SHARE || free < most * FREE)) {
    const said = `${free} of ${most} connections are free, Rowtrace has ${ours}; the rest is the application's`;
    throw Object.assign(new Error(said), { code: FULL });
  }
  return ours > (most * SHARE) / 2 ? 'scarce' : 'enough';
}
