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
      await until('all rows', async () => new Set(await stored()).size === sent, 40_000).catch(async (e) => {
        const have = new Set(await stored()); const missing = Array.from({ length: sent }, (_, n) => `record ${n}`).filter((x) => !have.has(x));
        console.log('MISSING', missing.length, missing.slice(0, 5), missing.slice(-3), 'consumer', JSON.stringify(consumer.stats()), 'queue', await messagesIn(url, shardQueue(queue, 0)).catch((x) => x.message), 'said', receiver.said.slice(-5));
        console.log((await (await fetch(`${receiver.url}/metrics`)).text()).split('\n').filter((l) => /delivery|pending|journal/.test(l) && !l.startsWith('#')).join('\n'));
        throw e;
      });
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

  for (let n=0;n<14;n++) await t.test('killed '+n, async (t) => {
    const way = await wayFor(t, broker);
    const sending = way.send(300);
    await until('rows on their way', () => way.consumer.stats().messages > 0);
    broker.signal('SIGKILL');
    await sending;
    await way.send(100);
    await until('an outage', async () => (await way.state()) === 'outage', LONG);
    await broker.start();
    await way.complete();
    assert.ok(way.consumer.stats().reconnects > 0);
    assert.equal(way.refused.length, 0, 'senders noticed nothing');
  });

});

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
