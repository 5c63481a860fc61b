// What led to an error: the last spans and log records of its request, kept in a ring on the request while it runs, copied
// and scrubbed only when a row is made.

import { type Context, context } from '@opentelemetry/api';
import { type RequestState, stateOfContext } from '../otel/request-state.ts';
import type { CrumbFact, Operation } from '../record/fact.ts';
import { isAtLeast, type Level, levelOfSeverity } from '../record/level.ts';
import { clean } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { childName } from '../record/time-spent.ts';
import { ownCopy } from '../util/own-copy.ts';

const MAX_CRUMBS = 20;
const MAX_TEXT = 200;
/** More of a text is not held while its request runs. */
const MAX_HELD = 1000;

export interface Crumb {
  /** Unix milliseconds. */
  t: number;
  what: Operation | string;
  millis?: number;
  level?: Level;
  failed?: boolean;
}

export function leaveCrumb(request: RequestState, crumb: Crumb): void {
  request.crumbs ??= [];
  const { crumbs } = request;
  if (crumbs.length >= MAX_CRUMBS) crumbs.shift();
  crumbs.push(crumb);
}

/** Of a log record that makes no row; below INFO, without words and outside a request nothing is left. */
export function leaveWords(severity: number, words: unknown, time = Date.now(), at: Context = context.active()): void {
  const level = levelOfSeverity(severity);
  if (typeof words !== 'string' || words === '' || !isAtLeast(level, 'INFO')) return;
  const request = stateOfContext(at)?.request;
  if (request !== undefined) leaveCrumb(request, { t: time, what: beginningOf(words), level });
}

function beginningOf(text: string): string {
  return text.length <= MAX_HELD ? text : ownCopy(text.slice(0, MAX_HELD));
}

/** Oldest first; nothing where there are none. */
export function crumbFacts(request: RequestState | undefined, scrubber: Scrubber): CrumbFact[] | undefined {
  const crumbs = request?.crumbs as Crumb[] | undefined;
  if (crumbs === undefined || crumbs.length === 0) return undefined;
  return crumbs.map(({ t, what, millis, level, failed }) => {
    const text = typeof what === 'string' ? what : childName(what);
    const fact: CrumbFact = { t: Math.round(t), what: clean(text, scrubber, MAX_TEXT) };
    if (millis !== undefined) fact.ms = Math.round(millis);
    if (level !== undefined) fact.level = level;
    if (failed) fact.failed = true;
    return fact;
  });
}
