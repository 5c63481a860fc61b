// What a test asks of a broker beside what the code under test does: how many messages are in a queue, and to remove it.

import type { TestContext } from 'node:test';
import { connect } from 'amqplib';
import { deadQueue, shardQueue } from '../../exporters/amqp/index.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { serviceFor } from './services.ts';

export interface Rabbit {
  url: string;
  /** Name of the queues of this test; removed afterwards. */
  queue: string;
  /**
   * What to close before the queues are removed. A client that is left declares them anew, and RabbitMQ 3.10 does not
   * survive that: a quorum queue with at-least-once dead-lettering that is deleted while it starts ends the supervisor of
   * all others, and no quorum queue of that broker has a leader again.
   */
  closeFirst(close: () => Promise<unknown>): void;
  count(name: string): Promise<number>;
  remove(name: string): Promise<void>;
  put(name: string, text: string, headers?: Record<string, string>): Promise<void>;
}

export async function rabbitFor(t: TestContext): Promise<Rabbit | undefined> {
  const url = await serviceFor(t, 'amqp');
  if (url === undefined) return undefined;
  const connection = await connect(url);
  const queue = `rowtrace-test-${uuidv7()}`;
  const inChannel = async <T>(work: (channel: Awaited<ReturnType<typeof connection.createChannel>>) => Promise<T>) => {
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    try {
      return await work(channel);
    } finally {
      await channel.close().catch(() => {});
    }
  };
  const closings: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const close of closings) await close();
    for (const name of [shardQueue(queue, 0), deadQueue(queue)])
      await inChannel((channel) => channel.deleteQueue(name));
    await connection.close();
  });
  return {
    url,
    queue,
    closeFirst: (close) => void closings.push(close),
    count: (name) => inChannel(async (channel) => (await channel.checkQueue(name)).messageCount),
    remove: (name) => inChannel(async (channel) => void (await channel.deleteQueue(name))),
    put: (name, text, headers) =>
      inChannel(async (channel) => void channel.sendToQueue(name, Buffer.from(text), { headers })),
  };
}
