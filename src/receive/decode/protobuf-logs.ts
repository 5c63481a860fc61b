// opentelemetry.proto.logs.v1 as plain data.

import type { LogSignal } from '../signals.ts';
import { anyValue, id, keyValue, message, nanos, type Reader, requestOf, skip } from './protobuf.ts';

function record(reader: Reader): LogSignal {
  const attributes: Record<string, unknown> = {};
  const found: LogSignal = {
    time: 0,
    severityNumber: 0,
    severityText: '',
    body: undefined,
    attributes,
    traceId: '',
    spanId: '',
    eventName: '',
    raw: reader.buf.subarray(reader.pos, reader.len),
  };
  let observed = 0;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 9:
        found.time = nanos(reader);
        break;
      case 16:
        found.severityNumber = reader.int32();
        break;
      case 26:
        found.severityText = reader.string();
        break;
      case 42:
        found.body = message(reader, anyValue);
        break;
      case 50:
        keyValue(reader, attributes);
        break;
      case 74:
        found.traceId = id(reader);
        break;
      case 82:
        found.spanId = id(reader);
        break;
      case 89:
        observed = nanos(reader);
        break;
      case 98:
        found.eventName = reader.string();
        break;
      default:
        skip(reader, tag);
    }
  }
  if (found.time === 0) found.time = observed;
  return found;
}

export const readLogs = requestOf(record);
