// One exception, several carriers (span events on a span and its ancestors, log records), whose times and ids differ. In:
// what is known of the carriers so far, and the next one. Out: the row it belongs to. Pure, and the number of rows is the
// same in whatever order carriers with paths come; of those that only their times tell apart the order may decide.

import type { Occurrence } from './fact.ts';
import { mayBeSame } from './unwound.ts';

/** One that came: `into` is the row it became, or became part of. */
export interface Carrier extends Omit<Occurrence, 'key'> {
  id: string;
  into: string;
  /** Captured time of that row, Unix milliseconds. */
  t: number;
  /** Which request it came with first. */
  acceptance?: number | undefined;
}

/** What a loop that throws a thousand times in one trace makes is told apart so far; later ones are rows of their own. */
const MAX_CARRIERS = 64;

/**
 * - the carrier itself where it came before (a replay, or a sender's retry);
 * - else the row of a group in which it is on one line of ancestors with every other carrier;
 * - else nothing: it is a row of its own.
 */
export function findCarrier(known: readonly Carrier[], next: Omit<Carrier, 'into' | 't'>): Carrier | undefined {
  const repeated = known.find(({ id }) => id === next.id);
  if (repeated !== undefined) return repeated;
  // One that is not noted would be taken for new each time it comes.
  if (known.length >= MAX_CARRIERS) return undefined;
  const groups = new Map<string, Carrier[]>();
  for (const carrier of known) groups.set(carrier.into, [...(groups.get(carrier.into) ?? []), carrier]);
  // A log record has no path of its own; what else came of its span may know it.
  const paths = new Map<string, readonly string[]>();
  for (const { span, path } of [...known, next]) if (path !== undefined) paths.set(span, path);
  for (const group of groups.values())
    if (group.every((carrier) => areOnOneLine(carrier, next, paths))) return group[0];
  return undefined;
}

export function addCarrier(known: readonly Carrier[], next: Carrier): readonly Carrier[] {
  return known.length >= MAX_CARRIERS ? known : [...known, next];
}

type Placed = Pick<Carrier, 'span' | 'path' | 'request' | 'from' | 'to' | 'nth' | 'frames' | 'attempt'>;

/** True for the same span, and for a span and its ancestor; not for stacks that part, nor for two attempts. */
function areOnOneLine(a: Placed, b: Placed, paths: ReadonlyMap<string, readonly string[]>): boolean {
  if (!mayBeSame(a.frames, b.frames) || (a.attempt && b.attempt)) return false;
  if (a.span === b.span) return !(isEvent(a) && isEvent(b)) || (a.nth ?? 0) === (b.nth ?? 0);
  const [pathOfA, pathOfB] = [paths.get(a.span) ?? [], paths.get(b.span) ?? []];
  if (pathOfA.includes(b.span) || pathOfB.includes(a.span)) return true;
  // A log record is somewhere in its request, which the error may have left the span it came of for.
  const areEvents = isEvent(a) && isEvent(b);
  if (!areEvents && (isEvent(a) || isEvent(b)) && a.request !== undefined && a.request === b.request) return true;
  // Both have an ancestor in common and neither is that of the other: siblings, or cousins.
  if (pathOfA.some((id) => pathOfB.includes(id))) return false;
  // Calls at once to one service look alike by their times, too; each has a parent of its own.
  if (areEvents && a.request !== undefined && b.request !== undefined && a.request !== b.request) return false;
  // What is between them did not come along: the time of an ancestor holds the other's.
  return holds(a, b) || holds(b, a);
}

/** A span event, told apart by its number from others of its span; a log record has no path. */
function isEvent({ path }: Placed): boolean {
  return path !== undefined;
}

/** An SDK takes the wall clock once a span and counts on from there, so that spans of one process differ by rounding. */
export const CLOCK_SLACK_MILLIS = 2;

function holds(outer: Placed, inner: Placed): boolean {
  return outer.from <= inner.from + CLOCK_SLACK_MILLIS && outer.to >= inner.to - CLOCK_SLACK_MILLIS;
}
