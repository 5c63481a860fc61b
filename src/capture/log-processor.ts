// Log records in, facts out. Records at or above the level become rows; INFO below it is a breadcrumb of its request. One
// that carries an exception is another carrier of that exception.

import { type Context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { thrownOf } from '../otel/context-keys.ts';
import { stateOfContext } from '../otel/request-state.ts';
import { codeFunction, type Identity, readIdentity, recordTags } from '../record/attributes.ts';
import { errorOfAttributes, hasError } from '../record/error-of-attributes.ts';
import type { ErrorFact } from '../record/fact.ts';
import { isAtLeast, type Level, levelOfRecord, levelOfSeverity, severityOfLevel } from '../record/level.ts';
import { LIMITS, plainTags } from '../record/limits.ts';
import { clean } from '../record/scrub/clean.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { leaveWords } from './breadcrumbs.ts';
import type { Carrier } from './carrier.ts';
import { cleanName } from './clean-name.ts';
import { errorFact } from './error-fact.ts';
import { unixMillis } from './hr-time.ts';
import { isClaimed } from './loggers/claims.ts';
import { type ShownTexts, shownTextsOf } from './loggers/masked.ts';
import type { OnResource } from './on-resource.ts';
import type { OccurrenceTracker } from './tracker.ts';

export interface LogProcessorOptions {
  tracker: OccurrenceTracker;
  scrubber: Scrubber;
  /** Lowest level that becomes a row. */
  level: Level;
  /** Hears of each record whose it is. */
  onResource?: OnResource | undefined;
}

/** What is read of a record, of an SDK's or of one on its way there. */
export interface EmittedRecord {
  severityNumber?: number | undefined;
  severityText?: string | undefined;
  body?: unknown;
  attributes?: object | undefined;
  eventName?: string | undefined;
  exception?: unknown;
}

const NONE = {};
/** By instrumentations of loggers, into what is logged in a span; on a row they are columns. */
const INJECTED = ['trace_id', 'span_id', 'trace_flags'];

export class RowtraceLogProcessor implements LogRecordProcessor {
  readonly #options: LogProcessorOptions;
  #stopped = false;

  constructor(options: LogProcessorOptions) {
    this.#options = options;
  }

  /** Lets the SDK skip, before it builds them, records that are neither rows nor breadcrumbs. */
  enabled({ context, severityNumber }: { context: Context; severityNumber?: number }): boolean {
    if (this.#stopped) return false;
    if (typeof severityNumber !== 'number' || severityNumber === 0) return true;
    const level = levelOfSeverity(severityNumber);
    return isAtLeast(level, this.#options.level) || (isAtLeast(level, 'INFO') && stateOfContext(context) !== undefined);
  }

  onEmit(record: ReadableLogRecord, context?: Context): void {
    if (context === undefined) return;
    this.#options.onResource?.(record.resource);
    this.take(record, record.instrumentationScope.name, unixMillis(record.hrTime), context);
  }

  /** A record as it was emitted, from the logger `scope`. Never throws. */
  take(record: EmittedRecord, scope: string, timeMillis: number, context: Context): void {
    try {
      if (!this.#stopped && !isTracingSuppressed(context)) this.#emit(record, scope, timeMillis, context);
    } catch {
      this.#options.tracker.failed('internal_error');
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#stopped = true;
  }

  #emit(record: EmittedRecord, scope: string, time: number, context: Context): void {
    if (isClaimed(scope)) return;
    const attributes = (record.attributes ?? NONE) as Record<string, unknown>;
    const level = levelOf(record, attributes);
    if (!isAtLeast(level, this.#options.level)) {
      if (isAtLeast(level, 'INFO'))
        leaveWords(severityOfLevel(level), bodyText(record) ?? record.eventName, time, context);
      return;
    }
    const tags: Record<string, unknown> = {};
    recordTags(attributes, tags);
    if (tags.trace_id !== undefined && tags.trace_id === trace.getSpanContext(context)?.traceId)
      for (const key of INJECTED) delete tags[key];
    const identity: Identity = {};
    readIdentity(attributes, identity);
    const body = bodyText(record);
    const carrier: Carrier = {
      context,
      level,
      body,
      template: text(attributes['log.template'] ?? attributes['message.template']),
      module: text(attributes['logger.name']) ?? scope,
      fn: codeFunction(attributes),
      fingerprint: text(attributes['rowtrace.fingerprint']),
      time,
      tags,
      identity,
    };
    const { tracker, scrubber } = this.#options;
    const stack = text(attributes['code.stacktrace']);
    if (stack !== undefined) carrier.stack = clean(stack, this.#options.scrubber, LIMITS.stack);
    // An SDK turns the exception into attributes, which have lost its class, its causes and its identity.
    const thrown = record.exception === undefined ? thrownOf(context) : { value: record.exception };
    if (thrown !== undefined) {
      const shown = shownTextsOf(context);
      if (shown !== undefined) carrier.error = this.#shownError(shown);
      if (thrown.value === body && this.#isToldBySpan(thrown.value, context)) carrier.bySpan = true;
      tracker.thrown(thrown.value, carrier);
      return;
    }
    const error = errorOfAttributes(attributes, scrubber);
    // An event's name says less than the message of its error.
    carrier.body ??= error?.message ?? record.eventName ?? '';
    if (error === undefined) tracker.plain(carrier);
    else tracker.described(error, carrier);
  }

  /** A text that a span of the request recorded, logged without words of its own: the same throw, as among spans. */
  #isToldBySpan(text: unknown, context: Context): boolean {
    const carried = stateOfContext(context)?.request.carried ?? [];
    if (typeof text !== 'string' || carried.length === 0) return false;
    const said = clean(text, this.#options.scrubber);
    return carried.some(
      ({ byObject, mergeable, stack, message }) => !byObject && mergeable && stack === undefined && message === said,
    );
  }

  #shownError({ type, message, stack, whole }: ShownTexts): ErrorFact {
    const { scrubber } = this.#options;
    if (whole !== undefined) return errorFact(whole, scrubber);
    const fact: ErrorFact = { type: cleanName(type, scrubber), message: clean(message, scrubber) };
    if (stack !== undefined) fact.stack = clean(stack, scrubber, LIMITS.stack);
    return fact;
  }
}

/** Severity numbers given as words are common where nothing checks types. */
function levelOf(
  { severityNumber, severityText, exception }: EmittedRecord,
  attributes: Record<string, unknown>,
): Level {
  if (typeof severityNumber === 'number' && severityNumber !== 0) return levelOfSeverity(severityNumber);
  const word = typeof severityNumber === 'string' ? severityNumber : severityText;
  return levelOfRecord(undefined, word, exception !== undefined || hasError(attributes));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function bodyText(record: EmittedRecord): string | undefined {
  const { body } = record;
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return body;
  try {
    return JSON.stringify(body) ?? String(body);
  } catch {
    // A BigInt, a cycle, a getter that throws: the rest of it is still there.
    return JSON.stringify(Array.isArray(body) ? plainTags(body).value : plainTags(body));
  }
}
