// Answers in the encoding of the request: Export…ServiceResponse for success, google.rpc.Status for everything else.

import protobuf from 'protobufjs/minimal.js';
import type { Encoding } from '../decode/decode.ts';
import type { Accepted } from '../receiver.ts';
import type { Signal } from '../signals.ts';

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

const REJECTED: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
};

/** partial_success is set only when something was rejected or there is something to say. */
export function successBody(
  signal: Signal,
  encoding: Encoding,
  { rejected, message = '' }: Pick<Accepted, 'rejected' | 'message'>,
): Uint8Array {
  const isPartial = rejected > 0 || message !== '';
  if (encoding === 'json') {
    if (!isPartial) return Buffer.from('{}');
    const count = rejected > 0 ? { [REJECTED[signal]]: String(rejected) } : {};
    return Buffer.from(JSON.stringify({ partialSuccess: { ...count, errorMessage: message } }));
  }
  if (!isPartial) return new Uint8Array(0);
  const writer = protobuf.Writer.create().uint32(10).fork();
  if (rejected > 0) writer.uint32(8).int64(rejected);
  if (message !== '') writer.uint32(18).string(message);
  return writer.ldelim().finish();
}

const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';

/** Codes of google.rpc.Code for those who record them. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 404: 5, 413: 8, 429: 8, 503: 14 };

/** A 400 says in its details which field is bad, as the specification asks for. */
export function statusBody(encoding: Encoding, status: number, message: string): Uint8Array {
  const code = CODES[status] ?? (status >= 500 ? 13 : 3);
  if (encoding === 'json') {
    const details = [{ '@type': BAD_REQUEST, fieldViolations: [{ field: 'body', description: message }] }];
    return Buffer.from(JSON.stringify({ code, message, ...(status === 400 ? { details } : {}) }));
  }
  const writer = protobuf.Writer.create().uint32(8).int32(code).uint32(18).string(message);
  if (status === 400) {
    writer.uint32(26).fork().uint32(10).string(BAD_REQUEST);
    writer.uint32(18).fork().uint32(10).fork();
    writer.uint32(10).string('body').uint32(18).string(message);
    writer.ldelim().ldelim().ldelim();
  }
  return writer.finish();
}

/** Undefined: neither of the two. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'application/x-protobuf' || type === 'application/protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}
