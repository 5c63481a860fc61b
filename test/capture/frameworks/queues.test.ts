// BullMQ and Bull in whole programs, against a real Redis.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { uuidv7 } from '../../../src/util/uuid.ts';
import { ASK, drawn, journaled } from '../../support/journaled.ts';
import { serviceFor } from '../../support/services.ts';

test('BullMQ: a job knows nothing of the request that made its worker', async (t) => {
  const redis = await serviceFor(t, 'redis');
  if (redis === undefined) return;
  const { rows } = await journaled(
    t,
    `import { Queue, Worker } from 'bullmq'; import express from 'express'; ${ASK}
    const [name, connection] = ['kennel-${uuidv7()}', { url: '${redis}' }];
    let queue, worker;
    const app = express();
    app.get('/enqueue/:id', async (request, response) => {
      queue ??= new Queue(name, { connection });
      worker ??= new Worker(name, async (job) => { throw new Error('job ' + job.data.id); }, { connection })
        .on('failed', (job) => console.error(new Error('told of job ' + job.data.id)));
      const failed = new Promise((told) => worker.once('failed', told));
      await queue.add('groom', { id: request.params.id });
      if (request.params.id !== '1') await failed;
      response.end();
      await failed;
      if (request.params.id !== '2') return;
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    });
    await ask(app.listen(0), '/enqueue/1', '/enqueue/2');`,
  );
  assert.deepEqual(drawn(rows).sort(), [
    'ERROR job 1 | undefined | undefined',
    'ERROR job 2 | undefined | undefined',
    'ERROR told of job 1 | undefined | undefined',
    'ERROR told of job 2 | undefined | undefined',
  ]);
  const jobs = rows.filter(({ message }) => message.startsWith('job'));
  assert.equal(new Set(jobs.map(({ traceId }) => traceId)).size, 2);
  assert.deepEqual(new Set(rows.map(({ requestId }) => requestId)), new Set([undefined]));
});

test('BullMQ: a job that is put off has not failed', async (t) => {
  const redis = await serviceFor(t, 'redis');
  if (redis === undefined) return;
  const { rows } = await journaled(
    t,
    `import { DelayedError, Queue, Worker } from 'bullmq';
    const [name, connection] = ['kennel-${uuidv7()}', { url: '${redis}' }];
    const queue = new Queue(name, { connection });
    const left = new Set(['later', 'limited', 'failing']);
    const seen = new Set();
    const process = async (job, token) => {
      if (job.name === 'failing') throw new Error('no dog');
      if (seen.has(job.name)) return;
      seen.add(job.name);
      if (job.name === 'later') {
        await job.moveToDelayed(Date.now() + 20, token);
        throw new DelayedError();
      }
      await worker.rateLimit(20);
      throw Worker.RateLimitError();
    };
    const worker = new Worker(name, process, { connection, limiter: { max: 100, duration: 1000 } });
    const ended = new Promise((done) => {
      const end = (job) => void (left.delete(job.name), left.size === 0 && done());
      worker.on('completed', end).on('failed', end);
    });
    for (const job of left) await queue.add(job, {});
    await ended;
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();`,
  );
  assert.deepEqual(drawn(rows), ['ERROR no dog | undefined | undefined']);
});

test('BullMQ: a job whose worker was killed is a row of the worker that finds it, one that its processor fails is one', async (t) => {
  const redis = await serviceFor(t, 'redis');
  if (redis === undefined) return;
  const { rows } = await journaled(
    t,
    `import { Queue, Worker } from 'bullmq'; import { fork } from 'node:child_process'; import { once } from 'node:events';
    const [name = 'kennel-${uuidv7()}'] = process.argv.slice(2);
    const isKilled = process.argv.length > 2;
    const options = { connection: { url: '${redis}' }, lockDuration: isKilled ? 200 : 60_000, stalledInterval: 100, maxStalledCount: 0 };
    if (isKilled) new Worker(name, () => process.kill(process.pid, 'SIGKILL'), options);
    else {
      const queue = new Queue(name, options);
      await queue.add('groom', {});
      await once(fork(process.argv[1], [name]), 'exit');
      const worker = new Worker(name, async () => { throw new Error('no dog'); }, options);
      const failed = () => new Promise((done) => worker.once('failed', (_job, error) => done(error.message)));
      console.log(await failed());
      await queue.add('groom', {});
      console.log(await failed());
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    }`,
  );
  assert.deepEqual(drawn(rows), [
    'ERROR job stalled more than allowable limit | undefined | undefined',
    'ERROR no dog | undefined | undefined',
  ]);
  const [stalled] = rows;
  assert.match(String(stalled!.tags!['messaging.destination.name']), /^kennel-/);
  assert.equal(stalled!.tags!['messaging.bullmq.job.name'], 'groom');
});

for (const file of ['app.mjs', 'app.cjs'])
  test(`Bull (${file}): each attempt that fails is a row, so is a job that stalls or takes too long`, async (t) => {
    const redis = await serviceFor(t, 'redis');
    if (redis === undefined) return;
    const { rows, stdout } = await journaled(
      t,
      `${file === 'app.mjs' ? "import Queue from 'bull'; import { fork } from 'node:child_process'; import { once } from 'node:events';" : "const Queue = require('bull'); const { fork } = require('node:child_process'); const { once } = require('node:events');"}
      const [name = 'kennel-${uuidv7()}'] = process.argv.slice(2);
      const isKilled = process.argv.length > 2;
      const settings = { lockDuration: isKilled ? 200 : 60_000, stalledInterval: 100, maxStalledCount: 0 };
      const queue = new Queue(name, '${redis}', { settings });
      const failed = () => new Promise((done) => queue.once('failed', (_job, error) => done(error.message)));
      if (isKilled) queue.process('groom', () => process.kill(process.pid, 'SIGKILL'));
      else queue.isReady().then(async () => {
        await queue.add('groom', {});
        await once(fork(process.argv[1], [name]), 'exit');
        queue.process('groom', (job, done) => done(new Error('no dog ' + job.attemptsMade)));
        queue.process('weigh', 2, async () => { console.error(new Error('while it runs')); throw new TypeError('too heavy'); });
        queue.process('wait', () => new Promise(() => {}));
        console.log(await failed());
        await queue.add('groom', {}, { attempts: 2 });
        for (const count of [1, 2]) console.log(await failed());
        await queue.add('weigh', {});
        console.log(await failed());
        await queue.add('wait', {}, { timeout: 20 });
        console.log(await failed());
        await queue.obliterate({ force: true });
        await queue.close();
      });`,
      { file },
    );
    assert.deepEqual(
      drawn(rows),
      [
        'ERROR job stalled more than allowable limit | undefined | undefined',
        'ERROR no dog 0 | undefined | undefined',
        'ERROR no dog 1 | undefined | undefined',
        'ERROR while it runs | undefined | undefined',
        'ERROR too heavy | undefined | undefined',
        'ERROR Promise timed out after 20 milliseconds | undefined | undefined',
      ],
      stdout,
    );
    for (const { tags } of rows) {
      assert.match(String(tags!['messaging.destination.name']), /^kennel-/);
      assert.match(String(tags!['messaging.bull.job.name']), /^(groom|weigh|wait)$/);
    }
  });
