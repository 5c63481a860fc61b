// What the broker says of the queues between receivers and workers. Declares nothing and takes nothing.

import { openLink, queueError } from './connection.ts';
import { shardQueue } from './topology.ts';

export interface QueueState {
  name: string;
  /** Messages that no worker has taken. */
  waiting: number;
  workers: number;
}

/** @throws SinkError, also where a queue is not there */
export async function queueStates(url: string, queue: string, shards: number): Promise<QueueState[]> {
  const { channel, close } = await openLink(url, 'plain');
  try {
    const states: QueueState[] = [];
    for (let shard = 0; shard < shards; shard++) {
      const name = shardQueue(queue, shard);
      const { messageCount, consumerCount } = await channel.checkQueue(name);
      states.push({ name, waiting: messageCount, workers: consumerCount });
    }
    return states;
  } catch (error) {
    throw queueError(error, url);
  } finally {
    await close();
  }
}
