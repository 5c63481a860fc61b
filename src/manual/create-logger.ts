// createLogger: a logger of five levels that emits OpenTelemetry log records.

import type { Level } from '../record/level.ts';
import { isErrorLike, isObject } from '../record/thrown.ts';
import { copied, emit, messageOf } from './emit.ts';

export interface LogDetails {
  /** The error the line is about. */
  error?: unknown;
  /** Where there is no Error object: its message … */
  errorMessage?: string | undefined;
  /** … and its stack. */
  stackTrace?: string | undefined;
  /** Without an error: keep the stack of the caller. */
  stack?: boolean | undefined;
  extra?: Record<string, unknown> | undefined;
}

/** An Error in place of the message or of the details is the error the line is about. */
type Log = (message: string | Error, details?: LogDetails | Error) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
  fatal: Log;
}

/** @param options.module name on every row; "app" where it is left out */
export function createLogger(options: { module: string }): Logger {
  const { module = 'app' } = copied(options);
  const at = (level: Level): Log => {
    const log: Log = (line, given) =>
      emit(() => {
        const details = detailsOf(given);
        if (isErrorLike(line)) details.error ??= line;
        const message = isErrorLike(line) ? messageOf(line) : line;
        const attributes = copied(details.extra);
        if (details.errorMessage !== undefined) attributes['exception.message'] = details.errorMessage;
        if (details.stackTrace !== undefined) {
          attributes['exception.stacktrace'] = details.stackTrace;
          attributes['exception.message'] ??= message;
        }
        if (details.stack && details.error === undefined && details.stackTrace === undefined)
          attributes['code.stacktrace'] = callerStack(message, log);
        const thrown = 'error' in details && details.error !== undefined ? { value: details.error } : undefined;
        return { level, body: message, module, attributes, thrown };
      });
    return log;
  };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARNING'), error: at('ERROR'), fatal: at('CRITICAL') };
}

/** JavaScript gives what it likes: an error as other loggers take it, or a text or a number, which is worth keeping. */
function detailsOf(given: unknown): LogDetails {
  if (isErrorLike(given)) return { error: given };
  if (!isObject(given)) return given === undefined || given === null ? {} : { extra: { details: given } };
  const { err, ...details } = copied<LogDetails & { err?: unknown }>(given);
  if (isErrorLike(err)) details.error ??= err;
  return details;
}

/** The stack from the caller of `above` on. */
function callerStack(message: string, above: Log): string | undefined {
  const holder: { name: string; message: string; stack?: string } = { name: 'Log', message };
  Error.captureStackTrace(holder, above);
  return holder.stack;
}
