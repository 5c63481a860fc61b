// winston 3's records in, log records out. Taken in Logger#write: there the Error object is still at hand, and the call
// of the logger (with its request) is on the stack; formats and transports may run later.

import { types } from 'node:util';
import type { LineLogger } from '../../otel/lines.ts';
import { plainTags } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { DEBUG, ERROR, emit, errorIn, FATAL, INFO, inWords, type LogCall, type Tap, tokensOf, WARN } from './emit.ts';

type Info = Record<PropertyKey, unknown>;

interface WinstonLogger {
  levels?: Record<string, number>;
  silent?: boolean;
  defaultMeta?: Record<string, unknown> | null;
  isLevelEnabled(level: string): boolean;
  write(info: Info, ...rest: unknown[]): unknown;
  push(info: unknown, ...rest: unknown[]): unknown;
  child(meta: object): WinstonLogger;
}

export const WINSTON_MODULES = ['winston'];

/** Names of the npm, syslog and cli levels. */
const SEVERITIES: Readonly<Record<string, number>> = {
  emerg: FATAL,
  alert: FATAL,
  crit: FATAL,
  fatal: FATAL,
  error: ERROR,
  warning: WARN,
  warn: WARN,
  notice: INFO,
  info: INFO,
  http: INFO,
  help: INFO,
  data: INFO,
  verbose: DEBUG,
  debug: DEBUG,
  silly: 1,
  trace: 1,
  prompt: 1,
  input: 1,
};

// Symbols of the triple-beam package.
const LEVEL = Symbol.for('level');
const SPLAT = Symbol.for('splat');

let tap: Tap | undefined;
let hooked = false;
/** The Error that a child logger is about to copy into a plain object. */
let copied: unknown;
/** The record being written, and what the formats made of it in the meantime. */
let writing: { formatted?: unknown } | undefined;

/** @returns how to undo it */
export function hookWinston(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  if (hooked) claim('winston');
  return () => {
    tap = undefined;
    disclaim('winston');
  };
}

const patched = new WeakSet<object>();

export function patchWinston(exports: unknown): void {
  const prototype = peek(peek(exports, 'Logger'), 'prototype') as WinstonLogger | undefined;
  if (typeof prototype?.write !== 'function' || typeof prototype.child !== 'function' || patched.has(prototype)) return;
  patched.add(prototype);
  hooked = true;
  if (tap !== undefined) claim('winston');
  const { write, push, child } = prototype;
  define(prototype, 'write', function (this: WinstonLogger, info: Info, ...rest: unknown[]) {
    const call = tap === undefined ? undefined : callOf(this, info, tap.lowest);
    if (call === undefined) return write.call(this, info, ...rest);
    const outer = writing;
    const mine: { formatted?: unknown } = {};
    writing = mine;
    try {
      return write.call(this, info, ...rest);
    } finally {
      writing = outer;
      finish(call, this, info, mine);
    }
  });
  define(prototype, 'push', function (this: WinstonLogger, info: unknown, ...rest: unknown[]) {
    if (writing !== undefined && !('formatted' in writing)) writing.formatted = info;
    return push.call(this, info, ...rest);
  });
  define(prototype, 'child', function (this: WinstonLogger, ...meta: [object]) {
    const made = child.apply(this, meta);
    return isObject(made) && Object.hasOwn(made, 'write') ? keepErrors(made) : made;
  });
}

function define(prototype: object, name: string, value: unknown): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * A child logger writes a copy of what it is given; the copy of an Error is none. The child's own `write` cannot be
 * replaced (it is an own property, fixed), so that the application gets an heir of the child.
 */
function keepErrors(child: WinstonLogger): WinstonLogger {
  const write = function (this: unknown, info: Info, ...rest: unknown[]): unknown {
    const outer = copied;
    if (isError(info)) copied = info;
    try {
      return child.write(info, ...rest);
    } finally {
      copied = outer;
    }
  };
  return Object.create(child, { write: { value: write } });
}

/**
 * What has to be read before formats run: some of them take the arguments apart. A level below
 * `lowest` ends here, as a breadcrumb: no difference that could be told from noise (5 µs a record with and without).
 */
