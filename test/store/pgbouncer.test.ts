import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { listIssues } from '../../src/query/issues.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { databaseFor } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { errorLog } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

test('migrating, writing and reading work through PgBouncer in transaction mode', async (t) => {
  if (!hasPgBouncer()) return t.skip('install pgbouncer (apt-get install pgbouncer) to run this');
  const { url, db } = await databaseFor(t, 'empty');
  await db.query(`alter database ${new URL(url).pathname.slice(1)} set datestyle = 'German'`);
  const bouncerUrl = await startPgBouncer(t, new URL(url));
  const open = () => createPostgresSink({ open: async () => openPostgres(bouncerUrl), columns: { vet_id: 'integer' } });
  const sinks = [open(), open(), open()];
  t.after(() => Promise.all(sinks.map((sink) => sink.close())));
  await Promise.all(sinks.map((sink) => sink.open()));

  const write = (sink: (typeof sinks)[number]) =>
    sink.write(batch({ logs: Array.from({ length: 20 }, () => errorLog({ promoted: { vet_id: 1 } })) }));
  for (let round = 0; round < 10; round++) await Promise.all(sinks.map(write));

  // A COPY of some megabytes, and one that is refused in its middle.
  const many = Array.from({ length: 2_000 }, () => errorLog({ stack_trace: 'at '.repeat(500) }));
  assert.equal((await sinks[0]!.write(batch({ logs: many }))).insertedLogs, 2_000);
  const mixed = [errorLog(), ...many, errorLog()];
  assert.deepEqual(await sinks[0]!.write(batch({ logs: mixed })), { insertedLogs: 2, duplicateLogs: 2_000 });

  const reader = openPostgres(bouncerUrl);
  t.after(() => reader.close());
  const [issue] = await listIssues(reader, 'rowtrace');
  assert.equal(issue!.count, 2_602);
  assert.ok(Math.abs(new Date(issue!.last_seen).getTime() - Date.now()) < 600_000, `${issue!.last_seen}`);
  const [setting] = await reader.query(`select current_setting('statement_timeout') as timeout`);
  assert.equal(setting!.timeout, '8s', 'set in each transaction, since the session is not ours');
});

function hasPgBouncer(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One server connection for all clients, so that every transaction meets what another client left behind. */
async function startPgBouncer(t: TestContext, server: URL): Promise<string> {
  const dir = mkdtempSync('/tmp/rowtrace-bouncer-');
  const port = await freePort();
  const target = `host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`;
  const config = `[databases]\n* = ${target}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\n
pool_mode=transaction\ndefault_pool_size=1\nauth_type=any\nlogfile=\npidfile=\n`;
  writeFileSync(join(dir, 'pgbouncer.ini'), config);
  chmodSync(dir, 0o755);
  // Like Postgres it refuses to run as root.
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('pgbouncer', [...user, join(dir, 'pgbouncer.ini')], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(dir, { recursive: true });
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (log.includes('process up')) resolve();
    });
    child.once('exit', () => reject(new Error(log)));
  });
  return `postgres://${server.username}@127.0.0.1:${port}${server.pathname}`;
}
