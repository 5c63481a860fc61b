// The queues: `<name>.<shard>` for batches, in order; `<name>.dead` for messages that no worker could deal with. Quorum
// queues, so that what is confirmed is on the disks of a majority. Declared by whoever comes first, the same by all.

import type { Channel, Options } from 'amqplib';

export const DEFAULT_QUEUE = 'rowtrace';

/**
 * Deliveries without an acknowledgement (a worker died over it) until a message is put aside. Always said: RabbitMQ before
 * 4.0 has no limit by itself, and one message would kill one worker after the other.
 */
const DELIVERY_LIMIT = 10;

export function shardQueue(name: string, shard: number): string {
  return `${name}.${shard}`;
}

export function deadQueue(name: string): string {
  return `${name}.dead`;
}

const QUORUM: Options.AssertQueue = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** @throws what the broker says: 406 where a queue of that name was declared otherwise */
export async function declareQueues(channel: Channel, name: string, shard: number): Promise<void> {
  await channel.assertQueue(deadQueue(name), QUORUM);
  await channel.assertQueue(shardQueue(name, shard), {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      // An amendment comes after its row: batches of one receiver are dealt with one after the other. Further workers
      // stand by, and one of them goes on when the active one is gone.
      'x-single-active-consumer': true,
      'x-delivery-limit': DELIVERY_LIMIT,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': deadQueue(name),
      // Without both a full or absent dead-letter queue would lose the message.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  });
}
