// Promoted columns: tags of the user's own names become typed columns. Tags in, { promoted, tags } out. A value that does
// not fit stays a tag with a note in `rowtrace.promotion_failed`; it never costs the row.

import { isUuid } from './errors.ts';
import { cut, LIMITS } from './limits.ts';
import { setOwn } from './plain.ts';
import type { PromotedColumns, PromotedType, PromotedValue } from './row.ts';

const PROMOTION_FAILED = 'rowtrace.promotion_failed';

export interface Promotion {
  promoted: Record<string, PromotedValue>;
  tags: Record<string, unknown>;
}

export function promote(tags: Record<string, unknown>, columns: PromotedColumns): Promotion {
  if (!hasAny(tags, columns)) return { promoted: {}, tags };
  const promoted: Record<string, PromotedValue> = {};
  const kept: Record<string, unknown> = {};
  const failed: Record<string, string> = {};
  for (const [name, value] of Object.entries(tags)) {
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined;
    const fitted = type === undefined ? undefined : fit(value, type);
    if (fitted !== undefined) promoted[name] = fitted;
    else setOwn(kept, name, value);
    if (type !== undefined && fitted === undefined && value !== null) failed[name] = `no ${type}`;
  }
  if (Object.keys(failed).length > 0) kept[PROMOTION_FAILED] = failed;
  return { promoted, tags: kept };
}

function hasAny(tags: Record<string, unknown>, columns: PromotedColumns): boolean {
  for (const name in columns) if (Object.hasOwn(tags, name)) return true;
  return false;
}

/** The value as the column's type, or undefined where it does not fit without loss. bigint and numeric travel as text. */
export function fit(value: unknown, type: PromotedType): PromotedValue | undefined {
  switch (type) {
    case 'integer': {
      const number = wholeNumber(value);
      return number !== undefined && number >= -2_147_483_648n && number <= 2_147_483_647n ? Number(number) : undefined;
    }
    case 'bigint': {
      const number = wholeNumber(value);
      return number !== undefined && BigInt.asIntN(64, number) === number ? String(number) : undefined;
    }
    case 'numeric':
      if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
      return typeof value === 'string' && /^[+-]?\d{1,100}(?:\.\d{1,100})?$/.test(value.trim())
        ? value.trim()
        : undefined;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      return value === 'true' || value === 1 ? true : value === 'false' || value === 0 ? false : undefined;
    case 'text':
      if (typeof value === 'string') return cut(value, LIMITS.tagValue);
      return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
    case 'uuid':
      return isUuid(value) ? value.toLowerCase() : undefined;
    case 'timestamptz':
      return timestamp(value);
  }
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))? ?(?:(Z)|([+-]\d{2})(?::?(\d{2}))?)?)?$/i;

/** In the one form that ECMAScript defines: without a zone it would take that of the process, and 30 February as 2 March. */
function isoOf(text: string): string | undefined {
  const [, day, time = '00:00', fraction, , hours, minutes = '00'] = TIMESTAMP.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = new Date(`${day}T00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined;
  const seconds = time.length < 6 ? ':00' : '';
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  return `${day}T${time.padStart(time.length < 6 ? 5 : 8, '0')}${seconds}.${fraction?.slice(0, 3) ?? '0'}${zone}`;
}

/** ISO 8601 with a date, or Unix milliseconds; years 1 to 9999, which both ECMAScript and Postgres read alike. */
function timestamp(value: unknown): string | undefined {
  const iso = typeof value === 'string' ? isoOf(value.trim()) : undefined;
  if (iso === undefined && typeof value !== 'number') return undefined;
  const date = new Date(iso ?? (value as number));
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString() : undefined;
}
