// opentelemetry.proto.trace.v1 as plain data. Links, trace state and flags say nothing that becomes a row.

import type { SpanEvent, SpanSignal } from '../signals.ts';
import { KINDS } from './decode-error.ts';
import { id, item, keyValue, message, nanos, type Reader, requestOf, skip } from './protobuf.ts';

function event(reader: Reader): SpanEvent {
  const attributes: Record<string, unknown> = {};
  const found: SpanEvent = { name: '', time: 0, attributes };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 9) found.time = nanos(reader);
    else if (tag === 18) found.name = reader.string();
    else if (tag === 26) keyValue(reader, attributes);
    else skip(reader, tag);
  }
  return found;
}

interface Status {
  code: number;
  message: string | undefined;
}

function status(reader: Reader): Status {
  const found: Status = { code: 0, message: undefined };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 18) found.message = reader.string() || undefined;
    else if (tag === 24) found.code = reader.int32();
    else skip(reader, tag);
  }
  return found;
}

function span(reader: Reader): SpanSignal {
  const attributes: Record<string, unknown> = {};
  const found: SpanSignal = {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 'internal',
    start: 0,
    end: 0,
    attributes,
    events: [],
    failed: false,
    statusMessage: undefined,
  };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        found.traceId = id(reader);
        break;
      case 18:
        found.spanId = id(reader);
        break;
      case 34:
        found.parentSpanId = id(reader);
        break;
      case 42:
        found.name = reader.string();
        break;
      case 48:
        found.kind = KINDS[reader.int32()] ?? 'internal';
        break;
      case 57:
        found.start = nanos(reader);
        break;
      case 65:
        found.end = nanos(reader);
        break;
      case 74:
        keyValue(reader, attributes);
        break;
      case 90:
        found.events.push(item(reader, event));
        break;
      case 122: {
        const { code, message: text } = message(reader, status);
        found.failed = code === 2;
        found.statusMessage = text;
        break;
      }
      default:
        skip(reader, tag);
    }
  }
  return found;
}

export const readTraces = requestOf(span);
