// Replay of the dead-letter queue: every message that is in it now goes back to its queue, confirmed there before it is
// acknowledged here. In: the queue. Out: how many were moved. A crash in between leaves a message twice, which is harmless.

import type { ConfirmChannel } from 'amqplib';
import { openLink, queueError } from './connection.ts';
import { deadQueue, declareQueues, shardQueue } from './topology.ts';

/** @throws SinkError */
export async function moveDeadMessages(url: string, queue: string): Promise<number> {
  const { channel, close } = await openLink(url, 'confirm');
  try {
    await declareQueues(channel, queue, 0);
    const { messageCount } = await channel.checkQueue(deadQueue(queue));
    let moved = 0;
    while (moved < messageCount && (await moveOne(channel, queue))) moved++;
    return moved;
  } catch (error) {
    throw queueError(error, url);
  } finally {
    await close();
  }
}

/** To the queue that it came from; to the first where that is gone: there are fewer shards now. */
async function moveOne(channel: ConfirmChannel, queue: string): Promise<boolean> {
  const message = await channel.get(deadQueue(queue));
  if (message === false) return false;
  const from = message.properties.headers?.['x-first-death-queue'];
  const first = shardQueue(queue, 0);
  const target = typeof from === 'string' && from.startsWith(`${queue}.`) ? from : first;
  if (!(await put(channel, target, message.content)) && !(await put(channel, first, message.content)))
    throw new Error(`the queue ${first} is gone`);
  channel.ack(message);
  return true;
}

/** False: there is no such queue. */
async function put(channel: ConfirmChannel, target: string, content: Buffer): Promise<boolean> {
  let returned = false;
  const onReturn = () => {
    returned = true;
  };
  channel.on('return', onReturn);
  try {
    // mandatory: without it a message for a queue that is gone would be confirmed, and be nowhere.
    channel.sendToQueue(target, content, { persistent: true, mandatory: true, contentType: 'application/json' });
    await channel.waitForConfirms();
    return !returned;
  } finally {
    channel.off('return', onReturn);
  }
}
