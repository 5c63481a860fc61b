// A batch as text and back, for whoever carries it to a sink elsewhere: over HTTP to a receiver, through a queue to a
// worker. Read with care, since it comes from outside: only lists of objects pass; what their values are worth is for
// the tables to say.

import { requireCount, requireObject } from '../record/errors.ts';
import { type DeadLetterRow, ROW_KINDS } from '../record/row.ts';
import { readHistogram } from '../record/to-histogram-row.ts';
import { type Batch, emptyBatch } from './sink.ts';

/** Bumped when a reader of the older form could misread the newer. */
const VERSION = 1;
/** Rows of all lists together; a shipper sends 1,000 at a time. */
const MAX_ROWS = 10_000;

/** What one message carries: rows, or records that were given up elsewhere. */
export type BatchMessage = { batch: Batch; letters?: undefined } | { batch?: undefined; letters: DeadLetterRow[] };

export class BatchDecodeError extends Error {
  override name = 'BatchDecodeError';
}

export function encodeMessage({ batch, letters }: BatchMessage): string {
  return JSON.stringify({ v: VERSION, batch, letters });
}

/** @throws BatchDecodeError */
export function decodeMessage(text: string): BatchMessage {
  const message = parse(text);
  if (message.v !== VERSION) throw new BatchDecodeError(`version ${JSON.stringify(message.v)} is not known here`);
  if (message.letters !== undefined)
    return { letters: rowsOf('letters', message.letters) as unknown as DeadLetterRow[] };
  if (!isObject(message.batch)) throw new BatchDecodeError('it holds neither a batch nor letters');
  return { batch: batchOf(message.batch) };
}

/** The row that a dead letter of such a kind holds. @throws BatchDecodeError */
export function decodeRow(kind: keyof typeof ROW_KINDS, text: string): Batch {
  const row = parse(text);
  if (kind === 'row' && row.event_id === undefined) throw new BatchDecodeError('the row has no event_id');
  return batchOf({ [ROW_KINDS[kind]]: [row] });
}

function batchOf(given: Record<string, unknown>): Batch {
  const batch = emptyBatch();
  let rows = 0;
  for (const [name, list] of Object.entries(given)) {
    if (!Object.hasOwn(batch, name)) throw new BatchDecodeError(`a batch has no list ${JSON.stringify(name)}`);
    const found = rowsOf(name, list);
    rows += found.length;
    Object.assign(batch, { [name]: found });
  }
  if (rows > MAX_ROWS) throw new BatchDecodeError(`${rows} rows are more than ${MAX_ROWS}`);
  return batch;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BatchDecodeError(`it is no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new BatchDecodeError('it is no object');
  return value;
}

/** Rows as the tables know them have tags and promoted values; without them a row is none of ours. */
const WITH_TAGS = new Set(['logs', 'calls']);

/** What is summed over rows of all senders: one that is no number would end every query. */
const SUMMED: Readonly<Record<string, (row: Record<string, unknown>) => void>> = {
  ledgers({ accepted, merged, dropped }) {
    requireCounts({ accepted, merged });
    requireCounts(requireObject(dropped, 'dropped'));
  },
  counts({ count, routes = {} }) {
    requireCounts({ count });
    requireCounts(requireObject(routes, 'routes'));
  },
  histograms: readHistogram,
};

function requireCounts(counts: object): void {
  for (const [name, count] of Object.entries(counts)) requireCount(count, name);
}

function rowsOf(name: string, list: unknown): Record<string, unknown>[] {
  if (!Array.isArray(list) || !list.every(isObject)) throw new BatchDecodeError(`${name} is no list of rows`);
  if (name === 'letters' && !list.every(isLetter))
    throw new BatchDecodeError('a letter has no raw text, no kind or no reason');
  if (WITH_TAGS.has(name) && !list.every((row) => isObject(row.tags) && isObject(row.promoted)))
    throw new BatchDecodeError(`a row of ${name} has no tags or no promoted values`);
  if (list.some((row) => 'event_id' in row && row.event_id !== undefined && typeof row.event_id !== 'string'))
    throw new BatchDecodeError(`a row of ${name} has an event_id that is no text`);
  try {
    for (const row of list) SUMMED[name]?.(row);
  } catch (error) {
    throw new BatchDecodeError(`a row of ${name} is none: ${(error as Error).message}`);
  }
  return list;
}

function isLetter({ raw, kind, reason }: Record<string, unknown>): boolean {
  return typeof raw === 'string' && typeof kind === 'string' && typeof reason === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
