// Replay of the dead-letter queue: every message that is in it now goes back to its queue, confirmed there before it is
// acknowledged here. In: the queue. Out: how many were moved. A crash in between leaves a message twice, which is harmless.

import type { ConfirmChannel } from 'amqplib';
import { openLink, queueError } from './connection.ts';
import { deadQueue, shardQueue } from './topology.ts';

/** @throws SinkError */
export async function moveDeadMessages(url: string, queue: string): Promise<number> {
  const { channel, close } = await openLink(url, 'confirm');
  try {
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

async function moveOne(channel: ConfirmChannel, queue: string): Promise<boolean> {
  const message = await channel.get(deadQueue(queue));
  if (message === false) return false;
  const from = message.properties.headers?.['x-first-death-queue'];
  const target = typeof from === 'string' && from.startsWith(`${queue}.`) ? from : shardQueue(queue, 0);
  channel.sendToQueue(target, message.content, { persistent: true, contentType: 'application/json' });
  await channel.waitForConfirms();
  channel.ack(message);
  return true;
}
