// Is a span slow for its operation? The operation's own past (quantiles of the same hour of the week, made in SQL) and each
// span's duration in, a verdict out. Two tests: one span so slow that the past has none like it, and an operation whose
// spans are slower than they were, though none of them is out of the ordinary. Pure; the state is a few numbers an operation.

import type { Operation } from './fact.ts';

/** One operation in the hour that it is now; a row of latency_baselines. Milliseconds. */
export interface Baseline {
  kind: string;
  operation: string;
  http_method: string | null;
  peer: string | null;
  /** Where it comes from: the same hour of past weeks, of past days, hours near it, the last 28 days, or the last day. */
  source: 'week' | 'days' | 'near' | 'month' | 'day';
  count: number;
  /** Hours that it was counted in. */
  hours: number;
  p50_ms: number;
  p90_ms: number;
  p99_ms: number;
}

export interface BaselineOptions {
  /** A span is slow from so many times its 99th percentile on. */
  slowBaselineFactor: number;
  /** And by at least so much more, so that 3 ms are not reported for 1 ms. */
  slowBaselineExcessMillis: number;
}

export interface BaselineVerdict {
  limitMillis: number;
  usualMillis: number;
  /** "usually 120 ms, 99 % under 310 ms" */
  against: string;
}

/**
 * How spans lie to p50 and p90. Usual is 50 : 40 : 10 %; noise of the estimate and of real traffic is taken as up to this.
 * Slow is what twice as slow makes of it for the widest spread that we promise to see (log-normal with σ = 1.5). The middle
 * tells a slow operation of few spans in half the spans that p90 alone takes.
 */
const USUAL = { under: 0.46, between: 0.42, over: 0.12 };
const SLOW = { under: 0.34, between: 0.45, over: 0.21 };
const WEIGHTS = {
  under: Math.log(SLOW.under / USUAL.under),
  between: Math.log(SLOW.between / USUAL.between),
  over: Math.log(SLOW.over / USUAL.over),
};
/** CUSUM's bar: at USUAL one false alarm in more than e^12 = 160,000 spans, at 50 : 40 : 10 one in many millions. */
const BAR = 12;
/** Of hours that are not the same hour p90 is that of all of them. */
const SLACK = { week: 1.05, days: 1.1, near: 1.1, month: 1.6, day: 1.6 } as const;
/** Wanted false reports of single spans, an operation and week. */
const FALSE_A_WEEK = 0.25;
const HOURS_A_WEEK = 168;
const UNTOUCHED = { sum: 0, spans: 0, aboveMiddle: 0, over: 0 } as const;
const QUIET_MILLIS = 10 * 60_000;
const MAX_OPERATIONS = 1000;

interface Watched {
  usualMillis: number;
  p99Millis: number;
  spanLimit: number;
  shiftLimit: number;
  middleLimit: number;
  /** CUSUM of the log-likelihood ratio, and the spans since it left zero. */
  sum: number;
  spans: number;
  aboveMiddle: number;
  over: number;
  quietUntil: number;
}

export class BaselineJudge {
  readonly #options: BaselineOptions;
  #watched = new Map<string, Watched>();

  constructor(options: BaselineOptions) {
    this.#options = options;
  }

  /** The baselines of this hour; what was observed of an operation goes on. */
  set(baselines: readonly Baseline[]): void {
    const next = new Map<string, Watched>();
    for (const baseline of baselines.slice(0, MAX_OPERATIONS)) {
      const { kind, operation, http_method, peer } = baseline;
      const key = keyOf(kind, operation, http_method, peer);
      const known = this.#watched.get(key) ?? { ...UNTOUCHED, quietUntil: 0 };
      next.set(key, { ...known, ...limitsOf(baseline, this.#options) });
    }
    this.#watched = next;
  }

  /** @param now milliseconds of any clock that goes on */
  judge({ kind, name, method, peer }: Operation, millis: number, now: number): BaselineVerdict | undefined {
    if (this.#watched.size === 0) return undefined;
    const watched = this.#watched.get(keyOf(kind, name, method, peer));
    if (watched === undefined) return undefined;
    const shifted = hasShifted(watched, millis);
    if (millis < watched.spanLimit && !shifted) return undefined;
    if (now < watched.quietUntil) return undefined;
    watched.quietUntil = now + QUIET_MILLIS;
    const { usualMillis, p99Millis, spanLimit, shiftLimit, middleLimit, over, aboveMiddle, spans } = watched;
    if (!shifted)
      return {
        limitMillis: Math.round(spanLimit),
        usualMillis,
        against: `usually ${shown(usualMillis)}, 99 % under ${shown(p99Millis)}`,
      };
    Object.assign(watched, UNTOUCHED);
    return {
      limitMillis: Math.round(shiftLimit),
      usualMillis,
      against: `of the last ${spans} ${aboveMiddle} took longer than ${shown(middleLimit)}, usually 1 in 2, and ${over} longer than ${shown(shiftLimit)}, usually 1 in 10`,
    };
  }
}

/** Only a span that is itself over the limit speaks for all of them. */
function hasShifted(watched: Watched, millis: number): boolean {
  const isOver = millis > watched.shiftLimit;
  const isAboveMiddle = millis > watched.middleLimit;
  watched.sum += isOver ? WEIGHTS.over : isAboveMiddle ? WEIGHTS.between : WEIGHTS.under;
  if (watched.sum <= 0) {
    Object.assign(watched, UNTOUCHED);
    return false;
  }
  watched.spans++;
  if (isAboveMiddle) watched.aboveMiddle++;
  if (isOver) watched.over++;
  return isOver && watched.sum > BAR;
}

function limitsOf(baseline: Baseline, options: BaselineOptions) {
  const { p50_ms, p90_ms, p99_ms, count, hours, source } = baseline;
  const slack = SLACK[source];
  // The tail goes on as it came from p90 to p99, a decade of probability: exact for a power law, wide for a log-normal.
  const aWeek = (count / Math.max(1, hours)) * HOURS_A_WEEK;
  const decades = Math.max(0, Math.log10(0.01 / (FALSE_A_WEEK / Math.max(aWeek, 1))));
  const tail = Math.max(p99_ms / Math.max(p90_ms, 1e-6), 1.2) ** decades;
  return {
    usualMillis: Math.round(p50_ms * 10) / 10,
    p99Millis: p99_ms,
    spanLimit: Math.max(
      p99_ms * slack * Math.max(options.slowBaselineFactor, tail),
      p99_ms + options.slowBaselineExcessMillis,
    ),
    shiftLimit: Math.max(p90_ms * slack, p90_ms + options.slowBaselineExcessMillis),
    middleLimit: Math.max(p50_ms * slack, p50_ms + options.slowBaselineExcessMillis),
  };
}

function keyOf(kind: string, name: string, method: string | null | undefined, peer: string | null | undefined): string {
  return `${kind}\n${name}\n${method ?? ''}\n${peer ?? ''}`;
}

function shown(millis: number): string {
  return `${millis >= 10 ? Math.round(millis) : Math.round(millis * 10) / 10} ms`;
}
