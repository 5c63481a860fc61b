// The one way the helpers speak: a log record through OpenTelemetry, under whatever SDK is registered. Never throws.

import { type Attributes, type Context, context } from '@opentelemetry/api';
import { carriedOf, withThrown } from '../otel/context-keys.ts';
import { type LineLogger, logsApi } from '../otel/lines.ts';
import { type Level, severityOfLevel } from '../record/level.ts';
import { readable } from '../record/limits.ts';
import { errorType, isErrorLike, isObject, peek } from '../record/thrown.ts';

export interface Emission {
  level: Level;
  body: string;
  module: string;
  attributes?: Record<string, unknown>;
  /** Present, even as undefined, when something was thrown. */
  thrown?: { value: unknown };
}

/** False only where a record of that level is certain to be dropped. */
export function isWanted(level: Level, module: string): boolean {
  try {
    return isOpen(logsApi().getLogger(module), level, context.active());
  } catch {
    return true;
  }
}

/** @param build makes the record of what the application gave, which may throw when it is read */
export function emit(build: () => Emission): void {
  try {
    const { level, body, module, attributes, thrown } = build();
    const active = context.active();
    const logger = logsApi().getLogger(module);
    if (!isOpen(logger, level, active)) return;
    const carried = carriedOf(active);
    const all = {
      ...carried?.tags,
      ...(carried?.userId === undefined ? {} : { 'user.id': carried.userId }),
      ...(carried?.sessionId === undefined ? {} : { 'session.id': carried.sessionId }),
      ...(thrown && exceptionAttributes(thrown.value)),
      ...attributes,
    };
    logger.emit({
      severityNumber: severityOfLevel(level),
      severityText: level,
      body,
      attributes: readable(all) as Attributes,
      context: thrown === undefined ? active : withThrown(active, thrown.value),
    });
  } catch {
    // A helper that reports errors must not be one.
  }
}

/**
 * A copy of options or attributes that the application gave: empty where it gave none (JavaScript gives null, too), and a
 * getter that throws costs its own only.
 */
export function copied<T extends object = Record<string, unknown>>(given: T | null | undefined): T {
  if (!isObject(given)) return {} as T;
  try {
    return { ...given } as T;
  } catch {}
  try {
    return Object.fromEntries(Object.keys(given).map((key) => [key, peek(given, key)])) as T;
  } catch {
    return {} as T;
  }
}

/** A logger of another SDK may know the question and fail at it. */
function isOpen(logger: LineLogger, level: Level, active: Context): boolean {
  try {
    return logger.enabled?.({ severityNumber: severityOfLevel(level), context: active }) !== false;
  } catch {
    return true;
  }
}

/** Under another SDK only attributes arrive; the class name is what groups, so it is not left to `code`. */
function exceptionAttributes(value: unknown): Record<string, unknown> {
  if (!isObject(value))
    return { 'exception.type': value === null ? 'null' : typeof value, 'exception.message': text(value) };
  return {
    'exception.type': errorType(value),
    'exception.message': text(peek(value, 'message')),
    ...(isErrorLike(value) ? { 'exception.stacktrace': value.stack } : {}),
  };
}

export function messageOf(value: unknown): string {
  const message = isObject(value) ? peek(value, 'message') : value;
  return text(message) || 'error without a message';
}

function text(value: unknown): string {
  try {
    return value === undefined ? '' : String(value);
  } catch {
    return '';
  }
}
