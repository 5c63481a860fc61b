// The parts that OTLP's protobuf messages share: nested messages, attributes and values, resource, scope. A reader of
// protobufjs in (it checks every bound), plain data out; unknown fields and fields of another wire type are skipped.
// Field numbers are those of opentelemetry-proto; a tag is (number << 3) | wire type.

import protobuf from 'protobufjs/minimal.js';
import type { Attributes } from '../../record/attributes.ts';
import { setOwn } from '../../record/plain.ts';
import type { ResourceGroup, ScopeGroup } from '../signals.ts';
import { DecodeError, MAX_DEPTH, MAX_ITEMS, MAX_VALUES, TooManyError } from './decode-error.ts';

export type Reader = protobuf.Reader;

/** What is left of one request's allowance; decoding is synchronous. An empty message is two bytes, and a hundred here. */
const left = { items: 0, values: 0 };

/** @throws DecodeError */
export function decodeWith<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  left.items = MAX_ITEMS;
  left.values = MAX_VALUES;
  try {
    return read(protobuf.Reader.create(bytes));
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`not the protobuf message expected here: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a nested message; nothing in it reaches beyond its end. */
export function message<T>(reader: Reader, read: (reader: Reader, depth: number) => T, depth = 0): T {
  const outer = reader.len;
  const end = reader.size() + reader.pos;
  if (end > outer) throw new DecodeError('a message reaches beyond the end of the one it is in');
  reader.len = end;
  const value = read(reader, depth);
  reader.len = outer;
  return value;
}

/** A span, an event, a log record, a point. */
export function item<T>(reader: Reader, read: (reader: Reader, depth: number) => T): T {
  if (--left.items < 0) throw new TooManyError(`more than ${MAX_ITEMS} items in a request`);
  return message(reader, read);
}

export function skip(reader: Reader, tag: number): void {
  if (tag >>> 3 === 0) throw new DecodeError('field number 0');
  reader.skipType(tag & 7, 0, tag >>> 3);
}

/** '' for what has not the length of a trace's or a span's. */
export function id(reader: Reader): string {
  const bytes = reader.bytes();
  if (bytes.length !== 16 && bytes.length !== 8) return '';
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Nanoseconds as milliseconds; the fraction is exact to a quarter of a microsecond. */
export function nanos(reader: Reader): number {
  const low = reader.fixed32();
  return (reader.fixed32() * 4_294_967_296 + low) / 1e6;
}

export function fixed64(reader: Reader): number {
  const low = reader.fixed32();
  return reader.fixed32() * 4_294_967_296 + low;
}

/** Exact: a number where it is safe, text where not. */
function int64(reader: Reader): number | string {
  const value = reader.int64() as unknown as { toNumber(): number; toString(): string };
  const number = value.toNumber();
  return Number.isSafeInteger(number) ? number : value.toString();
}

export function anyValue(reader: Reader, depth: number): unknown {
  if (--left.values < 0) throw new TooManyError(`more than ${MAX_VALUES} values in a request`);
  if (depth >= MAX_DEPTH) throw new DecodeError(`values are nested deeper than ${MAX_DEPTH}`);
  let value: unknown;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        value = reader.string();
        break;
      case 16:
        value = reader.bool();
        break;
      case 24:
        value = int64(reader);
        break;
      case 33:
        value = reader.double();
        break;
      case 42:
        value = message(reader, arrayValue, depth + 1);
        break;
      case 50:
        value = message(reader, keyValueList, depth + 1);
        break;
      case 58:
        value = Buffer.from(reader.bytes()).toString('base64');
        break;
      default:
        skip(reader, tag);
    }
  }
  return value;
}

function arrayValue(reader: Reader, depth: number): unknown[] {
  const values: unknown[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) values.push(message(reader, anyValue, depth) ?? null);
    else skip(reader, tag);
  }
  return values;
}

function keyValueList(reader: Reader, depth: number): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) keyValue(reader, target, depth);
    else skip(reader, tag);
  }
  return target;
}

/** One attribute into `target`; keys stay data whatever they are called. */
export function keyValue(reader: Reader, target: Record<string, unknown>, depth = 0): void {
  const outer = reader.len;
  const end = reader.size() + reader.pos;
  if (--left.values < 0) throw new TooManyError(`more than ${MAX_VALUES} values in a request`);
  if (end > outer) throw new DecodeError('an attribute reaches beyond the end of its message');
  reader.len = end;
  let key = '';
  let value: unknown;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 10) key = reader.string();
    else if (tag === 18) value = message(reader, anyValue, depth + 1);
    else skip(reader, tag);
  }
  reader.len = outer;
  if (value !== undefined) setOwn(target, key, value);
}

function resource(reader: Reader): Attributes {
  const attributes: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) keyValue(reader, attributes);
    else skip(reader, tag);
  }
  return attributes;
}

function scopeName(reader: Reader): string {
  let name = '';
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === 10) name = reader.string();
    else skip(reader, tag);
  }
  return name;
}

/**
 * An export request of any signal: they have one shape. Request {1: ResourceX {1: Resource, 2: ScopeX {1: Scope, 2: item}}}.
 */
export function requestOf<Item>(readItem: (reader: Reader, depth: number) => Item) {
  const scopeGroup = (reader: Reader): ScopeGroup<Item> => {
    const group: ScopeGroup<Item> = { scope: '', items: [] };
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === 18) group.items.push(item(reader, readItem));
      else if (tag === 10) group.scope = message(reader, scopeName);
      else skip(reader, tag);
    }
    return group;
  };
  const resourceGroup = (reader: Reader): ResourceGroup<Item> => {
    const group: ResourceGroup<Item> = { resource: {}, scopes: [] };
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === 18) group.scopes.push(item(reader, scopeGroup));
      else if (tag === 10) group.resource = message(reader, resource);
      else skip(reader, tag);
    }
    return group;
  };
  return (reader: Reader): ResourceGroup<Item>[] => {
    const groups: ResourceGroup<Item>[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.tag();
      if (tag === 10) groups.push(item(reader, resourceGroup));
      else skip(reader, tag);
    }
    return groups;
  };
}
