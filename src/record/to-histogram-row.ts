// HistogramFact → a row of latency_histograms. Throws MalformedFactError where counts and bounds contradict each other.

import { given, optionalText, placeColumns, traceColumns } from './columns.ts';
import { MalformedFactError, requireCount, requireObject, requireOneOf, requireText } from './errors.ts';
import type { ExponentialHistogram, HistogramFact, OperationKind, ResourceFact } from './fact.ts';
import { hasBounds } from './histogram.ts';
import { clampTime, cut, LIMITS } from './limits.ts';
import type { HistogramRow } from './row.ts';

const KINDS: readonly OperationKind[] = ['server', 'client', 'db', 'messaging', 'internal'];
const MINUTE = 60_000;
/** OpenTelemetry's data model allows scale -10 to 20. */
const MIN_SCALE = -10;
const MAX_SCALE = 20;
/** Far above what an SDK keeps (160); a line edited by hand must not become a row of megabytes. */
const MAX_BUCKETS = 4_096;
const MAX_EXEMPLARS = 16;

export function toHistogramRow(fact: HistogramFact, resource: ResourceFact): HistogramRow {
  requireObject(fact, 'fact');
  const operation = requireObject(fact.op, 'op') as HistogramFact['op'];
  const t = requireNumber(fact.t, 't');
  return {
    bucket_start: Math.floor(clampTime(t).t / MINUTE) * MINUTE,
    process: cut(requireText(fact.process ?? resource?.process, 'process'), LIMITS.id),
    seq: requireCount(fact.seq, 'seq'),
    ...given(placeColumns(resource)),
    kind: requireOneOf(operation.kind, KINDS, 'op.kind'),
    operation: cut(requireText(operation.name, 'op.name'), LIMITS.name),
    ...given({
      http_method: optionalText(operation.method, LIMITS.method),
      status_class: optionalText(operation.statusClass, 32),
      peer: optionalText(operation.peer, LIMITS.name),
    }),
    ...readHistogram(fact.h),
    ...given({ exemplars: readExemplars(fact.ex) }),
  };
}

/** Worth no dead letter: those that are none are left out. */
function readExemplars(value: unknown): HistogramRow['exemplars'] {
  if (!Array.isArray(value)) return undefined;
  const read = value.slice(0, MAX_EXEMPLARS).flatMap((entry) => {
    const [v, t, traceId, spanId] = Array.isArray(entry) ? entry : [];
    const { trace_id: trace, span_id: span } = traceColumns({ traceId, spanId });
    return Number.isFinite(v) && Number.isFinite(t) && trace && span ? [{ v, t, trace, span }] : [];
  });
  return read.length > 0 ? read : undefined;
}

/** @throws MalformedFactError */
export function readHistogram(value: unknown): ExponentialHistogram {
  const h = requireObject(value, 'h') as ExponentialHistogram;
  if (!Array.isArray(h.counts) || h.counts.length > MAX_BUCKETS)
    throw new MalformedFactError('h.counts', 'a list of counts', h.counts);
  const counts = h.counts.map((count) => requireCount(count, 'h.counts'));
  const zeroCount = requireCount(h.zeroCount, 'h.zeroCount');
  const count = requireCount(h.count, 'h.count');
  if (counts.reduce((sum, each) => sum + each, zeroCount) !== count)
    throw new MalformedFactError('h.count', 'the sum of its buckets', count);
  const scale = requireInteger(h.scale, 'h.scale', MIN_SCALE, MAX_SCALE);
  const offset = requireInteger(h.offset, 'h.offset', -2_147_483_648, 2_147_483_647);
  if (!hasBounds({ scale, offset, counts }))
    throw new MalformedFactError('h.offset', 'bounds that are doubles', offset);
  return {
    scale,
    zeroCount,
    offset,
    counts,
    count,
    sum: requireNumber(h.sum, 'h.sum'),
    ...given({ min: optionalNumber(h.min), max: optionalNumber(h.max) }),
  };
}

function requireNumber(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new MalformedFactError(field, 'a number', value);
  return value;
}

function requireInteger(value: unknown, field: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw new MalformedFactError(field, `a whole number from ${min} to ${max}`, value);
  return value as number;
}

function optionalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
