// Loggers in, OpenTelemetry log records out: console and pino. Each hook hands the Error object along in the context, so
// that the log record and the span that saw the same Error make one row.

import { channel } from 'node:diagnostics_channel';
import { format } from 'node:util';
import { type Attributes, context } from '@opentelemetry/api';
import { withThrown } from '../otel/context-keys.ts';
import type { LineLogger } from '../otel/lines.ts';
import { isErrorLike, peek } from '../record/thrown.ts';

const WARN = 13;
const ERROR = 17;
const FATAL = 21;

export type ConsoleMode = 'errors' | 'all' | 'off';

/** Emits one log record; the thrown value rides in the context. Never throws. */
function emit(logger: LineLogger, severity: number, body: string, thrown: unknown, attributes?: Attributes): void {
  try {
    const active = context.active();
    logger.emit({
      severityNumber: severity,
      body,
      attributes,
      context: thrown === undefined ? active : withThrown(active, thrown),
    });
  } catch {
    // A logger must not throw into the code that logs.
  }
}

/** Wraps console.error and console.warn; output stays as it is. @returns how to undo it */
export function hookConsole(logger: LineLogger, mode: ConsoleMode): () => void {
  if (mode === 'off') return () => {};
  let busy = false;
  const undo = (['error', 'warn'] as const).map((method) => {
    const original = console[method];
    const wrapped = function (this: unknown, ...values: unknown[]): void {
      original.apply(this, values);
      // What a processor prints while it handles our record must not come back to it.
      if (busy) return;
      busy = true;
      try {
        const thrown = values.find(isErrorLike);
        if (thrown === undefined && mode === 'errors') return;
        const words = values.filter((value) => value !== thrown);
        const body = words.length > 0 ? format(...words) : String(peek(thrown, 'message'));
        emit(logger, method === 'error' ? ERROR : WARN, body, thrown);
      } catch {
        // As above: console must not throw because of us.
      } finally {
        busy = false;
      }
    };
    console[method] = wrapped;
    return () => {
      if (console[method] === wrapped) console[method] = original;
    };
  });
  return () => {
    for (const one of undo) one();
  };
}

interface PinoCall {
  instance: { bindings?: () => Record<string, unknown> };
  /** The object, the formatted text, the level number, the time. */
  arguments: [unknown, string | undefined, number, string];
}

/**
 * pino publishes each record before it is written (channel "tracing:pino_asJson:start", since pino 9.10 and 10): the
 * Error object is still there, ESM and CommonJS alike, and no module has to be patched.
 *
 * @param lowest lowest OpenTelemetry severity number that is of interest
 */
export function hookPino(logger: LineLogger, lowest: number): () => void {
  const start = channel('tracing:pino_asJson:start');
  const onRecord = (message: unknown): void => {
    try {
      const { instance, arguments: call } = message as PinoCall;
      const severity = severityOfPino(call[2]);
      if (severity < lowest) return;
      const [given, text] = call;
      const thrown = isErrorLike(given) ? given : firstError(given);
      const attributes = { ...instance.bindings?.(), ...(isErrorLike(given) ? {} : without(given, thrown)) };
      rename(attributes, 'name', 'logger.name');
      emit(logger, severity, text ?? String(peek(thrown, 'message') ?? ''), thrown, attributes as Attributes);
    } catch {
      // pino's caller must not see our mistakes.
    }
  };
  start.subscribe(onRecord);
  return () => start.unsubscribe(onRecord);
}

function severityOfPino(level: number): number {
  if (level >= 60) return FATAL;
  if (level >= 50) return ERROR;
  if (level >= 40) return WARN;
  return level >= 30 ? 9 : level >= 20 ? 5 : 1;
}

function firstError(given: unknown): unknown {
  for (const key of ['err', 'error']) {
    const value = peek(given, key);
    if (isErrorLike(value)) return value;
  }
  return undefined;
}

function without(given: unknown, thrown: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== thrown));
}

function rename(attributes: Record<string, unknown>, from: string, to: string): void {
  if (typeof attributes[from] !== 'string') return;
  attributes[to] = attributes[from];
  delete attributes[from];
}
