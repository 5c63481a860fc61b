// logCalls: a function or method whose calls are log records: arguments, duration, outcome.

import { format } from 'node:util';
import { type Level, levelNamed } from '../record/level.ts';
import { copied, emit, isWanted } from './emit.ts';
import { type AnyFunction, decorator, type MethodDecorator, wrap } from './wrap.ts';

export interface LogCallsOptions {
  /** Of calls that end well; failures are ERROR. Default "DEBUG": below the usual level of rows. */
  level?: Level | undefined;
  module?: string | undefined;
  /** Arguments left out: all of them (true), or those at these positions. Secrets are masked in any case. */
  redact?: boolean | readonly number[] | undefined;
}

/** Enough to tell calls apart; long arguments belong elsewhere. */
const SHOWN = 200;

export function logCalls<F extends AnyFunction>(work: F, options?: LogCallsOptions): F;
export function logCalls(options?: LogCallsOptions): MethodDecorator;
export function logCalls(
  given?: AnyFunction | LogCallsOptions,
  options?: LogCallsOptions,
): AnyFunction | MethodDecorator {
  if (typeof given === 'function') return logging(given, given.name, options);
  return decorator((method, name) => logging(method, name, given));
}

function logging(work: AnyFunction, workName: string, options?: LogCallsOptions): AnyFunction {
  const { level: given, module = 'app', redact = false } = copied(options);
  const level = levelNamed(given, 'DEBUG');
  const name = workName || 'anonymous';
  const report = (outcome: Level, verb: string, call: Call, thrown?: { value: unknown }): void =>
    emit(() => ({
      level: outcome,
      body: `${name} ${verb}`,
      module,
      thrown,
      attributes: {
        'code.function.name': name,
        'call.arguments': call.shown ?? shown(call.values, redact),
        'call.duration_ms': Math.round(performance.now() - call.startedAt),
      },
    }));
  return wrap(work, {
    // Arguments as they are before the call, which may change them; where nobody wants the record they are not looked at.
    enter: (values): Call => ({
      startedAt: performance.now(),
      values,
      shown: isWanted(level, module) ? shown(values, redact) : undefined,
    }),
    done(call) {
      if ((call as Call).shown !== undefined) report(level, 'returned', call as Call);
    },
    failed(thrown, call, again) {
      if (!again) report('ERROR', 'failed', call as Call, { value: thrown });
      throw thrown;
    },
  });
}

interface Call {
  startedAt: number;
  values: unknown[];
  shown: string[] | undefined;
}

function shown(values: unknown[], redact: boolean | readonly number[]): string[] {
  // What plain JavaScript gives may be neither: somebody wanted something hidden.
  if (redact !== false && redact !== null && !Array.isArray(redact)) return values.map(() => '[redacted]');
  return values.map((value, at) => {
    if (Array.isArray(redact) && redact.includes(at)) return '[redacted]';
    try {
      const text = isPlain(value) ? String(value) : format('%O', value);
      return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    } catch {
      return '[unreadable]';
    }
  });
}

/** Formatting takes 3 µs also for a number. */
function isPlain(value: unknown): boolean {
  return value === undefined || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
