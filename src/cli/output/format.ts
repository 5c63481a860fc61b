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

/** Milliseconds as "7.1 ms", "842 ms", "2.35 s". */
export function latency(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return '';
  if (millis >= 1000) return `${(millis / 1000).toFixed(2)} s`;
  return `${millis >= 100 || Number.isInteger(millis) ? Math.round(millis) : millis.toPrecision(2)} ms`;
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
