// Levels that a logger's application named itself. In: a name and those beside it. Out: a severity number, by the name
// where that says something, else by its place among those whose names do.

import { knownLevelOfText, severityOfLevel } from '../../record/level.ts';
import { DEBUG, ERROR, INFO } from './emit.ts';

/** Of the npm and cli levels: those below DEBUG, and those that no other logger has. */
const NAMED: Readonly<Record<string, number>> = {
  silly: 1,
  trace: 1,
  prompt: 1,
  input: 1,
  verbose: DEBUG,
  help: INFO,
  data: INFO,
};

/** Of each level by OpenTelemetry's numbers so much. */
const STEP = 4;

const known = new Map<string, number | undefined>();

/** Names are those of levels in use: a handful. */
export function severityNamed(name: string): number | undefined {
  if (known.has(name)) return known.get(name);
  const level = knownLevelOfText(name);
  const severity = Object.hasOwn(NAMED, name) ? NAMED[name] : level && severityOfLevel(level);
  if (known.size < 100) known.set(name, severity);
  return severity;
}

/**
 * That of the nearest below whose name says something; what stands above all others is an error at least,
 * what stands below all others is INFO at most.
 * @param isAtLeast whether a level is as bad as another, or worse
 */
export function severityAmong(
  name: string,
  names: readonly string[],
  isAtLeast: (one: string, other: string) => boolean,
): number {
  const own = severityNamed(name);
  if (own !== undefined) return own;
  const others = names.filter((other) => other !== name);
  const telling = others.filter((other) => severityNamed(other) !== undefined);
  const nearest = (among: string[], isNearer: (one: string, other: string) => boolean): number | undefined =>
    among.length === 0 ? undefined : severityNamed(among.reduce((one, other) => (isNearer(other, one) ? other : one)));
  const below = nearest(
    telling.filter((other) => isAtLeast(name, other)),
    isAtLeast,
  );
  if (others.every((other) => isAtLeast(name, other))) return Math.max(below ?? 0, ERROR);
  if (below !== undefined) return below;
  const above = nearest(telling, (one, other) => !isAtLeast(one, other));
  return above === undefined ? INFO : Math.max(Math.min(above - STEP, INFO), 1);
}
