// Log records in, facts out. Only records at or above the level are looked at; one that carries an exception is another
// carrier of that exception.

import type { Context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { thrownOf } from '../otel/context-keys.ts';
import { isAtLeast, type Level, levelOfSeverity, levelOfText } from '../record/level.ts';
import { LIMITS } from '../record/limits.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { type Identity, readIdentity, recordTags } from './attributes.ts';
import { clean } from './error-fact.ts';
import { unixMillis } from './hr-time.ts';
import { isClaimed } from './loggers/claims.ts';
import { errorOfAttributes } from './span-processor.ts';
import type { Carrier, OccurrenceTracker } from './tracker.ts';

export interface LogProcessorOptions {
  tracker: OccurrenceTracker;
  scrubber: Scrubber;
  /** Lowest level that becomes a row. */
  level: Level;
}

export class RowtraceLogProcessor implements LogRecordProcessor {
  readonly #options: LogProcessorOptions;
  #stopped = false;

  constructor(options: LogProcessorOptions) {
    this.#options = options;
  }

  /** Lets the SDK skip records below the level before it builds them. */
  enabled(record: { context: Context; severityNumber?: number }): boolean {
    return (
      !this.#stopped &&
      (!record.severityNumber || isAtLeast(levelOfSeverity(record.severityNumber), this.#options.level))
    );
  }

  onEmit(record: ReadableLogRecord, context?: Context): void {
    try {
      if (!this.#stopped && context !== undefined && !isTracingSuppressed(context)) this.#emit(record, context);
    } catch {
      this.#options.tracker.failed('internal_error');
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#stopped = true;
  }

  #emit(record: ReadableLogRecord, context: Context): void {
    const level = record.severityNumber ? levelOfSeverity(record.severityNumber) : levelOfText(record.severityText);
    if (!isAtLeast(level, this.#options.level) || isClaimed(record.instrumentationScope.name)) return;
    const attributes = record.attributes as Record<string, unknown>;
    const tags: Record<string, unknown> = {};
    recordTags(attributes, tags);
    const identity: Identity = {};
    readIdentity(attributes, identity);
    const body = bodyText(record);
    const carrier: Carrier = {
      context,
      level,
      body,
      template: text(attributes['log.template'] ?? attributes['message.template']),
      module: text(attributes['logger.name']) ?? record.instrumentationScope.name,
      fn: text(attributes['code.function.name'] ?? attributes['code.function']),
      fingerprint: text(attributes['rowtrace.fingerprint']),
      time: unixMillis(record.hrTime),
      tags,
      identity,
    };
    const { tracker, scrubber } = this.#options;
    const stack = text(attributes['code.stacktrace']);
    if (stack !== undefined) carrier.stack = clean(stack, this.#options.scrubber, LIMITS.stack);
    const thrown = thrownOf(context);
    const error = thrown === undefined ? errorOfAttributes(attributes, scrubber) : undefined;
    if (thrown !== undefined) tracker.thrown(thrown.value, carrier);
    else if (error !== undefined) tracker.described(error, { ...carrier, body: body ?? error.message });
    else tracker.plain({ ...carrier, body: body ?? '' });
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function bodyText(record: ReadableLogRecord): string | undefined {
  const { body } = record;
  if (body === undefined || body === null) return (record as { eventName?: string }).eventName;
  if (typeof body === 'string') return body;
  try {
    return JSON.stringify(body) ?? String(body);
  } catch {
    return String(body);
  }
}
