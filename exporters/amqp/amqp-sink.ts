// A queue as a sink: batches in, persistent messages out, done when the broker has confirmed each. Loses nothing: what is
// not confirmed in time is published again, and a repeat changes nothing in the tables.

import type { ConfirmChannel } from 'amqplib';
import { type BatchMessage, encodeMessage } from '../../src/deliver/batch-codec.ts';
import { type Sink, SinkError } from '../../src/deliver/sink.ts';
import { type Link, openLink, queueError } from './connection.ts';
import { DEFAULT_QUEUE, declareQueues, shardQueue } from './topology.ts';

export interface AmqpSinkOptions {
  /** amqp://user:password@host:5672/vhost */
  url: string;
  /** Default "rowtrace". */
  queue?: string;
  /** Which of the queues: batches of one receiver always go to the same. Default 0. */
  shard?: number;
  /** How long the broker may take to confirm. Default 10,000. */
  confirmMillis?: number;
}

interface Connection {
  link: Link<ConfirmChannel>;
  /** Ends the wait of each message under way, by its id; a promise for each that hung on `link.over` would keep its message. */
  waits: Map<string, (why: Error) => void>;
}

export function createAmqpSink({
  url,
  queue = DEFAULT_QUEUE,
  shard = 0,
  confirmMillis = 10_000,
}: AmqpSinkOptions): Sink {
  const routingKey = shardQueue(queue, shard);
  let current: Connection | undefined;
  let opening: Promise<Connection> | undefined;
  let sent = 0;
  let closed = false;

  /** Requests write side by side: they share one connection. */
  async function open(): Promise<Connection> {
    if (closed) throw new SinkError('outage', 'The sink is closed.');
    if (current !== undefined && current.link.ended === undefined) return current;
    opening ??= connect().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  async function connect(): Promise<Connection> {
    await current?.link.close();
    current = undefined;
    const link = await openLink(url, 'confirm');
    try {
      await declareQueues(link.channel, queue, shard);
    } catch (error) {
      await link.close();
      throw queueError(error, url);
    }
    const waits: Connection['waits'] = new Map();
    const endAll = (why: Error) => {
      for (const end of waits.values()) end(why);
    };
    link.onBlocked(endAll);
    void link.over.then(endAll);
    // Comes before the confirmation.
    link.channel.on('return', ({ properties }) =>
      waits.get(properties.messageId)?.(
        new SinkError('outage', `the queue ${routingKey} is gone; it is declared anew`),
      ),
    );
    current = { link, waits };
    return current;
  }

  async function send(message: BatchMessage): Promise<void> {
    const connection = await open();
    const { link, waits } = connection;
    const unusable = link.ended ?? link.blocked;
    if (unusable !== undefined) throw queueError(unusable, url);
    const messageId = String(++sent);
    const body = Buffer.from(encodeMessage(message));
    const confirmed = new Promise<void>((resolve, reject) => {
      waits.set(messageId, reject);
      // mandatory: without it a message for a queue that is gone would be confirmed, and be nowhere.
      const properties = { persistent: true, mandatory: true, messageId, contentType: 'application/json' };
      link.channel.publish('', routingKey, body, properties, (error) => (error ? reject(error) : resolve()));
    });
    try {
      await inTime(confirmed, confirmMillis);
    } catch (error) {
      const why = link.ended;
      // In an alarm the connection is kept: the broker does not notice that one ends, and each attempt would add one. What
      // it holds is published once it is over, before what is sent again.
      if (link.blocked === undefined) abandon(connection);
      // A message hears that its channel is closed, the channel hears why.
      throw queueError(error instanceof SinkError ? error : (why ?? error), url);
    } finally {
      waits.delete(messageId);
    }
  }

  function abandon(connection: Connection): void {
    if (current === connection) current = undefined;
    // Not waited for: a frozen broker does not answer a goodbye either.
    void connection.link.close();
  }

  return {
    async open() {
      await open();
    },
    async write(batch) {
      await send({ batch });
      return { insertedLogs: batch.logs.length, duplicateLogs: 0 };
    },
    deadLetter: (letters) => send({ letters }),
    async close() {
      closed = true;
      const left = ((await opening?.catch(() => undefined)) ?? current)?.link;
      current = undefined;
      if (left !== undefined) await inTime(left.close(), 1_000).catch(() => {});
    },
  };
}

function inTime<T>(work: Promise<T>, millis: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${millis} ms`)), millis);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
