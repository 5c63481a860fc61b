// A request's body: bytes as they come, decompressed as they come, counted before and after. Throws HttpError: 413 beyond
// the limit (after the first chunk beyond it, whatever a bomb still holds), 415 for an encoding not known, 400 for a broken
// stream. Bytes count against the budget of all requests while they are held.

import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Counters } from '../counters.ts';
import type { Budget, Share } from './budget.ts';
import { HttpError } from './http-error.ts';

export interface Body {
  bytes: Buffer;
  /** Before decompression. */
  receivedBytes: number;
}

type Decompress = (options: { maxOutputLength?: number }) => Transform;

/** zstd came with Node 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: Decompress };

const DECOMPRESSORS: Readonly<Record<string, Decompress>> = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  ...(createZstdDecompress ? { zstd: createZstdDecompress } : {}),
};

const ENCODINGS = ['gzip', 'deflate', ...(createZstdDecompress ? ['zstd'] : [])];

export interface BodyOptions {
  budget: Budget;
  counters: Counters;
  maxBodyBytes: number;
}

/** Its bytes are held against the budget until `work` is done. */
export async function withBody<Result>(
  request: IncomingMessage,
  { budget, counters, maxBodyBytes }: BodyOptions,
  work: (bytes: Buffer) => Promise<Result>,
): Promise<Result> {
  const share = budget.open();
  try {
    const { bytes, receivedBytes } = await readBody(request, maxBodyBytes, share);
    counters.bytesReceived += receivedBytes;
    counters.bytesDecompressed += bytes.length;
    return await work(bytes);
  } finally {
    share.release();
  }
}

export async function readBody(request: IncomingMessage, maxBytes: number, share: Share): Promise<Body> {
  const decompressor = decompressorOf(request);
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  let size = 0;
  const keep = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    share.take(chunk.length);
    chunks.push(chunk);
  };
  try {
    if (decompressor === undefined) {
      for await (const chunk of request) {
        receivedBytes += chunk.length;
        keep(chunk);
      }
    } else {
      // What comes behind its end may be wrong when nobody listens any more.
      decompressor.on('error', () => {});
      // Compressed input is bounded too: what does not grow (zero-length members) would go on for ever.
      const feeding = feed(request, decompressor, (bytes) => {
        receivedBytes += bytes;
        if (receivedBytes > maxBytes) throw tooLarge(maxBytes);
      });
      for await (const chunk of decompressor) keep(chunk);
      await feeding;
    }
  } catch (error) {
    decompressor?.destroy();
    throw error instanceof HttpError ? error : brokenStream(error, request);
  }
  return { bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size), receivedBytes };
}

/** @throws HttpError 415 */
function decompressorOf(request: IncomingMessage): Transform | undefined {
  const header = (request.headers['content-encoding'] ?? '').toString().trim().toLowerCase();
  if (header === '' || header === 'identity' || header === 'none') return undefined;
  const create = Object.hasOwn(DECOMPRESSORS, header) ? DECOMPRESSORS[header] : undefined;
  if (create === undefined)
    throw new HttpError(415, `Content-Encoding ${JSON.stringify(header)} is not one of ${ENCODINGS.join(', ')}`, {
      headers: { 'accept-encoding': ENCODINGS.join(', ') },
    });
  return create({});
}

/** Writes no faster than the decompressor reads; ends it in error when the request does. */
async function feed(request: IncomingMessage, into: Transform, count: (bytes: number) => void): Promise<void> {
  try {
    for await (const chunk of request) {
      count(chunk.length);
      if (into.destroyed) return;
      // Behind the end of what was compressed: read, so that the request ends, and of no use.
      if (into.readableEnded) continue;
      if (!into.write(chunk)) await drained(into);
    }
    into.end();
  } catch (error) {
    into.destroy(error as Error);
  }
}

/** … or over. */
function drained(stream: Transform): Promise<void> {
  if (stream.destroyed || stream.readableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      for (const event of OVER) stream.off(event, done);
      resolve();
    };
    for (const event of OVER) stream.on(event, done);
  });
}

const OVER = ['drain', 'end', 'error', 'close'] as const;

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `the body is larger than ${maxBytes} bytes (also counted after decompression)`);
}

function brokenStream(error: unknown, request: IncomingMessage): Error {
  if (request.destroyed && !request.complete) return new HttpError(400, 'the request was aborted');
  return new HttpError(400, `the body cannot be decompressed: ${(error as Error).message}`);
}
