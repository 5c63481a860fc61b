// Parsers of option values: take what code or the environment gave, return the value or throw a plain sentence that says
// what would be right. options.ts puts the option's name and the value given around that sentence.

import { LEVELS, type Level } from '../record/level.ts';
import { setOwn } from '../record/plain.ts';
import { OWN_COLUMNS, PROMOTED_TYPES, type PromotedColumns, type PromotedType } from '../record/row.ts';
import { wordsOfKey } from '../record/scrub/keys.ts';

export type Parser<T> = (given: unknown) => T;

/** '' of what has no text of its own: an object without a prototype, one whose toString throws. */
function asText(given: unknown): string {
  try {
    return String(given);
  } catch {
    return '';
  }
}

export const text: Parser<string> = (given) => {
  if (typeof given !== 'string' || given.trim() === '') throw new Error('expected a text that is not empty');
  return given.trim();
};

export function integer(min: number, max: number): Parser<number> {
  return (given) => {
    const value = typeof given === 'string' ? Number(given.trim() || Number.NaN) : given;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw new Error(`expected a whole number from ${min} to ${max}`);
    return value;
  };
}

/** `off` is 0. */
export function integerOrOff(min: number, max: number): Parser<number> {
  const number = integer(min, max);
  return (given) => {
    if (given === 0 || given === false || ['off', '0'].includes(asText(given).trim().toLowerCase())) return 0;
    try {
      return number(given);
    } catch (error) {
      throw new Error(`${(error as Error).message}, or off`);
    }
  };
}

export function fraction(given: unknown): number {
  const value = typeof given === 'string' ? Number(given.trim() || Number.NaN) : given;
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw new Error('expected a number from 0 to 1');
  return value;
}

export const flag: Parser<boolean> = (given) => {
  if (typeof given === 'boolean') return given;
  const word = asText(given).trim().toLowerCase();
  if (['on', 'true', '1', 'yes'].includes(word)) return true;
  if (['off', 'false', '0', 'no'].includes(word)) return false;
  throw new Error('expected on or off');
};

export function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return (given) => {
    const found = words.find((word) => word.toLowerCase() === asText(given).trim().toLowerCase());
    if (!found) throw new Error(`expected one of ${words.join(', ')}`);
    return found;
  };
}

export const level: Parser<Level> = oneOf(LEVELS);

/** A Postgres name that needs no quoting; it is quoted all the same wherever it is used. */
export const identifier: Parser<string> = (given) => {
  if (typeof given !== 'string' || !/^(?!__proto__$)[a-z_][a-z0-9_]{0,40}$/.test(given))
    throw new Error('expected a lower-case name of letters, digits and _ (41 at most)');
  return given;
};

/** @throws on names that Postgres refuses to create: "unacceptable schema name" */
export const schemaName: Parser<string> = (given) => {
  const name = identifier(given);
  if (name.startsWith('pg_')) throw new Error("expected a name that does not begin with pg_: those are Postgres' own");
  return name;
};

export const databaseUrl: Parser<string> = (given) => {
  const value = text(given);
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new Error('expected postgres://user:password@host:5432/database');
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw new Error(`expected postgres://…, not ${url.protocol}//…`);
  return value;
};

export const httpUrl: Parser<string> = (given) => {
  const value = text(given);
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw new Error('expected http://host:4318 or https://host');
  const { username, password } = new URL(value);
  if (username || password) throw new Error('expected no user and password in it: the key of a receiver is apiKey');
  return value;
};

/** `['a', 'b']` or "a,b". */
export const list: Parser<readonly string[]> = (given) => {
  const items = Array.isArray(given) ? given : asText(given).split(',');
  return Object.freeze(items.map((item) => text(item)));
};

export const headerNames: Parser<readonly string[]> = (given) => {
  const names = list(given).map((name) => name.toLowerCase());
  const wrong = names.find((name) => !/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no HTTP header name`);
  return Object.freeze(names);
};

/** Names are matched by their words; one without any would match nothing. */
export const scrubKeys: Parser<readonly string[]> = (given) => {
  const keys = list(given);
  const wrong = keys.find((key) => wordsOfKey(key).length === 0);
  if (wrong !== undefined)
    throw new Error(
      `${JSON.stringify(wrong)} has no letter and no digit; give the name of an attribute, like "chip_number"`,
    );
  return keys;
};

/** `{ name: value }`, or "name=value,name=value" (`:` does as well). */
function pairs(given: unknown): [string, unknown][] {
  if (given && typeof given === 'object' && !Array.isArray(given)) return Object.entries(given);
  return list(given).map((item) => {
    const at = Math.max(item.lastIndexOf('='), item.lastIndexOf(':'));
    if (at < 1) throw new Error(`${JSON.stringify(item)} is no name=value`);
    return [item.slice(0, at).trim(), item.slice(at + 1).trim()];
  });
}

export const columns: Parser<PromotedColumns> = (given) => {
  const found: Record<string, PromotedType> = {};
  for (const [name, type] of pairs(given)) {
    if (OWN_COLUMNS.has(name)) throw new Error(`${name} is a column of every row already; expected another name`);
    found[identifier(name)] = oneOf(PROMOTED_TYPES)(type);
  }
  return Object.freeze(found);
};

export const millisByName: Parser<Readonly<Record<string, number>>> = (given) => {
  const found: Record<string, number> = {};
  for (const [name, millis] of pairs(given)) setOwn(found, name, integer(0, 86_400_000)(millis));
  return Object.freeze(found);
};

/** What may be kept for a number of days; 0: for ever. */
const KEPT = ['errors', 'calls', 'minutes', 'hours'] as const;
export type KeepDays = Readonly<Record<(typeof KEPT)[number], number>>;
export const KEEP_DAYS: KeepDays = Object.freeze({ errors: 0, calls: 30, minutes: 8, hours: 400 });

/** What is not named keeps its default. */
export const keepDays: Parser<KeepDays> = (given) => {
  const found: Record<string, number> = { ...KEEP_DAYS };
  for (const [name, days] of pairs(given)) found[oneOf(KEPT)(name)] = integer(0, 36_500)(days);
  return Object.freeze(found) as KeepDays;
};

export const patterns: Parser<readonly RegExp[]> = (given) => {
  const items = Array.isArray(given) ? given : [given];
  return Object.freeze(
    items.map((item) => {
      if (item instanceof RegExp) return item;
      return new RegExp(text(item), 'g');
    }),
  );
};

export type ScrubFunction = (value: string, key: string | undefined) => string;

export const scrubFunction: Parser<ScrubFunction> = (given) => {
  if (typeof given !== 'function') throw new Error('expected a function (value, key) => string');
  return given as ScrubFunction;
};
