// A broker at its worst between a receiver and a worker: killed, frozen, in alarm, robbed of its queue, away for longer than
// the receiver has room; and a message that kills workers. Whatever was answered 200 is a row, once.

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Channel, connect } from 'amqplib';
import {
  type BatchConsumer,
  consumeBatches,
  createAmqpSink,
  deadQueue,
  shardQueue,
} from '../../../exporters/amqp/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { emptyBatch } from '../../../src/deliver/sink.ts';
import type { OptionsInput } from '../../../src/options/options.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { uuidv7 } from '../../../src/util/uuid.ts';
import { type Broker, brokerFor } from '../../support/broker.ts';
import { script, spawnNode } from '../../support/children.ts';
import { cliDir, eventually, startCli } from '../../support/cli.ts';
import { databaseFor } from '../../support/database.ts';
import { until } from '../../support/journals.ts';
import { logs, record } from '../../support/otlp.ts';
import { receiverFor, type TestReceiver } from '../../support/receiver.ts';
import { errorLog } from '../../support/rows.ts';

const LONG = 90_000;

interface Way {
  receiver: TestReceiver;
  consumer: BatchConsumer;
  queue: string;
  /** Sends so many records, each until it is answered 200; resolves when all are. */
  send(count: number, bytes?: number): Promise<void>;
  /** Answers other than 200. */
  refused: { status: number; retryAfter: number }[];
  state(): Promise<string>;
  /** All that was sent is there, once. */
  complete(): Promise<void>;
}

async function wayFor(t: TestContext, { url }: Broker, input: OptionsInput = {}): Promise<Way> {
  const queue = `rowtrace-${uuidv7()}`;
  const receiver = await receiverFor(t, input, { target: { to: 'queue', url, queue, shard: 0 } });
  const consumer = await consumeBatches({
    ...{ url, queue, onProblem: () => {} },
    sink: createPostgresSink({ open: async () => openPostgres(receiver.databaseUrl) }),
  });
  t.after(() => consumer.close());
  const refused: Way['refused'] = [];
  let sent = 0;
  const sendOne = async (message: string, padding: string) => {
    const body = logs([record(message, { attributes: [{ key: 'padding', value: { stringValue: padding } }] })]);
    await until(
      `an answer for ${message}`,
      async () => {
        const { status, headers } = await receiver.json('/v1/logs', body);
        if (status !== 200) {
          refused.push({ status, retryAfter: Number(headers.get('retry-after')) });
          await new Promise((later) => setTimeout(later, 100));
        }
        return status === 200;
      },
      LONG,
    );
  };
  return {
    ...{ receiver, consumer, queue, refused },
    async send(count, bytes = 10) {
      const names = Array.from({ length: count }, () => `record ${sent++}`);
      const client = async () => {
        for (let name = names.shift(); name !== undefined; name = names.shift())
          await sendOne(name, 'x '.repeat(bytes / 2));
      };
      await Promise.all([client(), client(), client(), client()]);
    },
    async state() {
      const text = await (await fetch(`${receiver.url}/metrics`)).text();
      return /^rowtrace_delivery_state\{state="(\w+)"\} 1$/m.exec(text)![1]!;
    },
    async complete() {
      const stored = async () =>
        (await receiver.db.query<{ message: string }>('select message from rowtrace.error_logs')).map(
          ({ message }) => message,
        );
      await until('all rows', async () => new Set(await stored()).size === sent, LONG);
      await receiver.settled();
      await until('an empty queue', async () => (await messagesIn(url, shardQueue(queue, 0))) === 0, LONG);
      const rows = await stored();
      assert.equal(new Set(rows).size, sent, 'lost 0');
      assert.equal(rows.length, sent, 'duplicates 0');
    },
  };
}

async function inChannel<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

const messagesIn = (url: string, queue: string) =>
  inChannel(url, async (channel) => (await channel.checkQueue(queue)).messageCount);
const deleteQueue = (url: string, queue: string) => inChannel(url, (channel) => channel.deleteQueue(queue));

