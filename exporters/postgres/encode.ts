// Rows in, JSON text for json_to_recordset out: what Postgres would refuse in one value, and with it the whole batch, is
// mended here (NUL characters, lone surrogates, fractions in integer columns, keys too long for an index).

import { SinkError } from '../../src/deliver/sink.ts';

/** Column name → Postgres type; `key` is text that an index holds. */
export type Columns = Readonly<Record<string, string>>;

/** A btree entry takes 2,704 bytes at most (54000 beyond it); 512 UTF-16 units are 1,536 bytes of UTF-8 at most. */
const MAX_INDEXED_LENGTH = 512;
const INT4_MAX = 2 ** 31 - 1;

/** Column list for "insert into t (…)". */
export function columnNames(columns: Columns): string {
  return Object.keys(columns)
    .map((name) => `"${name}"`)
    .join(', ');
}

/** Column definitions for "json_to_recordset(…) as r (…)". */
export function columnDefinitions(columns: Columns): string {
  return Object.entries(columns)
    .map(([name, type]) => `"${name}" ${type === 'key' ? 'text' : type}`)
    .join(', ');
}

/** The values of `columns` from one row, in the form that json_to_recordset reads. */
export function encodeRow(row: object, columns: Columns): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const name in columns) {
    const value = (row as Record<string, unknown>)[name];
    if (value !== undefined && value !== null) encoded[name] = encodeValue(value, columns[name]!);
  }
  return encoded;
}

function encodeValue(value: unknown, type: string): unknown {
  if (type === 'int' || type === 'bigint') return typeof value === 'number' ? encodeInteger(value, type) : value;
  if (type === 'timestamptz') return typeof value === 'number' ? encodeTime(value) : value;
  if (type === 'key') return cutIndexed(value);
  return value;
}

export function encodeInteger(value: number, type: 'int' | 'bigint'): number | undefined {
  const whole = Math.round(value);
  const limit = type === 'int' ? INT4_MAX : Number.MAX_SAFE_INTEGER;
  return Math.abs(whole) <= limit ? whole : undefined;
}

/** Unix milliseconds → ISO 8601. Always the same text for the same number, since it is part of the row's identity. */
export function encodeTime(millis: number): string {
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) throw new SinkError('poison', `${millis} is no time`);
  return date.toISOString();
}

/** First and last time: in a statement they let the planner leave out all other partitions. */
export function timeBounds(rows: readonly { created_at: number }[]): [string, string] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { created_at } of rows) {
    if (created_at < first) first = created_at;
    if (created_at > last) last = created_at;
  }
  // Where none has a time: its column refuses that, in words that say so.
  if (first > last) return ['-infinity', 'infinity'];
  return [encodeTime(first), encodeTime(last)];
}

export function isIndexable(value: unknown): boolean {
  return typeof value !== 'string' || value.length <= MAX_INDEXED_LENGTH;
}

export function cutIndexed(value: unknown): unknown {
  return isIndexable(value) ? value : (value as string).slice(0, MAX_INDEXED_LENGTH);
}

// JSON.stringify writes NUL and lone surrogates as escapes (pairs stay as they are), so their escapes in the text say
// whether anything has to be mended; a backslash-u that the user wrote himself only costs the second look.
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/;

/** @throws SinkError poison, for what JSON cannot hold (a cycle, a BigInt, depth beyond the stack) */
export function toJson(value: unknown): string {
  try {
    const text = JSON.stringify(value);
    return SUSPICIOUS.test(text) ? JSON.stringify(mend(value)) : text;
  } catch (error) {
    throw new SinkError('poison', `no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function mend(value: unknown): unknown {
  if (typeof value === 'string') return mendText(value);
  if (Array.isArray(value)) return value.map(mend);
  if (value === null || typeof value !== 'object') return value;
  // fromEntries defines, and does not assign: a key "__proto__" stays data.
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mendText(key), mend(inner)]));
}

/** Without NUL characters, and with U+FFFD for every lone surrogate. */
export function mendText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
