// Metrics of one resource → histogram facts. Histograms of durations only: explicit and exponential buckets, delta and
// cumulative, in any unit of time. Other metrics are passed over or refused, by option.

import type { ExponentialHistogram, ResourceFact } from '../../record/fact.ts';
import { hasBounds, histogramOfExplicit } from '../../record/histogram.ts';
import { operationOfDuration, SPAN_DURATION } from '../../record/operation.ts';
import type { ExponentialPoint, HistogramPoint, MetricSignal, ResourceGroup } from '../signals.ts';
import type { CumulativeStreams } from './cumulative.ts';
import { digestOf } from './ids.ts';
import { Latencies } from './latencies.ts';
import type { Mapped } from './mapped.ts';
import type { LatencyRules } from './span-latencies.ts';

export interface MetricRules extends LatencyRules {
  streams: CumulativeStreams;
  refuseOthers: boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
/** What toHistogramRow takes. */
const [MIN_SCALE, MAX_SCALE, MAX_BUCKETS] = [-10, 20, 4_096];

export function metricFacts(
  group: ResourceGroup<MetricSignal>,
  resource: ResourceFact,
  process: string,
  rules: MetricRules,
): Mapped {
  const latencies = new Latencies(process);
  let rejected = 0;
  let reason: string | undefined;
  const refuse = (points: number, why: string) => {
    rejected += points;
    reason ??= why;
  };
  for (const { scope, items } of group.scopes) {
    for (const metric of items) {
      const seconds = secondsOf(metric);
      if (rules.refuseOthers && metric.otherPoints > 0) refuse(metric.otherPoints, OTHERS);
      if (seconds === undefined) {
        if (rules.refuseOthers && metric.points.length > 0) refuse(metric.points.length, OTHERS);
        continue;
      }
      for (const point of metric.points) {
        if (point.noRecordedValue) continue;
        if (!isConsistent(point, seconds)) {
          refuse(1, `a point of ${metric.name} contradicts itself`);
          continue;
        }
        const named = operationOfDuration(metric.name, point.attributes);
        const stream = digestOf(process, scope, metric.name, JSON.stringify(point.attributes));
        const fresh = metric.temporality === 'cumulative' ? rules.streams.delta(stream, point) : point;
        if (named.kind !== 'internal' || metric.name === SPAN_DURATION)
          rules.measured.note(resource.service, named.kind, rules.now());
        if (fresh === undefined) continue;
        const { start, time } = fresh;
        const op = rules.bounds.bound(resource.service, named);
        latencies.add(start || time, op, inSeconds(fresh, seconds), `${stream} ${start} ${time}`);
      }
    }
  }
  return { facts: latencies.facts(), rejected, ...(reason === undefined ? {} : { reason }) };
}

/** Of the semantic conventions, those whose name does not end in what they are. */
const KNOWN_DURATIONS =
  /^(?:db\.client\.connections?\.(?:create|wait|use)_time|gen_ai\.server\.time_(?:per_output_token|to_first_token)|http\.client\.request\.time_in_queue|aspnetcore\.rate_limiting\.request\.time_in_queue)$/;
/** Prometheus' names hold their unit. */
const NAMED_DURATION = /[._](?:duration|latency)(?:[._](seconds|milliseconds|microseconds|nanoseconds))?$/;
const NAMED_UNITS: Readonly<Record<string, string>> = {
  seconds: 's',
  milliseconds: 'ms',
  microseconds: 'us',
  nanoseconds: 'ns',
};

/** Of one of a metric's unit; nothing where it measures no time. A size without a unit must not become a latency. */
function secondsOf({ name, unit }: MetricSignal): number | undefined {
  if (unit !== '') return Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  // Before these conventions were stable, in milliseconds.
  if (/^(?:http|rpc)\.(?:server|client)\.duration$/.test(name)) return UNITS.ms;
  if (KNOWN_DURATIONS.test(name)) return UNITS.s;
  const named = NAMED_DURATION.exec(name);
  return named === null ? undefined : UNITS[NAMED_UNITS[named[1] ?? 'seconds']!];
}

const OTHERS = 'only histograms of durations are stored';

function isConsistent(point: HistogramPoint, seconds: number): boolean {
  if (point.counts.length > MAX_BUCKETS) return false;
  const sum = point.counts.reduce((total, count) => total + count, 0);
  if (![point.count, ...point.counts].every((count) => Number.isSafeInteger(count) && count >= 0)) return false;
  if (isBelow(point.sum, 0) || isBelow(point.min, 0) || isBelow(point.max, point.min ?? 0)) return false;
  if (point.kind === 'exponential') {
    const { scale, zeroCount, negative } = point;
    if (scale < MIN_SCALE || scale > MAX_SCALE || !hasBounds(shifted(point, seconds))) return false;
    return sum + zeroCount + negative === point.count;
  }
  const { bounds, counts } = point;
  if (counts.length === 0) return bounds.length === 0;
  const rising = bounds.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > bounds[at - 1]!));
  return rising && counts.length === bounds.length + 1 && sum === point.count;
}

/** A duration is not negative. What is not told, or not a number, is below nothing. */
function isBelow(value: number | undefined, bound: number): boolean {
  return value !== undefined && value < bound;
}

function inSeconds(point: HistogramPoint, seconds: number): ExponentialHistogram {
  const scaled = (value: number | undefined) => (Number.isFinite(value) ? value! * seconds : undefined);
  const [sum, min, max] = [scaled(point.sum), scaled(point.min), scaled(point.max)];
  const known = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  if (point.kind === 'exponential') return { ...shifted(point, seconds), sum: sum ?? 0, ...known };
  // A histogram without buckets tells count and sum only: all values at their mean.
  const { bounds, counts, count } = point;
  const mean = count > 0 && sum !== undefined ? sum / count : 0;
  const buckets =
    counts.length > 1
      ? { bounds: bounds.map((bound) => bound * seconds), counts, ...known }
      : { bounds: [], counts: [count], min: mean, max: mean, ...known };
  return histogramOfExplicit({ ...buckets, ...(sum === undefined ? {} : { sum }) });
}

/** Another unit is a shift of all buckets, rounded to whole ones: off by half a bucket at most (2 % at scale 4). */
function shifted(point: ExponentialPoint, seconds: number) {
  const { scale, zeroCount, negative, counts, count } = point;
  // Without a bucket it stands for nothing, and may be anything.
  const offset = counts.length === 0 ? 0 : point.offset + Math.round(Math.log2(seconds) * 2 ** scale);
  return { scale, zeroCount: zeroCount + negative, offset, counts, count };
}
