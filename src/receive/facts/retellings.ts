// Which rows of one trace tell of the same failure, where their texts differ: a client's span told of it first, and then the
// error that the application got, or made of it, came with a span around or a log record. The rules are those of capture
// (known-occurrences.ts), where the Error object says it; here texts do, and ancestors. In: rows as they are remembered. Out:
// those that are part of another.

import { CLOCK_SLACK_MILLIS } from '../../record/occurrence.ts';
import type { Told } from '../../record/retold.ts';

const MERGE_WINDOW_MILLIS = 5_000;

export interface Telling extends Told {
  /** Unix milliseconds. */
  at: number;
  /** Of the occurrence: what has the same is one row by that. */
  key?: string | undefined;
  by: 'call' | 'span' | 'log';
  /** The span of what it took: of attempts that failed alike only the last is part of it, with the layers around that. */
  took?: string;
  /** Of a log record: the span that tells of the same error elsewhere in its request. */
  same?: string;
}

export interface Teller {
  span: string;
  telling?: Telling | undefined;
}

/** How the spans of the trace hang together. */
export interface Places {
  /** One is the other, or an ancestor of it. */
  isOnLine(a: string, b: string): boolean;
  isAround(outer: string, inner: string): boolean;
  isSameRequest(a: string, b: string): boolean;
}

/** Earlier rows that are part of this one. */
export function partsOf<Row extends Teller>(rows: readonly Row[], whole: Teller, places: Places): Row[] {
  const { telling } = whole;
  if (telling === undefined || telling.holds.length === 0) return [];
  const parts = rows.filter((row) => isPart(row, whole, places) && !isLogged(rows, row));
  const taken = takenFor(rows, whole, places);
  const last = parts.reduce<Row | undefined>((a, b) => (a && a.telling!.at > b.telling!.at ? a : b), undefined);
  const line = taken ?? last?.span;
  if (line === undefined) return [];
  telling.took = line;
  return parts.filter(({ span }) => places.isOnLine(span, line));
}

/**
 * Whether one that comes late is a part of a row, or the same.
 *
 * @returns how to take back what is known by that; undefined where it is a row of its own
 */
export function joinWhole(rows: readonly Teller[], part: Teller, places: Places): (() => void) | undefined {
  const field = isLogged(rows, part) ? 'same' : 'took';
  const isKnown = field === 'same' ? isLoggedBy : isPart;
  for (const row of rows) {
    if (!isKnown(part, row, places)) continue;
    const telling = row.telling!;
    const line = field === 'same' ? telling.same : takenFor(rows, row, places);
    if (line !== undefined && !places.isOnLine(line, part.span)) continue;
    const before = telling[field];
    telling[field] = line ?? part.span;
    return () => Object.assign(telling, { [field]: before });
  }
  return undefined;
}

/** Of the same occurrence, where their spans do not say so. */
function isLoggedBy(part: Teller, log: Teller, places: Places): boolean {
  const { telling } = log;
  if (telling?.by !== 'log' || telling.key !== part.telling!.key || !isBefore(part.telling!, telling)) return false;
  return !places.isOnLine(part.span, log.span) && places.isSameRequest(part.span, log.span);
}

/** A failed call and the error that reports it follow within moments. */
function isBefore(part: Telling, whole: Telling): boolean {
  const since = whole.at - part.at;
  return since >= -CLOCK_SLACK_MILLIS && since <= MERGE_WINDOW_MILLIS;
}

function isPart({ span, telling: part }: Teller, { span: around, telling: whole }: Teller, places: Places): boolean {
  if (part === undefined || whole === undefined || part.by === 'log' || around === '') return false;
  if (!isBefore(part, whole)) return false;
  // Those of one occurrence are one row already, which would be taken with itself.
  if (part.key !== undefined && part.key === whole.key) return false;
  if (!part.is.some((one) => whole.holds.includes(one))) return false;
  return places.isAround(around, span) || (whole.by !== 'call' && places.isSameRequest(around, span));
}

/** Somebody's own words about it would be lost with it. */
function isLogged(rows: readonly Teller[], { telling }: Teller): boolean {
  const key = telling?.key;
  return key !== undefined && rows.some((row) => row.telling?.by === 'log' && row.telling.key === key);
}

/** Other carriers of the same may have taken it. */
function takenFor(rows: readonly Teller[], { span, telling }: Teller, places: Places): string | undefined {
  if (telling!.took !== undefined || telling!.key === undefined) return telling!.took;
  const other = rows.find(
    (row) =>
      row.telling?.took !== undefined &&
      row.telling.key === telling!.key &&
      (places.isOnLine(row.span, span) || places.isSameRequest(row.span, span)),
  );
  return other?.telling?.took;
}
