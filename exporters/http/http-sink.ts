// A receiver as a sink: batches in, POST /api/v1/batches out, answered when the receiver has committed them (or its queue
// has). Repeats change nothing over there, so whatever is not answered is sent again.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type BatchMessage, encodeMessage } from '../../src/deliver/batch-codec.ts';
import { emptyBatch, type FailureKind, type Sink, SinkError, type WriteResult } from '../../src/deliver/sink.ts';
import { RowtraceError } from '../../src/errors.ts';

export interface HttpSinkOptions {
  /** Base URL of the receiver, "https://rowtrace.example:4318". */
  endpoint: string;
  /** Sent as X-API-Key. */
  apiKey?: string;
  /** How long one request may take. Default: 10,000, longer than the receiver gives its database. */
  timeoutMillis?: number;
}

const compress = promisify(gzip);
const MAX_ANSWER_CHARS = 300;

/** What a status says about the batch; any other is `outage`, which keeps everything. */
const KINDS: Readonly<Record<number, FailureKind>> = {
  // Not in the words of a receiver.
  200: 'config',
  400: 'poison',
  401: 'config',
  403: 'config',
  404: 'config',
  405: 'config',
  408: 'slow',
  413: 'slow',
  415: 'config',
  422: 'poison',
};

export function createHttpSink({ endpoint, apiKey, timeoutMillis = 10_000 }: HttpSinkOptions): Sink {
  const url = new URL('api/v1/batches', endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  const headers = {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
  };

  async function send(message: BatchMessage): Promise<Partial<WriteResult>> {
    const body = await compress(encodeMessage(message), { level: 1 });
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMillis),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      const { cause, message } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      const explained = new RowtraceError('RT_ENDPOINT_UNREACHABLE', [url.origin, why], { cause: error });
      throw new SinkError((error as Error).name === 'TimeoutError' ? 'slow' : 'outage', explained.message, {
        cause: error,
      });
    }
    const result = status === 200 ? resultOf(text, message) : undefined;
    if (result === undefined) throw refusal(url, status, text, message);
    return result;
  }

  return {
    // An empty batch: whether the receiver is there, knows the key and has its database.
    open: async () => void (await send({ batch: emptyBatch() })),
    async write(batch) {
      const { insertedLogs = 0, duplicateLogs = 0, aggregated } = await send({ batch });
      return { insertedLogs, duplicateLogs, ...(aggregated === undefined ? {} : { aggregated }) };
    },
    deadLetter: async (letters) => void (await send({ letters })),
    close: async () => {},
  };
}

/** Nothing where somebody else answered, a proxy for instance, or another service at that address: nothing is stored then. */
function resultOf(text: string, { batch }: BatchMessage): Partial<WriteResult> | undefined {
  const result: Partial<WriteResult> | undefined = answerOf(text);
  return batch === undefined || typeof result?.insertedLogs === 'number' ? result : undefined;
}

function answerOf(text: string): object | undefined {
  try {
    const answer = JSON.parse(text) as unknown;
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

function refusal(url: URL, status: number, text: string, message: BatchMessage): SinkError {
  const kind = kindOf(status, text, message);
  const answer = `${status} ${text.slice(0, MAX_ANSWER_CHARS)}`;
  if (kind !== 'config') return new SinkError(kind, `the receiver at ${url.origin} answered ${answer}`);
  const explained = new RowtraceError('RT_ENDPOINT_REFUSED', [url.origin, answer]);
  return new SinkError(kind, `${explained.message} ${explained.fix}`);
}

/** What a receiver says of the data is believed, and nobody else: its proxy may answer all of them with 400. */
function kindOf(status: number, text: string, message: BatchMessage): FailureKind {
  const kind = KINDS[status] ?? 'outage';
  if (kind === 'poison') return isOurRefusal(text) ? kind : 'config';
  return status === 413 && isOne(message) ? 'poison' : kind;
}

function isOurRefusal(text: string): boolean {
  const { code, message }: { code?: unknown; message?: unknown } = answerOf(text) ?? {};
  return typeof code === 'number' && typeof message === 'string';
}

/** Whoever's bound it is that is exceeded: one row alone, with what is part of it, does not become smaller. */
function isOne({ batch, letters }: BatchMessage): boolean {
  const { absorbed, ...lists } = batch ?? { letters, absorbed: [] };
  return Object.values(lists).flat().length === 1;
}
