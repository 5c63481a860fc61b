// Cumulative histograms as deltas. In: a point of a stream. Out: what is new in it since the last one. A stream that began
// before this receiver gives nothing the first time: what it counted by then, somebody else has stored. Neither does one
// whose beginning is told as its own time, which says that nobody knows when it began (OpenTelemetry metrics data model,
// "Cumulative streams: handling unknown start time"). A point is
// remembered at once, so that the next one, in the same request or in one beside it, counts from there; it is forgotten
// again when it could not be stored. (When the next one was stored meanwhile, what lay between is missing.)

import type { ExponentialPoint, HistogramPoint } from '../signals.ts';
import { UndoLog } from './undo.ts';

const MAX_STREAMS = 50_000;
/** Of all streams together, eight bytes each. */
const MAX_BUCKETS = 8_000_000;

const NONE = {};

export class CumulativeStreams {
  readonly undo = new UndoLog();
  readonly #last = new Map<string, HistogramPoint>();
  readonly #max: number;
  #buckets = 0;
  #since: number;

  /** @param since when the receiver began, Unix milliseconds */
  constructor(since: number, max = MAX_STREAMS) {
    this.#since = since;
    this.#max = max;
  }

  /** Undefined: a repeat, or a beginning that is not ours. */
  delta(stream: string, point: HistogramPoint): HistogramPoint | undefined {
    const last = this.#last.get(stream);
    if (last !== undefined && point.time <= last.time) return undefined;
    const since = this.#since;
    this.#remember(stream, point, last);
    const isKnownStart = point.start !== point.time;
    if (last === undefined) return isKnownStart && point.start >= since ? point : undefined;
    if (point.count < last.count) return isKnownStart ? point : undefined;
    if (isKnownStart && point.start !== last.start) return point;
    return point.kind === 'exponential' ? exponential(last, point) : explicit(last, point);
  }

  #remember(stream: string, point: HistogramPoint, before: HistogramPoint | undefined): void {
    // What the next one is compared with: attributes are in the stream's name, bounds stay while it lives.
    const kept = { ...point, attributes: NONE, ...(point.kind === 'explicit' ? { bounds: [] } : {}) };
    this.#put(stream, undefined);
    while (this.#last.size >= this.#max || (this.#buckets > MAX_BUCKETS && this.#last.size > 0)) this.#forgetOldest();
    this.#put(stream, kept);
    this.undo.add(() => {
      if (this.#last.get(stream) === kept) this.#put(stream, before);
    });
  }

  #put(stream: string, point: HistogramPoint | undefined): void {
    this.#buckets += (point?.counts.length ?? 0) - (this.#last.get(stream)?.counts.length ?? 0);
    if (point === undefined) this.#last.delete(stream);
    else this.#last.set(stream, point);
  }

  /** When it comes again it is taken for one that began before us: a part that is missing, not a whole stored twice. */
  #forgetOldest(): void {
    const [stream, { time }] = this.#last.entries().next().value!;
    this.#put(stream, undefined);
    this.#since = Math.max(this.#since, time);
  }
}

/** min and max are of the whole stream: they tell nothing of the part. */
function part<Point extends HistogramPoint>(last: HistogramPoint, point: Point) {
  const sum = point.sum === undefined || last.sum === undefined ? undefined : point.sum - last.sum;
  return { ...point, start: last.time, count: point.count - last.count, sum, min: undefined, max: undefined };
}

function explicit(last: HistogramPoint, point: HistogramPoint): HistogramPoint | undefined {
  if (last.kind !== 'explicit' || point.kind !== 'explicit' || last.counts.length !== point.counts.length)
    return undefined;
  const counts = point.counts.map((count, at) => count - last.counts[at]!);
  return counts.some((count) => count < 0) ? undefined : { ...part(last, point), counts };
}

function exponential(last: HistogramPoint, point: ExponentialPoint): HistogramPoint | undefined {
  // The resolution of a stream only falls.
  if (last.kind !== 'exponential' || last.scale < point.scale) return undefined;
  const counts = [...point.counts];
  for (const [at, count] of last.counts.entries()) {
    const index = ((last.offset + at) >> (last.scale - point.scale)) - point.offset;
    if (count === 0) continue;
    if (!(index in counts)) return undefined;
    counts[index]! -= count;
  }
  const zeroCount = point.zeroCount - last.zeroCount;
  const negative = point.negative - last.negative;
  if (zeroCount < 0 || negative < 0) return undefined;
  return counts.some((count) => count < 0) ? undefined : { ...part(last, point), counts, zeroCount, negative };
}
