// Facts → rows. Each function takes one fact as the journal gave it (it may have been edited by hand) and what it needs
// beside it, and returns the row a sink writes. Throws MalformedFactError only; whatever can be done without is left out.

import {
  given,
  optionalInteger,
  optionalText,
  type PlaceColumns,
  placeColumns,
  requestColumns,
  traceColumns,
} from './columns.ts';
import { MalformedFactError, requireCount, requireObject, requireOneOf, requireText, requireUuid } from './errors.ts';
import type {
  AmendFact,
  CallFact,
  CrumbFact,
  ErrorFact,
  LedgerFact,
  LogFact,
  Occurrence,
  ResourceFact,
} from './fact.ts';
import { type FingerprintRule, messageTemplate } from './fingerprint/index.ts';
import { findRowKey } from './fingerprint/row-key.ts';
import { LEVELS } from './level.ts';
import { clampTime, cut, LIMITS, plainTags } from './limits.ts';
import { promote } from './promote.ts';
import type { AbsorbedRow, AmendmentRow, ErrorLogRow, HttpCallRow, LedgerRow, PromotedColumns } from './row.ts';
import { stackText } from './stack-text.ts';
import { LANGUAGE_TAG, OVERRIDE_TAG } from './stored-event.ts';

export { toHistogramRow } from './to-histogram-row.ts';

export interface RowOptions {
  columns: PromotedColumns;
  fingerprintRules?: readonly FingerprintRule[];
}

/**
 * One literal, absent columns undefined in it, so that rows are of one shape: 1 µs a row less than parts joined. And a copy of
 * it, for the sake of V8: deliver/line-item.ts.
 */
export function toErrorLogRow(fact: LogFact, resource: ResourceFact, options: RowOptions): ErrorLogRow {
  requireObject(fact, 'fact');
  const writer = writerOf(resource);
  const message = cut(requireText(fact.message, 'message'), LIMITS.message);
  const template = optionalText(fact.template, LIMITS.template);
  const error = readError(fact.error);
  const time = timeOf(fact.t);
  const { language } = writer;
  const key = findRowKey(
    {
      type: error?.type ?? '',
      code: error?.code,
      message: error?.message ?? message,
      stack: error?.stack,
      cause: error?.cause,
      errors: error?.errors,
      service: writer.service,
      language,
      override: typeof fact.fingerprint === 'string' ? fact.fingerprint : undefined,
      template: error === undefined ? template : undefined,
    },
    { rules: options.fingerprintRules },
  );
  const own: Record<string, unknown> = {};
  setGiven(own, 'rowtrace.time_given', optionalText(fact.tRaw, LIMITS.id) ?? time.tRaw);
  // So that it can be told later why the row has its key. Most are of Node; sniffing finds those without it.
  setGiven(own, LANGUAGE_TAG, language === 'nodejs' ? undefined : language);
  setGiven(own, OVERRIDE_TAG, optionalText(fact.fingerprint, LIMITS.tagValue));
  // First, since of too many the last are left out, and last, since nobody else says these.
  const tags = { ...own, ...writer.attributes, ...asTags(fact.tags), ...own };
  const placed = promote(plainTags(tags), options.columns);
  const request = requestColumns(fact);
  const trace = traceColumns(fact);
  const row = {
    process: writer.process,
    accepted: optionalCount(fact.n),
    merged: fact.n === undefined ? undefined : (optionalCount(fact.m) ?? 0),
    acceptance: writer.acceptance,
    event_id: requireUuid(fact.id, 'id'),
    occurrence: readOccurrence(fact.occurrence),
    created_at: time.t,
    level: requireOneOf(fact.level, LEVELS, 'level'),
    message,
    message_template: template ?? messageTemplate(message),
    stack_trace: error ? stackText(error) : optionalText(fact.stack, LIMITS.stack),
    breadcrumbs: readCrumbs(fact.crumbs),
    fingerprint: key.fingerprint,
    fingerprint_version: key.version,
    error_type: error && (optionalText(key.type, LIMITS.name) ?? 'Error'),
    error_code: error && optionalText(key.code, LIMITS.id),
    error_message: error && cut(error.message, LIMITS.message),
    issue_title: error && optionalText(firstLine(key.title), LIMITS.template),
    culprit: optionalText(key.culprit, LIMITS.name),
    service: writer.service,
    environment: writer.environment,
    release_version: writer.release_version,
    build_sha: writer.build_sha,
    route: request.route,
    function_name: optionalText(fact.fn, LIMITS.name) ?? functionOf(key.culprit),
    http_method: request.http_method,
    http_status: request.http_status,
    latency_ms: request.latency_ms,
    request_id: request.request_id,
    session_id: request.session_id,
    user_id: request.user_id,
    trace_id: trace.trace_id,
    span_id: trace.span_id,
    module: optionalText(fact.module, LIMITS.name),
    host: writer.host,
    pid: writer.pid,
    thread_id: optionalInteger(fact.threadId),
    tags: placed.tags,
    promoted: placed.promoted,
  };
  return copyOf(row);
}

