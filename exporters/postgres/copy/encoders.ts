// One encoder a column type: a value as rows have it in, its binary form in the buffer. Each gives what json_to_recordset
// makes of the same value (encode.ts), or nothing: false means that only Postgres itself can tell, from text.

import { cutIndexed, encodeInteger, toJson } from '../encode.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import { numericDigits } from './numeric.ts';

/** Writes the value and says true, or writes nothing and says false. Never called with null or undefined. */
export type Encoder = (buffer: CopyBuffer, value: unknown) => boolean;

const JSONB_VERSION = 1;
const EPOCH_2000 = Date.UTC(2000, 0, 1);
const [YEAR_1, YEAR_10_000] = [Date.parse('0001-01-01T00:00:00Z'), Date.UTC(10_000, 0)];
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
const INT64 = 2n ** 63n;

const ENCODERS: Readonly<Record<string, Encoder>> = {
  text: (buffer, value) => typeof value === 'string' && buffer.text(value),
  key: (buffer, value) => typeof value === 'string' && buffer.text(cutIndexed(value) as string),
  int: (buffer, value) => {
    if (typeof value !== 'number') return false;
    const whole = encodeInteger(value, 'int');
    return whole === undefined ? buffer.null() : buffer.int(whole);
  },
  integer: (buffer, value) =>
    Number.isInteger(value) && (value as number) === ((value as number) | 0) && buffer.int(value as number),
  bigint: (buffer, value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) && buffer.safeInteger(value);
    if (typeof value !== 'string' || !/^[+-]?\d{1,19}$/.test(value)) return false;
    const whole = BigInt(value.replace('+', ''));
    return whole >= -INT64 && whole < INT64 && buffer.bigint(whole);
  },
  numeric: (buffer, value) => {
    const digits = typeof value === 'string' || typeof value === 'number' ? numericDigits(String(value)) : undefined;
    return digits !== undefined && buffer.shorts(digits);
  },
  boolean: (buffer, value) => typeof value === 'boolean' && buffer.boolean(value),
  uuid: (buffer, value) => typeof value === 'string' && buffer.uuid(value),
  timestamptz: (buffer, value) => {
    if (value === 'infinity') return buffer.bigint(INT64 - 1n);
    if (value === '-infinity') return buffer.bigint(-INT64);
    const millis = typeof value === 'number' ? Math.trunc(value) : parseTime(value);
    if (!(millis >= YEAR_1 && millis < YEAR_10_000)) return false;
    const micros = (millis - EPOCH_2000) * 1000;
    return Number.isSafeInteger(micros)
      ? buffer.safeInteger(micros)
      : buffer.bigint(BigInt(millis - EPOCH_2000) * 1000n);
  },
  jsonb: (buffer, value) => {
    const text = toJson(value);
    return text === undefined ? buffer.null() : buffer.text(text, JSONB_VERSION);
  },
};

const MAX_SHARED = 64;
const shared = new Map<unknown, string>();

/** Of values that many rows share as one object, which nobody changes. */
export const sharedJsonb: Encoder = (buffer, value) => {
  if (typeof value !== 'object') return ENCODERS.jsonb!(buffer, value);
  let text = shared.get(value);
  if (text === undefined) {
    text = toJson(value);
    if (shared.size >= MAX_SHARED) shared.clear();
    shared.set(value, text);
  }
  return buffer.text(text, JSONB_VERSION);
};

/** Labels of an enum are sent as text. */
export function encoderOf(type: string): Encoder {
  return ENCODERS[type] ?? ENCODERS.text!;
}

/** JavaScript reads the 30th of February; Postgres does not. */
function parseTime(value: unknown): number {
  if (typeof value !== 'string' || !ISO.test(value)) return Number.NaN;
  const millis = Date.parse(value);
  return !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(value.slice(0, 10)) ? millis : Number.NaN;
}
