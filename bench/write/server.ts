// A Postgres for benchmarks, with the safety of a real one (fsync, synchronous commit) and lz4 where it can be had: the
// server that `pg_config` names, else the one the tests use, which was built without lz4.

import { execFileSync } from 'node:child_process';
import { type PostgresServer, startPostgresServer } from '../../test/support/postgres-server.ts';

export function startBenchServer(): Promise<PostgresServer> {
  const safe = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on', max_wal_size: '8GB' };
  return startPostgresServer('newest', safe, { bin: installedServer() });
}

function installedServer(): string | undefined {
  if (process.env.ROWTRACE_BENCH_POSTGRES) return process.env.ROWTRACE_BENCH_POSTGRES;
  try {
    return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
