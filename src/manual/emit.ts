// The one way the helpers speak: a log record through OpenTelemetry, under whatever SDK is registered. Never throws.

import { type Attributes, context } from '@opentelemetry/api';
import { carriedOf, withThrown } from '../otel/context-keys.ts';
import { logsApi } from '../otel/lines.ts';
import { type Level, severityOfLevel } from '../record/level.ts';
import { errorType, isErrorLike, isObject, peek } from '../record/thrown.ts';

export interface Emission {
  level: Level;
  body: string;
  module: string;
  attributes?: Record<string, unknown>;
  /** Present, even as undefined, when something was thrown. */
  thrown?: { value: unknown };
}

export function emit({ level, body, module, attributes, thrown }: Emission): void {
  try {
    const active = context.active();
    const carried = carriedOf(active);
    const all = {
      ...carried?.tags,
      ...(carried?.userId === undefined ? {} : { 'user.id': carried.userId }),
      ...(carried?.sessionId === undefined ? {} : { 'session.id': carried.sessionId }),
      ...(thrown && exceptionAttributes(thrown.value)),
      ...attributes,
    };
    logsApi()
      .getLogger(module)
      .emit({
        severityNumber: severityOfLevel(level),
        severityText: level,
        body,
        attributes: all as Attributes,
        context: thrown === undefined ? active : withThrown(active, thrown.value),
      });
  } catch {
    // A helper that reports errors must not be one.
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