/** A function, or the bundler takes a copy of a literal for that literal. */
function copyOf<T extends object>(row: T): T {
  return { ...row };
}

interface Writer extends PlaceColumns {
  language: string | undefined;
  process: string | undefined;
  acceptance: number | undefined;
  build_sha: string | undefined;
  host: string | undefined;
  pid: number | undefined;
  attributes: Record<string, unknown>;
}

let lastResource: ResourceFact | undefined;
let lastWriter: Writer | undefined;

/** What a row says of its writer. Those of one writer come one behind the other, and with one resource. */
function writerOf(resource: ResourceFact): Writer {
  if (lastWriter !== undefined && resource === lastResource) return lastWriter;
  lastWriter = {
    ...placeColumns(resource),
    language: optionalText(resource?.language, LIMITS.id),
    process: optionalText(resource?.process, LIMITS.id),
    acceptance: optionalInteger(resource?.acceptance),
    build_sha: optionalText(resource?.buildSha, LIMITS.id),
    host: optionalText(resource?.host, LIMITS.name),
    pid: optionalInteger(resource?.pid),
    attributes: asTags(resource?.attributes),
  };
  lastResource = resource;
  return lastWriter;
}

export function toAmendmentRows(fact: AmendFact): AmendmentRow[] {
  requireObject(fact, 'fact');
  if (!Array.isArray(fact.rows)) throw new MalformedFactError('rows', 'a list', fact.rows);
  const columns = given({
    ...requestColumns(fact),
    level: fact.level === undefined ? undefined : requireOneOf(fact.level, LEVELS, 'level'),
    module: optionalText(fact.module, LIMITS.name),
    tags: fact.tags === undefined ? undefined : plainTags(asTags(fact.tags)),
  });
  return fact.rows.map((row) => ({
    event_id: requireUuid((requireObject(row, 'rows') as typeof row).id, 'rows.id'),
    created_at: timeOf(row.t).t,
    ...columns,
  }));
}

export function toHttpCallRow(fact: CallFact, resource: ResourceFact, options: RowOptions): HttpCallRow {
  requireObject(fact, 'fact');
  const time = timeOf(fact.t);
  const weight = fact.weight;
  return {
    event_id: requireUuid(fact.id, 'id'),
    created_at: time.t,
    direction: requireOneOf(fact.direction, ['inbound', 'outbound'], 'direction'),
    ...given(placeColumns(resource)),
    ...given({
      ...requestColumns(fact),
      ...traceColumns(fact),
      peer: optionalText(fact.peer, LIMITS.name),
      error_type: optionalText(fact.errorType, LIMITS.name),
      request_bytes: optionalInteger(fact.requestBytes, 0, Number.MAX_SAFE_INTEGER),
      response_bytes: optionalInteger(fact.responseBytes, 0, Number.MAX_SAFE_INTEGER),
    }),
    weight: typeof weight === 'number' && Number.isFinite(weight) && weight > 0 ? weight : 1,
    ...promote(plainTags({ ...asTags(fact.tags), ...given({ 'rowtrace.time_given': time.tRaw }) }), options.columns),
  };
}

