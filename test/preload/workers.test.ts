// Background workers, preloaded: what fails in a job is a row that knows its job, what a job logs belongs to it, durations
// are by queue. docs/frameworks.md is made from a run. Kafka is not tried against a server.

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { uuidv7 } from '../../src/util/uuid.ts';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';
import { fakeKafka } from '../support/fake-kafka.ts';
import { serviceFor } from '../support/services.ts';
import { failuresOf, measureWorker, type WorkerRow } from '../support/workers.ts';

test('BullMQ: each failed attempt is a row that knows its job and says which attempt it was', async (t) => {
  const redis = await serviceFor(t, 'redis');
  if (redis === undefined) return;
  const queue = `kennel-${uuidv7()}`;
  const { rows, operations } = await measureWorker(t, {
    worker: 'BullMQ',
    app: 'bullmq.cjs',
    args: [redis, queue],
    packages: ['bullmq'],
    server: 'Redis 7.0',
    idTag: 'messaging.message.id',
    operations: /^process kennel-/,
  });
  assert.deepEqual(typesOf(rows), ['RangeError', 'TypeError', 'TypeError']);
  const failures = failuresOf(rows);
  assert.deepEqual(
    failures.map(({ message, tags }) => [message, tags['messaging.bullmq.job.attempts_made']]),
    [
      ['dog 3 does not hold still', 0],
      ['dog 3 does not hold still', 1],
    ],
  );
  assert.equal(new Set(failures.map(({ tags }) => tags['messaging.message.id'])).size, 1);
  const { tags } = failures[0]!;
  assert.deepEqual(
    [tags['messaging.system'], tags['messaging.destination.name'], tags['messaging.bullmq.job.name']],
    ['bullmq', queue, 'groom'],
  );
  assert.equal(loggedBy(rows).tags['messaging.bullmq.job.name'], 'weigh');
  assert.deepEqual(operations, [`process ${queue}`]);
});

test('amqplib: what a consumer logs about a message belongs to the trace of the message', async (t) => {
  const amqp = await serviceFor(t, 'amqp');
  if (amqp === undefined) return;
  const { rows, operations } = await measureWorker(t, {
    worker: 'amqplib',
    app: 'amqplib.cjs',
    args: [amqp],
    packages: ['amqplib'],
    server: 'RabbitMQ 3.10',
    idTag: 'messaging.message_id',
    operations: / process$/,
  });
  assert.deepEqual(typesOf(rows), ['RangeError', 'TypeError']);
  const [failed] = failuresOf(rows);
  assert.deepEqual(
    [failed!.message, failed!.tags['messaging.system'], failed!.tags['messaging.message_id']],
    ['dog 3 does not hold still', 'rabbitmq', 'message-groom'],
  );
  assert.equal(loggedBy(rows).tags['messaging.message_id'], 'message-weigh');
  assert.ok(operations.some((operation) => operation.endsWith(' process')));
});

test('amqplib: an error that a handler lets go ends the process, and its row knows the message', async (t) => {
  const amqp = await serviceFor(t, 'amqp');
  if (amqp === undefined) return;
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: 'workers/amqplib.cjs', args: [amqp, 'crash'], databaseUrl });
  assert.equal((await application.ended()).code, 1);
  const rows = await db.query<{ tags: Record<string, unknown> }>(
    "select tags from rowtrace.error_logs where level = 'CRITICAL' and error_type = 'TypeError'",
  );
  assert.deepEqual(
    rows.map(({ tags }) => tags['messaging.message_id']),
    ['message-groom'],
  );
});

test('kafkajs: a refused send and a message that its handler fails over are one row each; the trace goes with the message', async (t) => {
  const server = await fakeKafka();
  t.after(() => server.close());
  const { rows, operations } = await measureWorker(t, {
    worker: 'kafkajs',
    app: 'kafkajs.cjs',
    args: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
    packages: ['kafkajs'],
    server: 'not tried against a server: a fake of its protocol',
    idTag: 'messaging.kafka.offset',
    operations: /^process kennel$/,
  });
  assert.deepEqual(typesOf(rows), ['GroomingError', 'KafkaJSProtocolError', 'RangeError']);
  const refused = rows.find(({ type }) => type === 'KafkaJSProtocolError')!;
  assert.equal(refused.message, 'Not authorized to access topics: [Topic authorization failed]');
  assert.equal(refused.tags['messaging.destination.name'], 'forbidden');
  const [failed] = failuresOf(rows);
  for (const { tags } of [failed!, loggedBy(rows)])
    assert.deepEqual(
      [tags['messaging.system'], tags['messaging.destination.name'], tags['messaging.consumer.group.name']],
      ['kafka', 'kennel', 'groomers'],
    );
  assert.equal(failed!.traceId, loggedBy(rows).traceId, 'both messages were sent by one call');
  assert.deepEqual(operations, ['process kennel', 'send forbidden', 'send kennel']);
});

test('a script that a timer starts: a run is named, measured and tagged by two helpers', async (t) => {
  const { rows, operations } = await measureWorker(t, {
    worker: 'script, cron',
    app: 'script.mjs',
    packages: [],
    server: '–',
    idTag: 'job.id',
    operations: /^run groom$/,
  });
  assert.deepEqual(typesOf(rows), ['RangeError', 'TypeError']);
  const [failed] = failuresOf(rows);
  assert.deepEqual([failed!.tags['job.name'], loggedBy(rows).tags['job.name']], ['groom', 'weigh']);
  assert.deepEqual(operations, ['run groom', 'run walk', 'run weigh']);
});

function typesOf(rows: readonly WorkerRow[]): (string | null)[] {
  return rows.map(({ type }) => type).sort();
}

function loggedBy(rows: readonly WorkerRow[]): WorkerRow {
  return rows.find(({ type }) => type === 'RangeError')!;
}
