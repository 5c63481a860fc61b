// What all logger hooks share: one call of a logger in, one OpenTelemetry log record out. The value thrown rides in the
// context, so that the log record and the span that saw the same Error make one row.

import { format, inspect, types } from 'node:util';
import { type Attributes, type Context, context } from '@opentelemetry/api';
import { withThrown } from '../../otel/context-keys.ts';
import type { LineLogger } from '../../otel/lines.ts';
import { readable } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { withoutColours } from '../../util/colours.ts';
import { type ShownTexts, withShownTexts } from './masked.ts';
import { printedStack, stackAmong } from './printed-stack.ts';
import { tokensOf } from './tokens.ts';

export const TRACE = 1;
export const DEBUG = 5;
export const INFO = 9;
export const WARN = 13;
export const ERROR = 17;
export const FATAL = 21;

/** Where a logger's records go, and the lowest OpenTelemetry severity number that is of interest. */
export interface Tap {
  logger: LineLogger;
  lowest: number;
}

export interface LogCall {
  severity: number;
  /** The words as the logger formatted them; without any, the error's own. */
  body?: string | undefined;
  /** The words before they were formatted, where there was something to format. */
  template?: string | undefined;
  thrown?: unknown;
  /** What the logger shows of it, where that is something else. */
  shown?: ShownTexts | undefined;
  /** Name of the logger or module. */
  name?: string | undefined;
  attributes?: Record<string, unknown>;
  /** Of the call, where the record comes later. */
  context?: Context;
  /** Unix milliseconds. */
  time?: number;
}

/** Never throws: a logger must not throw into the code that logs. */
export function emit(logger: LineLogger, call: LogCall): void {
  try {
    const { thrown, shown, attributes = {} } = call;
    const told = thrown === undefined ? stackAmong(call.body, attributes) : undefined;
    if (told !== undefined) Object.assign(attributes, told.attributes);
    if (call.template !== undefined) attributes['log.template'] = call.template;
    if (call.name !== undefined) attributes['logger.name'] = call.name;
    const active = call.context ?? context.active();
    logger.emit({
      severityNumber: call.severity,
      body: told?.body ?? call.body ?? shown?.message ?? wordsOf(thrown),
      attributes: readable(attributes) as Attributes,
      timestamp: call.time,
      context: thrown === undefined ? active : withThrown(withShownTexts(active, shown), thrown),
    });
  } catch {
    // As above.
  }
}

/** Levels of bunyan and pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
export function severityOfNumber(level: number): number {
  if (level >= 60) return FATAL;
  if (level >= 50) return ERROR;
  if (level >= 40) return WARN;
  return level >= 30 ? INFO : level >= 20 ? DEBUG : TRACE;
}

const ERROR_KEYS = ['err', 'error', 'e', 'exception', 'cause', 'reason'];

/** The Error that an object of fields is about, and the key it is under. */
export function errorIn(fields: unknown): { key: string; thrown: unknown } | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  for (const key of ERROR_KEYS) {
    const thrown = peek(fields, key);
    if (isErrorLike(thrown)) return { key, thrown };
  }
  return undefined;
}

/** Arguments of a call of which one is the Error, its stack as a text, or an object of fields that is about it. */
export function inArguments(
  values: readonly unknown[],
): Pick<LogCall, 'thrown' | 'body' | 'template'> & { attributes?: Record<string, unknown> } {
  const thrown = values.find(isErrorLike) ?? values.map(errorIn).find(isObject)?.thrown;
  const printed = thrown === undefined ? printedStack(values) : undefined;
  if (printed === undefined) return { thrown, ...inWords(values, thrown) };
  return { ...inWords(printed.words), attributes: printed.attributes };
}

function wordsOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : String(peek(thrown, 'message') ?? '');
}

/** Keys of all objects in one value, as deep as util.format goes: what is beyond would be cut from the words anyway. */
const MAX_KEYS = 1_000;
const MAX_ITEMS = 100;
const DEPTH = 2;

/**
 * util.format bounds lists and texts, not the keys of objects: 60,000 of them took 270 ms, after the logger's own 180. The
 * logger formats for itself and hands over nothing, so that our words are formatted a second time, custom inspection
 * included: instead of it, what an object hides by it would be in the row.
 */
function inBounds(value: unknown): unknown {
  try {
    return isObject(value) && keysLeft(value, MAX_KEYS, DEPTH) < 0 ? `[${nameOf(value)}]` : value;
  } catch {
    return value;
  }
}

/** As util.inspect names what is too deep. */
function nameOf(value: object): string {
  const name = peek(peek(value, 'constructor'), 'name');
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

/** How many of `most` keys are left when those of `value` are counted. Runs no getter and asks no proxy. */
function keysLeft(value: object, most: number, depth: number): number {
  if (types.isProxy(value) || ArrayBuffer.isView(value)) return most;
  // It says for itself what it shows.
  if (typeof peek(value, inspect.custom) === 'function') return most;
  let left = most;
  const look = (item: unknown): void => {
    if (isObject(item) && depth > 0 && left >= 0) left = keysLeft(item, left, depth - 1);
  };
  if (Array.isArray(value) || types.isSet(value) || types.isMap(value)) {
    let seen = 0;
    for (const item of Array.isArray(value) ? value.slice(0, MAX_ITEMS) : value.values()) {
      if (++seen > MAX_ITEMS) break;
      left--;
      look(item);
    }
    return left;
  }
  const keys = Object.keys(value);
  left -= keys.length;
  if (left < 0) return left;
  for (const key of keys) look(Object.getOwnPropertyDescriptor(value, key)?.value);
  return left;
}

/**
 * Arguments in the manner of util.format, with the error's message where it is asked for and without the error where it
 * is only added: its stack has a column of its own.
 */
export function inWords(values: readonly unknown[], thrown?: unknown): { body?: string; template?: string } {
  const [first, ...rest] = values;
  const tokens = typeof first === 'string' ? tokensOf(first) : 0;
  const words: unknown[] = first === thrown && thrown !== undefined ? [] : [first];
  for (const [at, value] of rest.entries()) {
    if (value !== thrown || thrown === undefined) words.push(value);
    else if (at < tokens) words.push(String(peek(thrown, 'message')));
  }
  if (values.length === 0 || words.length === 0) return {};
  const body = withoutColours(format(...words.map(inBounds)));
  if (thrown !== undefined && isMark(body)) return {};
  return tokens > 0 && rest.length > 0 ? { body, template: withoutColours(first as string) } : { body };
}

/** "⨯", "!!", "Error:", "[ERR]" (graphql-yoga's own logger): a mark before the error, no words. */
function isMark(text: string): boolean {
  return (
    !/[\p{L}\p{N}]/u.test(text) || /^\W{0,3}(?:err|error|warn|warning|fatal|critical|exception)\W{0,3}$/i.test(text)
  );
}
