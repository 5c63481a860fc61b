// The topology of examples/collector/compose.yaml as plain processes: a sender that comes again until it is answered, as a
// Collector does → `rowtrace serve --queue` → RabbitMQ → `rowtrace worker` → Postgres.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { brokerFor } from '../support/broker.ts';
import { eventually, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/journals.ts';
import { logs, nanos, record } from '../support/otlp.ts';
import { errorLog } from '../support/rows.ts';

const TOTAL = 400;

test('receiver, RabbitMQ, worker and an empty Postgres, receiver and worker killed on the way: each record is a row, once', async (t) => {
  const broker = await brokerFor(t);
  if (broker === undefined) return;
  const { url: databaseUrl, db } = await databaseFor(t, 'empty');
  const [port, receiverDir, workerDir] = [await freePort(), folderFor(t), folderFor(t)];
  const startReceiver = () => startCli(t, ['serve', '--port', `${port}`, '--queue', broker.url], { dir: receiverDir });
  const startWorker = () =>
    startCli(t, ['worker', '--queue', broker.url], {
      dir: workerDir,
      env: { ROWTRACE_DATABASE_URL: databaseUrl, ROWTRACE_STORM_ROWS: 'off' },
    });
  const rows = async () => {
    const [made] = await db.query<{ made: boolean }>("select to_regclass('rowtrace.error_logs') is not null as made");
    if (!made!.made) return [];
    return db.query<{ message: string }>('select message from rowtrace.error_logs');
  };

  let receiver = startReceiver();
  let worker = startWorker();
  let answered = 0;
  let cutOff = 0;
  const send = async (message: string) => {
    const body = gzipSync(JSON.stringify(logs([record(message)])));
    await until(
      `an answer for ${message}`,
      async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
        }).catch(() => undefined);
        if (answer?.status === 200) answered++;
        else if (answered > 0) cutOff++;
        return answer?.status === 200;
      },
      60_000,
    );
  };
  let next = 0;
  const sender = async () => {
    while (next < TOTAL) {
      const at = next++;
      await send(`record ${at}`);
      if (at === 100) {
        receiver.process.kill('SIGKILL');
        await receiver.ended;
        receiver = startReceiver();
      }
      if (at === 200) {
        await until('rows of this worker', async () => (await rows()).length > 0, 60_000);
        worker.process.kill('SIGKILL');
        await worker.ended;
        worker = startWorker();
      }
    }
  };
  await Promise.all([sender(), sender(), sender(), sender()]);
  await until('all rows', async () => (await rows()).length >= TOTAL, 60_000);

  // What the processes still have is shipped and acknowledged before they end: a second copy would show now.
  for (const child of [receiver, worker]) {
    child.process.kill('SIGTERM');
    assert.deepEqual(await child.ended, { code: 0, signal: null }, child.stderr);
  }
  const stored = (await rows()).map(({ message }) => message);
  assert.equal(new Set(stored).size, TOTAL, 'lost 0');
  assert.equal(stored.length, TOTAL, 'duplicates 0');
  assert.ok(cutOff > 0, 'the receiver was away for a while');
});

test('workers and receivers keep the storm valve over all processes, as the options say', async (t) => {
  const broker = await brokerFor(t);
  if (broker === undefined) return;
  const { url: databaseUrl, db } = await databaseFor(t);
  const env = { ROWTRACE_DATABASE_URL: databaseUrl, ROWTRACE_STORM_ROWS: '2' };
  const serving = async (args: string[]) => {
    const child = startCli(t, ['serve', '--port', '0', ...args], { dir: folderFor(t), env });
    return eventually(() => /http:\/\/[\d.]+:\d+/.exec(child.stdout)?.[0]);
  };
  startCli(t, ['worker', '--queue', broker.url], { dir: folderFor(t), env });
  const [queued, direct] = [await serving(['--queue', broker.url]), await serving([])];
  const send = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    assert.equal((await fetch(path, { method: 'POST', body: JSON.stringify(body), headers })).status, 200, path);
  };
  const at = Date.now();
  const sendAll = async (kind: string, count: number) => {
    const messages = (way: string) => Array.from({ length: count }, (_, nr) => `${kind} by ${way} ${nr}`);
    const records = (way: string) => messages(way).map((message) => record(message, { timeUnixNano: nanos(at) }));
    await send(`${queued}/v1/logs`, logs(records('worker')));
    await send(`${direct}/v1/logs`, logs(records('receiver')));
    const rows = messages('endpoint').map((message) => errorLog({ message, created_at: at }));
    await send(`${direct}/api/v1/batches`, { v: 1, batch: { logs: rows } });
    await until(`${count} ${kind} by each`, async () => {
      const found = await db.query<{ count: number }>(
        'select count::int from rowtrace.issue_list where title like $1 and count = $2',
        [`${kind} by %`, count],
      );
      return found.length === 3;
    });
  };
  // The first batch of a process may repeat what another had in flight: it is stored as it is.
  await sendAll('first', 1);
  await sendAll('storm', 30);
  const stored = await db.query(
    `select split_part(message, ' ', 3) as way, count(*)::int as rows
     from rowtrace.error_logs where message like 'storm%' group by 1 order by 1`,
  );
  assert.deepEqual(
    stored,
    ['endpoint', 'receiver', 'worker'].map((way) => ({ way, rows: 10 })),
  );
});
