// The parts that OTLP's JSON encoding shares. Parsed JSON in, plain data out. As the specification says: lowerCamelCase
// keys only, unknown ones ignored, ids in hex, enums as integers, 64-bit integers as text or number.

import type { Attributes } from '../../record/attributes.ts';
import { setOwn } from '../../record/plain.ts';
import type { ResourceGroup } from '../signals.ts';
import { DecodeError, MAX_DEPTH, MAX_ITEMS, TooManyError } from './decode-error.ts';

export type Json = Record<string, unknown>;

const NO_ITEMS: readonly unknown[] = [];

/** null is the same as absent in proto3's JSON mapping. */
export function object(value: unknown, what: string): Json {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new DecodeError(`${what} should be an object`);
  return value as Json;
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return NO_ITEMS;
  if (!Array.isArray(value)) throw new DecodeError(`${what} should be a list`);
  return value;
}

export function text(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new DecodeError(`${what} should be a text`);
  return value;
}

/** A trace's or a span's as hex; '' for what is none, which whoever needs it rejects. */
export function id(value: unknown, what: string): string {
  const given = text(value, what);
  return /^(?:[0-9a-f]{16}){1,2}$/i.test(given) ? given.toLowerCase() : '';
}

export function integer(value: unknown, what: string): number {
  const number = numberOf(value, what);
  if (!Number.isInteger(number)) throw new DecodeError(`${what} should be a whole number`);
  return number;
}

/** Both spellings; also "NaN" and "Infinity". */
export function numberOf(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?(?:\d{1,32}(?:\.\d{1,32})?(?:e[+-]?\d{1,4})?|Infinity)$|^NaN$/i.test(value))
    return Number(value);
  throw new DecodeError(`${what} should be a number`);
}

export function optionalNumber(value: unknown, what: string): number | undefined {
  return value === undefined || value === null ? undefined : numberOf(value, what);
}

/** Nanoseconds as milliseconds. */
export function nanos(value: unknown, what: string): number {
  return integer(value, what) / 1e6;
}

export function anyValue(given: unknown, depth: number): unknown {
  if (depth >= MAX_DEPTH) throw new DecodeError(`values are nested deeper than ${MAX_DEPTH}`);
  const value = object(given, 'a value');
  // What is null is absent, in the JSON of protobuf.
  if (value.stringValue != null) return text(value.stringValue, 'stringValue');
  if (value.intValue != null) return exactInteger(value.intValue);
  if (value.boolValue != null) return value.boolValue === true || value.boolValue === 'true';
  if (value.doubleValue != null) return numberOf(value.doubleValue, 'doubleValue');
  if (value.arrayValue != null)
    return list(object(value.arrayValue, 'arrayValue').values, 'arrayValue.values').map(
      (item) => anyValue(item, depth + 2) ?? null,
    );
  if (value.kvlistValue != null)
    return attributes(object(value.kvlistValue, 'kvlistValue').values, 'kvlistValue.values', depth + 1);
  return value.bytesValue == null ? undefined : text(value.bytesValue, 'bytesValue');
}

/** Exact: text beyond what a number holds. */
function exactInteger(value: unknown): number | string {
  const number = integer(value, 'intValue');
  return Number.isSafeInteger(number) || typeof value === 'number' ? number : String(value);
}

export function attributes(given: unknown, what: string, depth = 0): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const item of list(given, what)) {
    const { key, value } = object(item, what);
    const plain = anyValue(value, depth + 1);
    if (plain !== undefined) setOwn(target, text(key, `a key of ${what}`), plain);
  }
  return target;
}

interface Names {
  groups: string;
  scopes: string;
  items: string;
}

/** An export request of any signal: they have one shape. */
export function requestOf<Item>(names: Names, readItem: (item: Json) => Item) {
  return (body: unknown): ResourceGroup<Item>[] => {
    let left = MAX_ITEMS;
    const counted = (items: readonly unknown[]) => {
      left -= items.length;
      if (left < 0) throw new TooManyError(`more than ${MAX_ITEMS} items in a request`);
      return items;
    };
    return counted(list(object(body, 'the request')[names.groups], names.groups)).map((group) => {
      const { resource, [names.scopes]: scopes } = object(group, names.groups);
      return {
        resource: attributes(object(resource, 'resource').attributes, 'resource.attributes') as Attributes,
        scopes: counted(list(scopes, names.scopes)).map((one) => {
          const { scope, [names.items]: items } = object(one, names.scopes);
          return {
            scope: text(object(scope, 'scope').name, 'scope.name'),
            items: counted(list(items, names.items)).map((item) => readItem(object(item, names.items))),
          };
        }),
      };
    });
  };
}
