// The plain JSON batch as log signals. In: parsed JSON, a list of entries, an object with `entries`, or one entry. Out: log
// records by sender, and what is wrong with the entries that cannot be read.

import type { Attributes } from '../../record/attributes.ts';
import { knownLevelOfText } from '../../record/level.ts';
import { setOwn } from '../../record/plain.ts';
import { DecodeError } from '../decode/decode-error.ts';
import type { LogSignal, ResourceGroup } from '../signals.ts';

export interface Entries {
  groups: ResourceGroup<LogSignal>[];
  entries: number;
  errors: { index: number; message: string }[];
}

type Fields = Record<string, unknown>;

const MAX_ENTRIES = 10_000;
/** Of the batch or of the entry → resource attribute. */
const RESOURCE: Readonly<Record<string, string>> = {
  service: 'service.name',
  environment: 'deployment.environment.name',
  release: 'service.version',
  host: 'host.name',
  language: 'telemetry.sdk.language',
};

/** @throws DecodeError */
export function readEntries(body: unknown, mayServe: (service: string) => boolean): Entries {
  const { list, batch } = entriesOf(body);
  if (list.length > MAX_ENTRIES) throw new DecodeError(`more than ${MAX_ENTRIES} entries in a batch`);
  const groups = new Map<string, ResourceGroup<LogSignal>>();
  const result: Entries = { groups: [], entries: list.length, errors: [] };
  for (const [index, entry] of list.entries()) {
    try {
      const fields = requireObject(entry);
      const resource = resourceOf(batch, fields);
      const service = String(resource['service.name'] ?? 'unknown_service');
      if (!mayServe(service)) throw new DecodeError('this key may not send for that service');
      const key = JSON.stringify(resource);
      const group = groups.get(key) ?? { resource, scopes: [] };
      groups.set(key, group);
      group.scopes.push({ scope: optionalText(fields, 'module') ?? '', items: [recordOf(fields)] });
    } catch (error) {
      result.errors.push({ index, message: (error as Error).message });
    }
  }
  result.groups = [...groups.values()];
  return result;
}

function entriesOf(body: unknown): { list: unknown[]; batch: Fields } {
  if (Array.isArray(body)) return { list: body, batch: {} };
  const batch = requireObject(body);
  if (Array.isArray(batch.entries)) return { list: batch.entries, batch };
  const isEntry = typeof (batch.message ?? batch.error_message) === 'string';
  if (batch.entries !== undefined || !isEntry)
    throw new DecodeError('expected a list of entries, {"entries": […]}, or one entry with a message');
  return { list: [batch], batch: {} };
}

function recordOf(fields: Fields): LogSignal {
  const attributes: Fields = {};
  const extra = fields.extra === undefined || fields.extra === null ? {} : requireObject(fields.extra, 'extra');
  for (const [key, value] of Object.entries(extra)) setOwn(attributes, key, value);
  const told = { type: 'error_type', message: 'error_message', stacktrace: 'stack_trace' };
  for (const [name, field] of Object.entries(told)) {
    const value = optionalText(fields, field);
    if (value !== undefined) attributes[`exception.${name}`] = value;
  }
  const message = optionalText(fields, 'message') ?? optionalText(fields, 'error_message');
  if (message === undefined) throw new DecodeError('message should be a text');
  return {
    time: timeOf(fields.timestamp),
    severityNumber: 0,
    severityText: levelOf(fields),
    body: message,
    attributes,
    traceId: idOf(fields, 'trace_id'),
    spanId: idOf(fields, 'span_id'),
    eventName: '',
    raw: fields,
  };
}

/** A word that is not known is refused: as INFO it would be dropped without a word. */
function levelOf(fields: Fields): string {
  const level = optionalText(fields, 'level') ?? 'error';
  if (knownLevelOfText(level) === undefined)
    throw new DecodeError('level is no word that is known, such as debug, info, warning, error, fatal');
  return level;
}

/** ISO 8601 (without a zone: UTC), or Unix seconds or milliseconds. */
function timeOf(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number' && Number.isFinite(value)) return value < 1e11 ? value * 1000 : value;
  const text = typeof value === 'string' ? value.trim() : '';
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) && Date.parse(withZone(text));
  if (time === false || Number.isNaN(time)) throw new DecodeError('timestamp should be ISO 8601 or Unix time');
  if (!isDay(text)) throw new DecodeError(`timestamp ${text.slice(0, 10)} is no day of the calendar`);
  return time;
}

/** JavaScript reads the 30th of February as the second of March. */
function isDay(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

/** Postgres writes a zone of whole hours without its minutes. */
function withZone(text: string): string {
  if (text.length === 10 || /[zZ]$|[+-]\d{2}:?\d{2}$/.test(text)) return text;
  return /:.*[+-]\d{2}$/.test(text) ? `${text}:00` : `${text}Z`;
}

function resourceOf(batch: Fields, fields: Fields): Attributes {
  const resource: Fields = {};
  for (const [field, name] of Object.entries(RESOURCE)) {
    const value = optionalText(fields, field) ?? optionalText(batch, field);
    if (value !== undefined) resource[name] = value;
  }
  return resource;
}

function idOf(fields: Fields, name: string): string {
  return (optionalText(fields, name) ?? '').toLowerCase().replaceAll('-', '');
}

function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new DecodeError(`${name} should be a text`);
  return value;
}

function requireObject(value: unknown, what = 'an entry'): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new DecodeError(`${what} should be an object`);
  return value as Fields;
}
