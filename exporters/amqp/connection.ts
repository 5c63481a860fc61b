// A connection to the broker with one channel. In: a URL. Out: the channel, made anew after whatever ended the last one.
// Errors of connection and channel never become uncaught exceptions.

import type { Duplex } from 'node:stream';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { SinkError } from '../../src/deliver/sink.ts';
import { RowtraceError } from '../../src/errors.ts';

/** A broker that is frozen answers no heartbeat; the connection ends after two that are missing. */
const HEARTBEAT_SECONDS = 5;
const CONNECT_MILLIS = 5_000;
const GOODBYE_MILLIS = 500;

export interface Link<C extends Channel> {
  channel: C;
  /** Why it ended; unset while it works. */
  readonly ended: Error | undefined;
  /** Resolves when it ended. */
  readonly over: Promise<Error>;
  /** Set while the broker is in alarm and reads nothing that is published. */
  readonly blocked: Error | undefined;
  /** Called when such an alarm begins. */
  onBlocked(listener: (why: Error) => void): void;
  close(): Promise<void>;
}

export async function openLink(url: string, kind: 'confirm'): Promise<Link<ConfirmChannel>>;
export async function openLink(url: string, kind: 'plain'): Promise<Link<Channel>>;
export async function openLink(url: string, kind: 'confirm' | 'plain'): Promise<Link<Channel>> {
  try {
    const { connect } = await loadClient();
    const connection = await connect(withHeartbeat(url), {
      timeout: CONNECT_MILLIS,
      clientProperties: { connection_name: 'rowtrace' },
    });
    const { over, ended, fail } = watch(connection);
    const alarm = watchAlarms(connection);
    const channel = kind === 'confirm' ? await connection.createConfirmChannel() : await connection.createChannel();
    channel.on('error', fail);
    channel.on('close', () => fail(new Error('the channel was closed')));
    return {
      channel,
      get ended() {
        return ended();
      },
      over,
      get blocked() {
        return alarm.now();
      },
      onBlocked: alarm.onBegin,
      close: () => leave(connection, channel),
    };
  } catch (error) {
    throw queueError(error, url);
  }
}

/** On demand: only receivers and workers with a queue need it, and it is an optional dependency. */
async function loadClient(): Promise<typeof import('amqplib')> {
  try {
    return await import('amqplib');
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    throw sinkError('config', new RowtraceError('RT_QUEUE_MISSING', [why], { cause: error }));
  }
}

/**
 * The channel first, whose last acknowledgements would else be overtaken by the goodbye of the connection. A broker that is
 * frozen answers neither: then the socket is cut.
 */
async function leave(connection: ChannelModel, channel?: Channel): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, GOODBYE_MILLIS);
  });
  const goodbye = async () => {
    await channel?.close().catch(() => {});
    await connection.close().catch(() => {});
  };
  await Promise.race([goodbye(), late]);
  clearTimeout(timer);
  const { stream } = connection.connection as unknown as { stream: Duplex };
  // With an error: only that tells amqplib, or whoever waits for an answer would wait for two more heartbeats.
  stream.destroy(new Error('the connection was cut'));
}

function watch(connection: ChannelModel) {
  let why: Error | undefined;
  let resolve!: (why: Error) => void;
  const over = new Promise<Error>((done) => {
    resolve = done;
  });
  const fail = (error: Error) => {
    if (why !== undefined) return;
    why = error;
    resolve(error);
    void leave(connection);
  };
  connection.on('error', fail);
  connection.on('close', () => fail(new Error('the connection was closed')));
  return { over, ended: () => why, fail };
}

/** The broker says so when something is published, and when it is over. */
function watchAlarms(connection: ChannelModel) {
  let alarm: Error | undefined;
  const listeners: ((why: Error) => void)[] = [];
  connection.on('blocked', (reason) => {
    alarm = new Error(`the broker is in alarm and takes nothing: ${reason}`);
    for (const listener of listeners) listener(alarm);
  });
  connection.on('unblocked', () => {
    alarm = undefined;
  });
  return { now: () => alarm, onBegin: (listener: (why: Error) => void) => void listeners.push(listener) };
}

function withHeartbeat(url: string): string {
  const given = new URL(url);
  if (!given.searchParams.has('heartbeat')) given.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return given.toString();
}

/** AMQP reply codes that only a person can mend: access refused, not allowed, precondition failed. */
const CONFIG = new Set([403, 406, 530]);
/** A precondition, too, which halves may meet; it closes the channel (RabbitMQ 3.8 and newer say it so). */
const TOO_LARGE = /message size \d+ (is )?larger than/;
/** What amqplib makes of basic.nack; the broker gives no reason. */
const NACKED = /^message nacked$/;

export function queueError(error: unknown, url: string): SinkError {
  if (error instanceof SinkError) return error;
  const { message, code } = error as { message?: string; code?: unknown };
  const where = maskUrl(url);
  if (TOO_LARGE.test(String(message))) {
    const fix = 'Batches become smaller; where one record is larger, raise max_message_size of the broker.';
    return new SinkError('slow', `The queue at ${where} takes no batch as large: ${message}. ${fix}`, { cause: error });
  }
  const refused = CONFIG.has(Number(code)) || /ACCESS_REFUSED|NOT_ALLOWED|PRECONDITION_FAILED/.test(String(message));
  const away = NACKED.test(String(message)) ? 'RT_QUEUE_NACKED' : 'RT_QUEUE_UNREACHABLE';
  const explained = new RowtraceError(refused ? 'RT_QUEUE_REFUSED' : away, [where, message], { cause: error });
  return sinkError(refused ? 'config' : 'outage', explained);
}

function sinkError(kind: 'config' | 'outage', explained: RowtraceError): SinkError {
  const { message, fix } = explained;
  return new SinkError(kind, kind === 'config' ? `${message} ${fix}` : message, { cause: explained });
}

function maskUrl(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  return shown.toString();
}
