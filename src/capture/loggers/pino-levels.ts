// A pino record's level number in, its severity out. Numbers mean what pino says, unless the application has levels of its
// own (`customLevels`), which may be counted the other way round (`levelComparison`).

import { severityOfNumber } from './emit.ts';
import { severityAmong, severityNamed } from './levels.ts';
import type { PinoInstance, Symbols } from './pino-line.ts';

const STANDARD: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

type Levels = NonNullable<PinoInstance['levels']>;

const found = new WeakMap<Levels, Map<number, number>>();

export function severityOf(level: number, instance: PinoInstance, symbols: Symbols): number {
  const { levels } = instance;
  // A level of the application's may share the number.
  if (levels === undefined || levels.values[STANDARD[level]!] === level) return severityOfNumber(level);
  const known = found.get(levels);
  const severity = known?.get(level) ?? find(level, levels, instance, symbols);
  if (known === undefined) found.set(levels, new Map([[level, severity]]));
  else known.set(level, severity);
  return severity;
}

function find(level: number, { labels, values }: Levels, instance: PinoInstance, { levelComp }: Symbols): number {
  const names = Object.keys(values);
  const given = levelComp && instance[levelComp];
  const isAtLeast = typeof given === 'function' ? (given as (one: number, other: number) => boolean) : isGreater;
  const isAsPino =
    isAtLeast(2, 1) &&
    names.every((name) => (severityNamed(name) ?? severityOfNumber(values[name]!)) === severityOfNumber(values[name]!));
  const name = labels[level] ?? '';
  if (isAsPino) return severityNamed(name) ?? severityOfNumber(level);
  return severityAmong(name, names, (one, other) => isAtLeast(values[one]!, values[other]!));
}

function isGreater(one: number, other: number): boolean {
  return one >= other;
}