export function toLedgerRow(fact: LedgerFact, resource: ResourceFact): LedgerRow {
  requireObject(fact, 'fact');
  const dropped: Record<string, number> = {};
  for (const [reason, count] of Object.entries(asTags(fact.dropped)).slice(0, LIMITS.tags))
    dropped[cut(reason, LIMITS.id)] = requireCount(count, `dropped.${reason.slice(0, LIMITS.id)}`);
  return {
    process: cut(requireText(resource?.process, 'process'), LIMITS.id),
    service: placeColumns(resource).service,
    ...given({ host: optionalText(resource.host, LIMITS.name), pid: optionalInteger(resource.pid) }),
    seq: requireCount(fact.seq, 'seq'),
    updated_at: timeOf(fact.t).t,
    accepted: requireCount(fact.accepted, 'accepted'),
    merged: requireCount(fact.merged, 'merged'),
    dropped,
  };
}

/** The rows that this one replaces. */
export function toAbsorbedRows(fact: LogFact, resource: ResourceFact): AbsorbedRow[] {
  if (fact.absorbs === undefined) return [];
  if (!Array.isArray(fact.absorbs)) throw new MalformedFactError('absorbs', 'a list', fact.absorbs);
  return fact.absorbs.map((row) => ({
    ...given({ process: optionalText(resource?.process, LIMITS.id) }),
    event_id: requireUuid((requireObject(row, 'absorbs') as typeof row).id, 'absorbs.id'),
    created_at: timeOf(row.t).t,
    into: requireUuid(fact.id, 'id'),
    ...given({ ownAcceptance: optionalInteger(row.acceptance) }),
  }));
}

/** Those that are none are left out. */
function readCrumbs(value: unknown): CrumbFact[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read = value
    .slice(-LIMITS.tags)
    .filter(
      (crumb): crumb is CrumbFact =>
        Number.isFinite(crumb?.t) && typeof crumb.what === 'string' && crumb.what.length <= LIMITS.name,
    );
  return read.length > 0 ? read : undefined;
}

/** Capture clamps already; a hand-edited time is clamped again, and one that is no number cannot name a partition. */
function timeOf(t: unknown): { t: number; tRaw?: string } {
  if (typeof t !== 'number' || Number.isNaN(t)) throw new MalformedFactError('t', 'Unix milliseconds', t);
  return clampTime(Math.trunc(t));
}

function optionalCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function setGiven(tags: Record<string, unknown>, name: string, value: string | undefined): void {
  if (value !== undefined) tags[name] = value;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

function asTags(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Malformed is as good as absent: then the row stands for itself. */
function readOccurrence(value: unknown): Occurrence | undefined {
  const { key, frames, attempt, span, path, request, from, to, nth } = (value ?? {}) as Partial<Occurrence>;
  if (typeof key !== 'string' || !/^[0-9a-f]{32}$/.test(key) || typeof span !== 'string') return undefined;
  if (!Number.isFinite(from) || !Number.isFinite(to)) return undefined;
  const ids = Array.isArray(path) ? { path: path.filter((id) => typeof id === 'string').slice(0, LIMITS.tags) } : {};
  const again = Number.isSafeInteger(nth) && nth! > 0 ? { nth } : {};
  const around = typeof request === 'string' ? { request: cut(request, LIMITS.id) } : {};
  const stack = typeof frames === 'string' ? { frames: cut(frames, LIMITS.id) } : {};
  const alone = attempt === true ? { attempt } : {};
  return { key, ...stack, ...alone, span: cut(span, LIMITS.id), ...ids, ...around, from: from!, to: to!, ...again };
}

/** The error with texts where texts belong; its chain is checked where it is walked. */
function readError(value: unknown): ErrorFact | undefined {
  if (value === undefined || value === null) return undefined;
  const error = requireObject(value, 'error') as Partial<ErrorFact>;
  return {
    ...error,
    type: typeof error.type === 'string' ? error.type : '',
    message: typeof error.message === 'string' ? error.message : '',
    stack: typeof error.stack === 'string' ? error.stack : undefined,
    code: typeof error.code === 'string' || typeof error.code === 'number' ? String(error.code) : undefined,
  };
}

/** "charge (billing/charge.ts)" → "charge": where no carrier knows the function, the top frame of the service does. */
function functionOf(culprit: string | undefined): string | undefined {
  const name = culprit?.replace(/ \([^()]*\)$/, '');
  return name === undefined || name === '<anonymous>' ? undefined : optionalText(name, LIMITS.name);
}