function callOf(logger: WinstonLogger, info: Info, lowest: number): PendingCall | undefined {
  try {
    if (!isObject(info)) return undefined;
    const level = (info[LEVEL] ?? info.level) as string;
    const known = Object.hasOwn(SEVERITIES, level) ? SEVERITIES[level] : undefined;
    const severity = known ?? (logger.levels?.[level] === 0 ? ERROR : INFO);
    if (logger.silent || !logger.isLevelEnabled(level)) return undefined;
    if (severity < lowest) {
      leaveWords(severity, info.message);
      return undefined;
    }
    const splat = Array.isArray(info[SPLAT]) ? [...(info[SPLAT] as unknown[])] : [];
    const thrown = thrownIn(info, splat);
    const own = isObject(thrown) && (thrown === info || thrown === copied || splat.includes(thrown));
    const call: PendingCall = { severity, thrown, ...wordsOf(info, splat, thrown), splat };
    if (own) call.keysOfThrown = Object.keys(thrown);
    return call;
  } catch {
    return undefined;
  }
}

interface PendingCall extends LogCall {
  splat: unknown[];
  /** Its own fields, which winston copies into the record. */
  keysOfThrown?: string[];
}

function thrownIn(info: Info, splat: readonly unknown[]): unknown {
  if (isError(info)) return info;
  if (copied !== undefined) return copied;
  const given = splat.find(isErrorLike);
  if (given !== undefined) return given;
  if (isErrorLike(info.message)) return info.message;
  for (const fields of [info, ...splat]) {
    const error = errorIn(fields);
    if (error !== undefined) return error.thrown;
  }
  return undefined;
}

/** A record with a message and a stack looks like an Error and is none. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function wordsOf(info: Info, splat: unknown[], thrown: unknown): { body?: string; template?: string } {
  const { message } = info;
  if (thrown !== undefined && (thrown === info || thrown === copied || thrown === message)) return {};
  if (info.exception === true || info.rejection === true) return {};
  if (typeof message !== 'string')
    return isObject(message) ? { body: JSON.stringify(plainTags(message)) } : inWords([message]);
  const tokens = tokensOf(message);
  if (tokens > 0 && splat.length > 0) return inWords([message, ...splat.slice(0, tokens)], thrown);
  // winston adds the message of an error given as metadata to the words.
  const added = splat.length > 0 ? ` ${String(peek(splat[0], 'message'))}` : undefined;
  return { body: added !== undefined && message.endsWith(added) ? message.slice(0, -added.length) : message };
}

/** Fields as the logger's formats leave them (a format may mask), as they were given where the formats have yet to run. */
function finish(pending: PendingCall, logger: WinstonLogger, info: Info, { formatted }: { formatted?: unknown }): void {
  // A format that returns nothing has filtered the record out.
  if (tap === undefined || formatted === false || formatted === null) return;
  try {
    const { splat, keysOfThrown, ...call } = pending;
    const fields = (isObject(formatted) ? formatted : info) as Info;
    const meta = logger.defaultMeta ?? {};
    const attributes: Info = {};
    if (info.exception !== true && info.rejection !== true)
      for (const key in fields)
        if (
          Object.hasOwn(fields, key) &&
          !isColumn(key, fields[key], call.thrown) &&
          (key in meta || !keysOfThrown?.includes(key))
        )
          attributes[key] = fields[key];
    call.name = nameOf(fields, attributes, meta, splat[0]);
    call.attributes = plainTags(attributes);
    emit(tap.logger, call);
  } catch {
    // winston's caller must not see our mistakes.
  }
}

const COLUMNS = new Set(['level', 'message', 'timestamp', 'splat', 'trace_id', 'span_id', 'trace_flags']);

function isColumn(key: string, value: unknown, thrown: unknown): boolean {
  if (COLUMNS.has(key) || value === undefined || typeof value === 'function') return true;
  return (
    thrown !== undefined &&
    (value === thrown || key === 'stack' || (key === 'cause' && value === peek(thrown, 'cause')))
  );
}

/** From bindings, `defaultMeta` and format.label(), not from the fields of one call. */
function nameOf(fields: Info, attributes: Info, meta: Record<string, unknown>, given: unknown): string | undefined {
  for (const key of ['module', 'logger', 'name', 'label', 'service']) {
    const value = key === 'name' ? meta[key] : fields[key];
    if (typeof value !== 'string' || (isObject(given) && Object.hasOwn(given, key))) continue;
    delete attributes[key];
    return value;
  }
  return undefined;
}
