// The topology of examples/collector/compose.yaml as plain processes: a sender that comes again until it is answered, as a
// Collector does → `rowtrace serve --queue` → RabbitMQ → `rowtrace worker` → Postgres.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { brokerFor } from '../support/broker.ts';
import { startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/journals.ts';
import { logs, record } from '../support/otlp.ts';

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
      env: { ROWTRACE_DATABASE_URL: databaseUrl },
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
