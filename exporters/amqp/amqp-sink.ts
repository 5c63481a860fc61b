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

export function createAmqpSink({
  url,
  queue = DEFAULT_QUEUE,
  shard = 0,
  confirmMillis = 10_000,
}: AmqpSinkOptions): Sink {
  const routingKey = shardQueue(queue, shard);
  let link: Link<ConfirmChannel> | undefined;
  const returned = new Set<string>();
  let sent = 0;
  /** Of the message under way. */
  let stall: ((why: Error) => void) | undefined;

  async function open(): Promise<void> {
    if (link !== undefined && link.ended === undefined) return;
    await link?.close();
    link = undefined;
    const opened = await openLink(url, 'confirm');
    try {
      await declareQueues(opened.channel, queue, shard);
    } catch (error) {
      await opened.close();
      throw queueError(error, url);
    }
    opened.channel.on('return', ({ properties }) => returned.add(String(properties.messageId)));
    opened.onBlocked((why) => stall?.(why));
    link = opened;
  }

  async function send(message: BatchMessage): Promise<void> {
    await open();
    const { channel, over, blocked } = link!;
    if (blocked !== undefined) throw queueError(blocked, url);
    const messageId = String(++sent);
    const body = Buffer.from(encodeMessage(message));
    const confirmed = new Promise<void>((resolve, reject) => {
      // mandatory: without it a message for a queue that is gone would be confirmed, and be nowhere.
      const properties = { persistent: true, mandatory: true, messageId, contentType: 'application/json' };
      channel.publish('', routingKey, body, properties, (error) => (error ? reject(error) : resolve()));
    });
    const stalled = new Promise<never>((_, reject) => {
      stall = reject;
    });
    try {
      await inTime(Promise.race([confirmed, stalled, over.then((why) => Promise.reject(why))]), confirmMillis);
    } catch (error) {
      // In an alarm the connection is kept: the broker does not notice that one ends, and each attempt would add one. What
      // it holds is published once it is over, before what is sent again.
      if (link?.blocked === undefined) await abandon();
      throw queueError(error, url);
    } finally {
      stall = undefined;
    }
    if (!returned.delete(messageId)) return;
    await abandon();
    throw new SinkError('outage', `the queue ${routingKey} is gone; it is declared anew`);
  }

  async function abandon(): Promise<void> {
    const left = link;
    link = undefined;
    // Not waited for: a frozen broker does not answer a goodbye either.
    void left?.close();
  }

  return {
    open,
    async write(batch) {
      await send({ batch });
      return { insertedLogs: batch.logs.length, duplicateLogs: 0 };
    },
    deadLetter: (letters) => send({ letters }),
    async close() {
      const left = link;
      link = undefined;
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
