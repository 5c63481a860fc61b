// The receiver killed: what it answered 200 for is stored, what it did not answer is sent again, and nothing is there twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { script } from '../support/children.ts';
import { cliDir, eventually, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { until } from '../support/journals.ts';
import { logs, record } from '../support/otlp.ts';

test('killed again and again under load: nothing answered is lost, nothing is there twice', async (t) => {
  const { db, url: database } = await databaseFor(t);
  const dir = cliDir(t);
  // All of them are alike, and to be rows.
  const env = { ROWTRACE_DATABASE_URL: database, ROWTRACE_STORM_ROWS: 'off' };
  const start = async () => {
    const child = startCli(t, ['serve', '--port', '0'], { dir, env });
    const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(child.stdout)?.[0]);
    return { child, url };
  };
  const answered = new Set<string>();
  let next = 0;
  let repeated = 0;
  let waiting: { name: string; body: string }[] = [];
  for (let round = 0; round < 4; round++) {
    const { child, url } = await start();
    let alive = true;
    const ended = child.ended.then(() => {
      alive = false;
    });
    const send = async (one: { name: string; body: string }) => {
      const answer = await fetch(`${url}/v1/logs`, {
        method: 'POST',
        body: one.body,
        headers: { 'content-type': 'application/json' },
      }).catch(() => undefined);
      if (answer?.status === 200) answered.add(one.name);
      else waiting.push(one);
    };
    const again = waiting;
    waiting = [];
    repeated += again.length;
    await Promise.all(again.map(send));
    const goal = answered.size + 60;
    const client = async () => {
      while (alive) {
        const name = `record ${next++}`;
        await send({ name, body: JSON.stringify(logs([record(name)])) });
        // In the middle of what the other clients have under way: between sync and answer, or behind it.
        if (answered.size >= goal) child.process.kill('SIGKILL');
      }
    };
    await Promise.all([client(), client(), client(), client()]);
    await ended;
  }
  const { url } = await start();
  for (const one of waiting)
    assert.equal(
      (
        await fetch(`${url}/v1/logs`, {
          method: 'POST',
          body: one.body,
          headers: { 'content-type': 'application/json' },
        })
      ).status,
      200,
    );
  const rows = async () =>
    (await db.query<{ message: string }>('select message from rowtrace.error_logs')).map(({ message }) => message);
  await until('all rows', async () => (await rows()).length >= next, 120_000);
  const stored = await rows();
  assert.equal(new Set(stored).size, next);
  assert.equal(stored.length, next, 'each once');
  for (const name of answered) assert.ok(stored.includes(name), name);
  assert.ok(repeated > 0, 'some were cut off');
});

for (const when of ['before', 'after']) {
  test(`killed right ${when} the sync of a request, and not answered: the sender comes again, and it is there once`, async (t) => {
    const { db, url: database } = await databaseFor(t);
    const dir = cliDir(t);
    const start = async (env: NodeJS.ProcessEnv = {}) => {
      const child = startCli(t, ['serve', '--port', '0'], { dir, env: { ROWTRACE_DATABASE_URL: database, ...env } });
      const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(child.stdout)?.[0]);
      const send = (name: string) =>
        fetch(`${url}/api/v1/ingest`, {
          method: 'POST',
          body: JSON.stringify({ message: name, timestamp: 1_795_000_000 }),
          headers: { 'content-type': 'application/json' },
        }).then(
          ({ status }) => status,
          () => undefined,
        );
      return { child, send };
    };
    const rows = async () =>
      (await db.query<{ message: string }>('select message from rowtrace.error_logs order by id')).map(
        ({ message }) => message,
      );
    const dying = await start({
      NODE_OPTIONS: `--import ${script('crash-at-sync.ts')}`,
      ROWTRACE_TEST_SYNC_CRASH: `${when}:4`,
    });
    const statuses = [];
    for (const name of ['one', 'two', 'three', 'four']) statuses.push(await dying.send(name));
    assert.deepEqual(await dying.child.ended, { code: null, signal: 'SIGKILL' }, dying.child.stderr);
    assert.equal(statuses.at(-1), undefined, 'not answered');
    const answered = statuses.filter((status) => status === 200).length;

    const receiver = await start();
    // What the dead one had written is adopted, in the page cache or on the disk.
    await until('rows of the dead receiver', async () => (await rows()).length >= answered + 1, 60_000);
    for (const name of ['one', 'two', 'three', 'four']) assert.equal(await receiver.send(name), 200);
    assert.equal(await receiver.send('five'), 200);
    receiver.child.process.kill('SIGTERM');
    assert.deepEqual(await receiver.child.ended, { code: 0, signal: null }, receiver.child.stderr);
    assert.deepEqual((await rows()).sort(), ['five', 'four', 'one', 'three', 'two']);
  });
}