test('faults of the broker', { timeout: 900_000 }, async (t) => {
  const broker = await brokerFor(t);
  if (broker === undefined) return;

  await t.test('killed and started anew under load: the journal has what comes meanwhile', async (t) => {
    const way = await wayFor(t, broker);
    await way.send(20);
    await until('a durable queue', () => broker.hasOnDisk(shardQueue(way.queue, 0)));
    const { messages } = way.consumer.stats();
    const sending = way.send(300);
    await until('rows on their way', () => way.consumer.stats().messages > messages);
    broker.signal('SIGKILL');
    await sending;
    await way.send(100);
    await until('an outage', async () => (await way.state()) === 'outage', LONG);
    await broker.start();
    await way.complete();
    assert.ok(way.consumer.stats().reconnects > 0);
    assert.equal(way.refused.length, 0, 'senders noticed nothing');
  });

  await t.test('frozen and thawed: heartbeats tell, and nobody waits for a goodbye', async (t) => {
    const way = await wayFor(t, broker);
    await way.send(50);
    await until('rows on their way', () => way.consumer.stats().messages > 0);
    broker.signal('SIGSTOP');
    try {
      await way.send(50);
      await until('an outage', async () => (await way.state()) === 'outage', LONG);
      await until('the worker to notice', () => way.consumer.stats().state === 'disconnected', LONG);
    } finally {
      broker.signal('SIGCONT');
    }
    await way.complete();
  });

  for (const want of ['memory', 'disk'] as const)
    await t.test(`in ${want} alarm: publishing waits, on the connection there is, and reading goes on`, async (t) => {
      const way = await wayFor(t, broker);
      await way.send(50);
      const publisher = createAmqpSink({ url: broker.url, queue: `rowtrace-${uuidv7()}` });
      t.after(() => publisher.close());
      const batch = { ...emptyBatch(), logs: [errorLog()] };
      await publisher.write(batch);
      await broker.alarm(want);
      try {
        await way.send(50);
        await until('an outage', async () => (await way.state()) === 'outage', LONG);
        const before = await broker.connections();
        for (let attempt = 0; attempt < 3; attempt++)
          await assert.rejects(publisher.write(batch), new RegExp(`alarm.*low on ${want}`));
        assert.equal(await broker.connections(), before, 'none more for each attempt');
      } finally {
        await broker.endAlarm(want);
      }
      await until('the end of the alarm', () =>
        publisher.write(batch).then(
          () => true,
          () => false,
        ),
      );
      await way.complete();
    });

  await t.test('full: the sender hears so, and goes on once there is room', async (t) => {
    const queue = `rowtrace-${uuidv7()}`;
    const publisher = createAmqpSink({ url: broker.url, queue });
    t.after(() => publisher.close());
    await publisher.open();
    await broker.limitLength(shardQueue(queue, 0), 1);
    const write = () => publisher.write({ ...emptyBatch(), logs: [errorLog()] });
    // It takes one more than its limit before it refuses.
    const fill = async () => {
      for (;;) await write();
    };
    await assert.rejects(fill, { kind: 'outage', message: /took no batch: message nacked/ });
    await deleteQueue(broker.url, shardQueue(queue, 0));
    await until('room', () =>
      write().then(
        () => true,
        () => false,
      ),
    );
  });

  await t.test('its queue deleted under both: declared anew, and what was not confirmed is sent again', async (t) => {
    const way = await wayFor(t, broker);
    await way.send(50);
    await way.complete();
    for (let time = 0; time < 3; time++) {
      // Empty: what is confirmed and not yet read goes with a queue, whoever published it.
      await deleteQueue(broker.url, shardQueue(way.queue, 0));
      await way.send(30);
      await way.complete();
    }
  });

  await t.test(
    'away for longer than there is room: senders are told when to come again, and all of it arrives',
    async (t) => {
      const maxBytes = 2 * 1024 * 1024;
      const way = await wayFor(t, broker, { journalMaxBytes: maxBytes });
      await until('a durable queue', () => broker.hasOnDisk(shardQueue(way.queue, 0)));
      broker.signal('SIGKILL');
      const sending = way.send(400, 8_000);
      await until('refusals', () => way.refused.length > 10, LONG);
      assert.ok(sizeOf(way.receiver.dir) <= maxBytes * 1.1, `${sizeOf(way.receiver.dir)} bytes`);
      await broker.start();
      await sending;
      await way.complete();
      for (const { status, retryAfter } of way.refused)
        assert.ok(status === 503 && retryAfter > 0, `${status} ${retryAfter}`);
    },
  );

  await t.test('a receiver that ends while the broker is frozen ends in time', async (t) => {
    const { url } = broker;
    const sink = createAmqpSink({ url, queue: `rowtrace-${uuidv7()}`, confirmMillis: 500 });
    const consumer = await consumeBatches({
      ...{ url, queue: `rowtrace-${uuidv7()}`, onProblem: () => {} },
      sink: {
        open: async () => {},
        write: () => Promise.reject(new Error('never')),
        deadLetter: async () => {},
        close: async () => {},
      },
    });
    t.after(() => Promise.all([sink.close(), consumer.close()]));
    await sink.open();
    await until('the worker to be connected', () => consumer.stats().state === 'idle');
    broker.signal('SIGSTOP');
    try {
      const start = performance.now();
      await assert.rejects(sink.write({ ...emptyBatch(), logs: [errorLog()] }), { kind: 'outage' });
      await Promise.all([sink.close(), consumer.close()]);
      assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`);
    } finally {
      broker.signal('SIGCONT');
    }
  });

  await t.test('a message that kills workers is put aside alone, and comes back on demand', async (t) => {
    const { url } = broker;
    const { db, url: databaseUrl } = await databaseFor(t);
    const queue = `rowtrace-${uuidv7()}`;
    const publisher = createAmqpSink({ url, queue });
    t.after(() => publisher.close());
    const messages = ['before', 'poison', ...Array.from({ length: 20 }, (_, n) => `behind ${n}`)];
    for (const message of messages) await publisher.write({ ...emptyBatch(), logs: [errorLog({ message })] });
    const stored = async () =>
      (await db.query<{ message: string }>('select message from rowtrace.error_logs order by id')).map(
        ({ message }) => message,
      );
    const settings = JSON.stringify({ url, queue, databaseUrl, poison: 'poison' });
    let deaths = 0;
    for (;;) {
      const { process: worker } = spawnNode(t, [script('dying-worker.ts'), settings]);
      const others = async () => (await stored()).length === messages.length - 1;
      await until('a death, or what is behind it', async () => worker.signalCode !== null || (await others()), LONG);
      if (worker.signalCode === null) {
        worker.kill('SIGKILL');
        break;
      }
      deaths++;
    }
    await until('one message put aside', async () => (await messagesIn(url, deadQueue(queue))) === 1);
    assert.equal(deaths, 11, 'the first delivery and ten more');
    const worker = startCli(t, ['worker', '--queue', url, '--queue-name', queue, '--replay-dead'], {
      dir: cliDir(t),
      env: { ROWTRACE_DATABASE_URL: databaseUrl },
    });
    await eventually(() => /1 messages? put back/.test(worker.stderr));
    await until('all rows', async () => (await stored()).length >= messages.length, LONG);
    assert.deepEqual((await stored()).sort(), [...messages].sort());
    await until('nothing dead', async () => (await messagesIn(url, deadQueue(queue))) === 0);
  });
});

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

test('a broker that takes small messages only: a batch is cut until it passes, and all of it is stored once', async (t) => {
  const broker = await brokerFor(t);
  if (!broker) return;
  await broker.maxMessageSize(20_000);
  const { receiver } = await wayFor(t, broker);
  const padding = [{ key: 'padding', value: { stringValue: 'x '.repeat(500) } }];
  const records = Array.from({ length: 40 }, (_, at) => record(`record ${at}`, { attributes: padding }));
  assert.equal((await receiver.json('/v1/logs', logs(records))).status, 200);
  assert.equal((await receiver.rows(40)).length, 40);
});

test('a message that is larger than the broker takes is too slow, not a queue that refuses; the option is named', async (t) => {
  const broker = await brokerFor(t);
  if (!broker) return;
  await broker.maxMessageSize(2_000);
  const sink = createAmqpSink({ url: broker.url });
  t.after(() => sink.close());
  const batch = { ...emptyBatch(), logs: [errorLog({ message: 'x'.repeat(4_000) })] };
  await assert.rejects(sink.write(batch), { kind: 'slow', message: /larger.*max_message_size/ });
  await broker.maxMessageSize(1_000_000);
  await sink.write(batch);
});
