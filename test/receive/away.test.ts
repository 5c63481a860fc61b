// A receiver that is started while its database is away: a restart in an outage must not turn senders away.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeKey } from '../../src/receive/keys/api-key.ts';
import { insertApiKey } from '../../src/store/api-keys.ts';
import { TcpProxy } from '../faults/support/proxy.ts';
import { cliDir, eventually, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { until } from '../support/journals.ts';
import { logs, record } from '../support/otlp.ts';

async function receiverOf(t: TestContext, ...more: string[]) {
  const { db, url } = await databaseFor(t);
  const direct = new URL(url);
  const line = new TcpProxy(Number(direct.port));
  t.after(() => line.refuse());
  await line.listen();
  await line.refuse();
  direct.port = String(line.port);
  const receiver = startCli(t, ['serve', '--port', '0', ...more], {
    dir: cliDir(t),
    env: { ROWTRACE_DATABASE_URL: direct.href, ROWTRACE_STORM_ROWS: 'off' },
  });
  const address = await eventually(() => /on (http:\S+) /.exec(receiver.stdout)?.[1]);
  const sendAll = async (messages: string[], headers: Record<string, string> = {}) => {
    const answer = await fetch(`${address}/v1/logs`, {
      method: 'POST',
      body: JSON.stringify(logs(messages.map((message) => record(message)))),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return answer.status;
  };
  const send = (message: string, headers?: Record<string, string>) => sendAll([message], headers);
  const messages = async () =>
    (await db.query<{ message: string }>('select message from rowtrace.error_logs')).map(({ message }) => message);
  return { db, line, receiver, send, sendAll, messages };
}

test('started while its database is away it says so, takes what comes, and stores it when the database is back', async (t) => {
  const { line, receiver, send, messages } = await receiverOf(t);
  await eventually(() => /cannot be reached.* Going on without it until it is back/.test(receiver.stderr));
  assert.equal(await send('in the outage'), 200);
  assert.deepEqual(await messages(), []);
  await line.listen();
  await until('the row', async () => (await messages()).length === 1, 60_000);
  receiver.process.kill('SIGTERM');
  assert.equal((await receiver.ended).code, 0);
});

test('what came in an outage goes in batches larger than those of an application', async (t) => {
  const { db, line, sendAll } = await receiverOf(t);
  assert.equal(await sendAll(Array.from({ length: 3_000 }, (_, nr) => `dog ${nr} is late`)), 200);
  await line.listen();
  const count = async (what: string) => (await db.query<{ n: number }>(`select count(*) as n from ${what}`))[0]!.n;
  await until('all rows', async () => (await count('rowtrace.error_logs')) === 3_000, 60_000);
  // By the transaction that wrote them.
  const [largest] = await db.query<{ n: number }>(
    'select count(*) as n from rowtrace.error_logs group by xmin::text order by 1 desc limit 1',
  );
  assert.ok(largest!.n > 1_000, `${largest!.n} rows at a time`);
});

test('with keys, senders come again until they can be read, and whoever has none is refused at once', async (t) => {
  const { db, line, send, messages } = await receiverOf(t, '--require-key');
  const made = makeKey();
  await insertApiKey(db, 'rowtrace', { ...made, name: 'test', scopes: ['ingest'], services: null });
  assert.equal(await send('without a key'), 401);
  assert.equal(await send('with one', { 'x-api-key': made.key }), 503);
  await line.listen();
  await until('the key is known', async () => (await send('with one', { 'x-api-key': made.key })) === 200, 60_000);
  await until('the row', async () => (await messages()).length === 1, 60_000);
});
