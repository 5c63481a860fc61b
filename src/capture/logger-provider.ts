// The logger provider of the preload: records go to our processor as they are emitted. The SDK's makes an object of each,
// with limits, trace context and attributes checked one by one, for 1.9 µs a record (all that is ours takes 3.3 µs); it is
// registered only where the application asks for exporters of its own.

import { type Context, context, type TimeInput } from '@opentelemetry/api';
import { timeInputToHrTime } from '@opentelemetry/core';
import { peek } from '../record/thrown.ts';
import { unixMillis } from './hr-time.ts';
import type { EmittedRecord, RowtraceLogProcessor } from './log-processor.ts';

/** As the logs API of either line gives it. */
interface LogRecord extends EmittedRecord {
  timestamp?: TimeInput;
  context?: Context;
}

/** Names may be data (`job-${id}`): from here on a logger is made for each call. */
const MAX_LOGGERS = 1000;

export class RowtraceLoggerProvider {
  readonly #processor: RowtraceLogProcessor;
  readonly #loggers = new Map<string, RowtraceLogger>();

  constructor(processor: RowtraceLogProcessor) {
    this.#processor = processor;
  }

  /** One a name, as long as they are few: nothing of a row depends on the version. */
  getLogger(name = 'unknown'): RowtraceLogger {
    let logger = this.#loggers.get(name);
    if (logger === undefined) {
      logger = new RowtraceLogger(name, this.#processor);
      if (this.#loggers.size < MAX_LOGGERS) this.#loggers.set(name, logger);
    }
    return logger;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    await this.#processor.shutdown();
  }
}

class RowtraceLogger {
  readonly #name: string;
  readonly #processor: RowtraceLogProcessor;

  constructor(name: string, processor: RowtraceLogProcessor) {
    this.#name = name;
    this.#processor = processor;
  }

  emit(record: LogRecord): void {
    const given = (peek(record, 'context') as Context | undefined) ?? context.active();
    this.#processor.take(record, this.#name, timeOf(record), given);
  }

  enabled(record?: { context?: Context; severityNumber?: number }): boolean {
    const severityNumber = peek(record, 'severityNumber') as number;
    return this.#processor.enabled({
      severityNumber,
      context: (peek(record, 'context') as Context | undefined) ?? context.active(),
    });
  }
}

function timeOf(record: LogRecord): number {
  try {
    const { timestamp } = record;
    return timestamp === undefined ? Date.now() : unixMillis(timeInputToHrTime(timestamp));
  } catch {
    // No time at all, or one that cannot be read; the record matters more.
    return Date.now();
  }
}
