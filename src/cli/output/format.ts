// Values as people read them: times, spans of time, latencies, counts, and hours as a sparkline.

import type { Level } from '../../record/level.ts';
import type { Style } from './terminal.ts';

type Time = Date | string | number;

/** Local time; with the day unless it is today. */
export function shortTime(time: Time | null | undefined, now: Date = new Date()): string {
  if (time === null || time === undefined) return '';
  const date = new Date(time);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === now.toDateString()) return clock;
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return date.getFullYear() === now.getFullYear() ? `${day} ${clock}` : `${date.getFullYear()}-${day} ${clock}`;
}

/** "2026-01-31", of local time, as `--since` takes it. */
export function isoDay(date: Date): string {
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "12s ago", "3h ago". */
export function ago(time: Time | null | undefined, now = Date.now()): string {
  if (time === null || time === undefined) return '';
  const seconds = Math.max(0, Math.round((now - new Date(time).getTime()) / 1000));
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const)
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit} ago`;
  return `${seconds}s ago`;
}

const LONG = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** Milliseconds as "7.1 ms", "842 ms", "2.35 s", and from two of a unit on "2.50 min", "12.00 h", "2.24 d". */
export function latency(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return '';
  const size = Math.abs(millis);
  const sign = millis < 0 ? '-' : '';
  // By what is shown, not by the value: 99.7 is "100 ms" and 999.7 is "1.00 s".
  for (const [unit, one] of LONG) if (size >= 2 * one) return `${sign}${(size / one).toFixed(2)} ${unit}`;
  if (size >= 999.5) return `${sign}${(size / 1000).toFixed(2)} s`;
  if (size >= 99.5 || Number.isInteger(size)) return `${sign}${Math.round(size)} ms`;
  // Below it toPrecision would write an exponent sooner or later.
  return size < 0.001 ? `${sign}<0.001 ms` : `${sign}${size.toPrecision(2)} ms`;
}

export function count(value: number | string): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

const BARS = '▁▂▃▄▅▆▇█';

/** Zero is a dot, so that an empty hour is not taken for a small one. */
export function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts);
  return counts.map((n) => (n === 0 ? '·' : BARS[Math.min(7, Math.floor((n / most) * 7.999))]!)).join('');
}

export function levelStyle(level: Level): Style | undefined {
  return ({ CRITICAL: 'magenta', ERROR: 'red', WARNING: 'yellow' } as Partial<Record<Level, Style>>)[level];
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
