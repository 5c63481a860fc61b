// opentelemetry.proto.metrics.v1 as plain data: histograms of both kinds; points of other metrics are only counted.

import type { ExplicitPoint, ExponentialPoint, HistogramPoint, MetricSignal } from '../signals.ts';
import { NO_RECORDED_VALUE, TEMPORALITIES } from './decode-error.ts';
import { fixed64, item, keyValue, message, nanos, type Reader, requestOf, skip } from './protobuf.ts';

/** Repeated numbers, packed (wire type 2, as proto3 writes them) or one by one. */
function numbers(reader: Reader, isPacked: boolean, list: number[], read: (reader: Reader) => number): void {
  if (!isPacked) {
    list.push(read(reader));
    return;
  }
  message(reader, () => {
    while (reader.pos < reader.len) list.push(read(reader));
  });
}

const uint64 = (reader: Reader): number => (reader.uint64() as unknown as { toNumber(): number }).toNumber();
const double = (reader: Reader): number => reader.double();

/** What points of both kinds have under the same numbers. */
function sharedField(reader: Reader, tag: number, found: HistogramPoint): void {
  switch (tag) {
    case 17:
      found.start = nanos(reader);
      break;
    case 25:
      found.time = nanos(reader);
      break;
    case 33:
      found.count = fixed64(reader);
      break;
    case 41:
      found.sum = reader.double();
      break;
    case 80:
      found.noRecordedValue = (reader.uint32() & NO_RECORDED_VALUE) !== 0;
      break;
    default:
      skip(reader, tag);
  }
}

function explicitPoint(reader: Reader): ExplicitPoint {
  const attributes: Record<string, unknown> = {};
  const found: ExplicitPoint = { kind: 'explicit', attributes, ...NOTHING, bounds: [], counts: [] };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 49:
      case 50:
        numbers(reader, tag === 50, found.counts, fixed64);
        break;
      case 57:
      case 58:
        numbers(reader, tag === 58, found.bounds, double);
        break;
      case 74:
        keyValue(reader, attributes);
        break;
      case 89:
        found.min = reader.double();
        break;
      case 97:
        found.max = reader.double();
        break;
      default:
        sharedField(reader, tag, found);
    }
  }
  return found;
}

const NOTHING = { start: 0, time: 0, noRecordedValue: false, count: 0, sum: undefined, min: undefined, max: undefined };

interface Buckets {
  offset: number;
  counts: number[];
}

function buckets(reader: Reader): Buckets {
  const found: Buckets = { offset: 0, counts: [] };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 8) found.offset = reader.sint32();
    else if (tag === 16 || tag === 18) numbers(reader, tag === 18, found.counts, uint64);
    else skip(reader, tag);
  }
  return found;
}

function exponentialPoint(reader: Reader): ExponentialPoint {
  const attributes: Record<string, unknown> = {};
  const found: ExponentialPoint = {
    kind: 'exponential',
    attributes,
    ...NOTHING,
    scale: 0,
    zeroCount: 0,
    offset: 0,
    counts: [],
    negative: 0,
  };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        keyValue(reader, attributes);
        break;
      case 48:
        found.scale = reader.sint32();
        break;
      case 57:
        found.zeroCount = fixed64(reader);
        break;
      case 66:
        Object.assign(found, message(reader, buckets));
        break;
      case 74:
        found.negative = message(reader, buckets).counts.reduce((sum, count) => sum + count, 0);
        break;
      case 97:
        found.min = reader.double();
        break;
      case 105:
        found.max = reader.double();
        break;
      default:
        sharedField(reader, tag, found);
    }
  }
  return found;
}

interface Data<Point> {
  points: Point[];
  temporality: number;
}

/** Any of the five kinds of data: {1: points, 2: temporality}. */
function dataOf<Point>(readPoint: (reader: Reader) => Point) {
  return (reader: Reader): Data<Point> => {
    const found: Data<Point> = { points: [], temporality: 0 };
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === 10) found.points.push(item(reader, readPoint));
      else if (tag === 16) found.temporality = reader.int32();
      else skip(reader, tag);
    }
    return found;
  };
}

const explicitData = dataOf(explicitPoint);
const exponentialData = dataOf(exponentialPoint);
const otherData = dataOf((reader) => {
  while (reader.pos < reader.len) skip(reader, reader.tag());
});

function metric(reader: Reader): MetricSignal {
  const found: MetricSignal = { name: '', unit: '', temporality: 'unspecified', points: [], otherPoints: 0 };
  const histogram = ({ points, temporality }: Data<HistogramPoint>) => {
    found.points.push(...points);
    found.temporality = TEMPORALITIES[temporality] ?? 'unspecified';
  };
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        found.name = reader.string();
        break;
      case 26:
        found.unit = reader.string();
        break;
      case 74:
        histogram(message(reader, explicitData));
        break;
      case 82:
        histogram(message(reader, exponentialData));
        break;
      case 42:
      case 58:
      case 90:
        found.otherPoints += message(reader, otherData).points.length;
        break;
      default:
        skip(reader, tag);
    }
  }
  return found;
}

export const readMetrics = requestOf(metric);
