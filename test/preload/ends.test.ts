// How a process ends, with and without Rowtrace: the same exit code, the same output, and the last error is in Postgres
// (or, where a signal killed the process, in its journal).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application, until } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';
import { journalOf } from '../support/journal-text.ts';

//     application                 code  level       type              message
const ENDS = [
  ['ends/throw.cjs', 1, 'CRITICAL', 'TypeError', 'nobody caught this'],
  ['ends/served.cjs', 1, 'CRITICAL', 'TypeError', 'thrown to Node'],
  ['ends/served-http2.cjs', 1, 'CRITICAL', 'TypeError', 'thrown to Node'],
  ['ends/throw-at-load.mjs', 1, 'CRITICAL', 'Error', 'at load'],
  ['ends/reject.cjs', 1, 'CRITICAL', 'AggregateError', 'all failed'],
  ['ends/exit.cjs', 3, 'ERROR', 'Error', 'last words'],
  ['ends/natural.cjs', 0, 'ERROR', 'Error', 'fine otherwise'],
  ['ends/handled.cjs', 0, 'CRITICAL', 'Error', 'caught by a listener'],
] as const;

for (const [app, code, level, type, message] of ENDS) {
  test(`${app}: exit code ${code}, output as without us, and a ${level} row`, async (t) => {
    const { db, url: databaseUrl } = await databaseFor(t);
    const plain = await new Application(t, { app, preload: 'ends/nothing.cjs' }).ended();
    const watched = await new Application(t, { app, databaseUrl }).ended();
    assert.equal(plain.code, code);
    assert.equal(watched.code, plain.code);
    assert.equal(watched.stdout, plain.stdout);
    assert.equal(watched.stderr, plain.stderr);
    const rows = await db.query<{ level: string; error_type: string; message: string; stack_trace: string }>(
      'select level::text, error_type, message, stack_trace from rowtrace.error_logs',
    );
    assert.deepEqual(
      rows.map((row) => [row.level, row.error_type, row.message]),
      [[level, type, message]],
    );
    if (app === 'ends/throw.cjs') assert.match(rows[0]?.stack_trace ?? '', /the reason/);
    if (app === 'ends/reject.cjs') assert.match(rows[0]?.stack_trace ?? '', /first[\s\S]*RangeError: second/);
  });
}

test('with the database away the end does not wait for its time to be over, and the row waits in the journal', async (t) => {
  const before = performance.now();
  const application = new Application(t, {
    app: 'ends/throw.cjs',
    databaseUrl: 'postgres://nobody:hunter2@127.0.0.1:1/nowhere',
  });
  const ended = await application.ended();
  assert.equal(ended.code, 1);
  // The exit may take 20 s in these tests; with the database refusing, nothing of it is used.
  assert.ok(performance.now() - before < 10_000, 'the end waited');
  assert.match(journalOf(application.dir), /nobody caught this/);
  assert.ok(!ended.said.join('\n').includes('hunter2'), 'the password is masked in what we say');
});

test('a process killed by SIGKILL leaves its error in the journal; the next process with a database ships it', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const killed = new Application(t, { app: 'ends/signal.cjs', databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' });
  await until(() => killed.stdout.includes('ready'), 'the application');
  killed.child.kill('SIGKILL');
  assert.equal((await killed.ended()).signal, 'SIGKILL');
  assert.match(journalOf(killed.dir), /killed soon/);
  const next = new Application(t, { app: 'ends/signal.cjs', databaseUrl, env: { ROWTRACE_DIR: killed.dir } });
  await until(async () => {
    const [row] = await db.query<{ count: number }>('select count(*)::int as count from rowtrace.error_logs');
    return row?.count === 2;
  }, 'the rows of both processes');
  next.child.kill('SIGKILL');
});

test('SIGTERM kills a process without handlers as ever (143), with and without the flush', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  for (const flush of ['on', 'off']) {
    const application = new Application(t, {
      app: 'ends/signal.cjs',
      databaseUrl,
      env: { ROWTRACE_FLUSH_ON_SIGTERM: flush },
    });
    await until(() => application.stdout.includes('ready'), 'the application');
    application.child.kill('SIGTERM');
    const ended = await application.ended();
    assert.equal(ended.signal, 'SIGTERM', `flush ${flush}`);
    assert.match(ended.stderr, /before the signal/);
    if (flush === 'off') continue;
    // Killed as soon as it was ready: without the flush the delivery thread has not even connected.
    const [row] = await db.query<{ count: number }>('select count(*)::int as count from rowtrace.error_logs');
    assert.equal(row?.count, 1, 'the flush brought the row');
  }
});

test("the application's own SIGTERM handler decides, with the flush on", async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, {
    app: 'ends/graceful.cjs',
    databaseUrl,
    env: { ROWTRACE_FLUSH_ON_SIGTERM: 'on' },
  });
  await until(() => application.stdout.includes('ready'), 'the application');
  application.child.kill('SIGTERM');
  const ended = await application.ended();
  assert.equal(ended.code, 0);
  assert.match(ended.stdout, /closing/);
  const [row] = await db.query<{ count: number }>('select count(*)::int as count from rowtrace.error_logs');
  assert.equal(row?.count, 1);
});
