// winston 3's records in, log records out. The call is taken in Logger#write: there the Error object is still at hand, and
// the request of the call. What is told of it is what the logger's formats leave, which may mask: they run in #_transform,
// within the call or, where the transports are behind, later.

import { setTimeout } from 'node:timers';
import { context } from '@opentelemetry/api';
import type { LineLogger } from '../../otel/lines.ts';
import { stateOfContext } from '../../otel/request-state.ts';
import { plainTags } from '../../record/limits.ts';
import { isObject, peek } from '../../record/thrown.ts';
import { replaceMethod } from '../alike.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { emit, INFO, type Tap } from './emit.ts';
import { severityAmong, severityNamed } from './levels.ts';
import { type Info, isError, readCall, shownOf, type WinstonCall, withheld, wordsShown } from './winston-call.ts';

interface WinstonLogger {
  levels?: Record<string, number>;
  silent?: boolean;
  defaultMeta?: Record<string, unknown> | null;
  level?: string;
  transports?: readonly { silent?: boolean; level?: string }[];
  isLevelEnabled(level: string): boolean;
  write(info: Info, ...rest: unknown[]): unknown;
  push(info: unknown, ...rest: unknown[]): unknown;
  _transform(info: Info, ...rest: unknown[]): unknown;
  child(meta: object): WinstonLogger;
}

// Symbol of the triple-beam package.
const LEVEL = Symbol.for('level');

let tap: Tap | undefined;
let hooked = false;
/** The Error that a child logger is about to copy into a plain object. */
let copied: unknown;
/** The record whose formats run, and the logger that is to push what they leave. */
let writing: { call: WinstonCall; logger: WinstonLogger } | undefined;

/** @returns how to undo it */
export function hookWinston(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  if (hooked) claim('winston');
  return () => {
    tellAll();
    process.removeListener('exit', tellAll);
    isExitWatched = false;
    tap = undefined;
    disclaim('winston');
  };
}

/** The running call of write(): its formats run within it, unless the transports are behind. */
let entering: { call: WinstonCall; info: Info } | undefined;
/** By record: calls whose formats have yet to run. */
const waiting = new WeakMap<object, WinstonCall[]>();
const patched = new WeakSet<object>();

export function patchWinston(exports: unknown): void {
  const prototype = peek(peek(exports, 'Logger'), 'prototype') as WinstonLogger | undefined;
  if (typeof prototype?.write !== 'function' || typeof prototype._transform !== 'function' || patched.has(prototype))
    return;
  patched.add(prototype);
  hooked = true;
  if (tap !== undefined) claim('winston');
  const { write, push, child, _transform } = prototype;
  replaceMethod(prototype, 'write', function (this: WinstonLogger, info: Info, ...rest: unknown[]) {
    const error = copied;
    // What formats and transports log within is about something else.
    copied = undefined;
    const call = tap === undefined ? undefined : callOf(this, info, tap.lowest, error);
    if (call === undefined) return write.call(this, info, ...rest);
    const outer = entering;
    entering = { call, info };
    try {
      return write.call(this, info, ...rest);
    } finally {
      entering = outer;
      if (!call.taken) hold(call, info);
    }
  });
  replaceMethod(prototype, '_transform', function (this: WinstonLogger, info: Info, ...rest: unknown[]) {
    const call = entering?.info === info ? entering.call : waiting.get(info)?.shift();
    if (call === undefined) return _transform.call(this, info, ...rest);
    const outer = writing;
    writing = { call, logger: this };
    try {
      return _transform.call(this, info, ...rest);
    } finally {
      writing = outer;
      // Nothing is pushed where a format throws.
      finish(call, this, undefined);
    }
  });
  replaceMethod(prototype, 'push', function (this: WinstonLogger, info: unknown, ...rest: unknown[]) {
    // Before the transports have it: one may end the process. Formats may log to others, which push as well.
    if (writing?.logger === this) finish(writing.call, this, info);
    return push.call(this, info, ...rest);
  });
  replaceMethod(prototype, 'child', function (this: WinstonLogger, ...meta: [object]) {
    const made = child.apply(this, meta);
    return isObject(made) && Object.hasOwn(made, 'write') ? keepErrors(made) : made;
  });
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
 * What has to be read before formats run: some of them take the arguments apart. A level below `lowest` is of interest in a
 * request only, as a breadcrumb.
 */
function callOf(logger: WinstonLogger, info: Info, lowest: number, error: unknown): WinstonCall | undefined {
  try {
    if (!isObject(info)) return undefined;
    const level = (info[LEVEL] ?? info.level) as string;
    const severity = severityOf(logger, level);
    const isCrumb = severity < lowest;
    if (isCrumb && (severity < INFO || stateOfContext(context.active()) === undefined)) return undefined;
    if (logger.silent || !logger.isLevelEnabled(level) || !isTaken(logger, level)) return undefined;
    const call: WinstonCall = {
      severity,
      isCrumb,
      context: context.active(),
      time: Date.now(),
      isLate: false,
      taken: false,
    };
    if (!isCrumb) readCall(call, info, error);
    return call;
  } catch {
    return undefined;
  }
}

/** winston asks a transport that is silent for its level, too. */
function isTaken({ transports = [], levels = {}, level: own = '' }: WinstonLogger, level: string): boolean {
  if (transports.length === 0) return true;
  return transports.some((one) => !one.silent && !(levels[one.level || own]! < levels[level]!));
}

/** winston counts from the worst on. */
function severityOf({ levels = {} }: WinstonLogger, level: string): number {
  const isAtLeast = (one: string, other: string): boolean => levels[one]! <= levels[other]!;
  return severityNamed(level) ?? severityAmong(level, Object.keys(levels), isAtLeast);
}

/** What the logger's formats left of the record (a format may mask): nothing where it filtered the record out, or threw. */
function finish(call: WinstonCall, logger: WinstonLogger, formatted: unknown): void {
  if (tap === undefined || call.taken || !isObject(formatted)) {
    call.taken = true;
    return;
  }
  call.taken = true;
  try {
    const fields = formatted as Info;
    const words = wordsShown(call, fields);
    if (call.isCrumb) {
      leaveWords(call.severity, words.body, call.time, call.context);
      return;
    }
    const meta = logger.defaultMeta ?? {};
    const attributes: Info = {};
    if (!call.isCrash)
      for (const key in fields)
        if (
          Object.hasOwn(fields, key) &&
          !isColumn(key, fields[key], call.thrown) &&
          (key in meta || !call.keysOfThrown?.includes(key))
        )
          attributes[key] = fields[key];
    const name = nameOf(fields, attributes, meta, call.splat?.[0]);
    const { body, template } = words;
    const { thrown, shown } = shownOf(call, fields);
    const { severity, isLate } = call;
    const kept = plainTags(words.fields === undefined ? attributes : { ...words.fields, ...attributes });
    emit(tap.logger, {
      severity,
      body,
      template,
      thrown,
      shown,
      name,
      attributes: kept,
      ...(isLate && { context: call.context, time: call.time }),
    });
  } catch {
    // winston's caller must not see our mistakes.
  }
}

/** How long a record may wait for its formats, and how many may. */
const HELD_MILLIS = 5_000;
const MAX_HELD = 1_000;
const held = new Set<WinstonCall>();
let isTimed = false;
let isExitWatched = false;

/** The transports are behind: formats run when they have caught up. Where they never do (a transport forgets to call back,
 *  its backend is away), an error must be seen all the same; its words and fields nobody has masked, so they stay out. */
function hold(call: WinstonCall, info: Info): void {
  call.isLate = true;
  const calls = waiting.get(info);
  if (calls === undefined) waiting.set(info, [call]);
  else calls.push(call);
  if (call.isCrumb) return;
  held.add(call);
  if (held.size > MAX_HELD) for (const oldest of held) if (tell(oldest)) break;
  if (!isExitWatched) {
    isExitWatched = true;
    // In front of whoever closes the journal then.
    process.prependListener('exit', tellAll);
  }
  if (isTimed) return;
  isTimed = true;
  setTimeout(tellHeld, HELD_MILLIS).unref();
}

function tellHeld(): void {
  isTimed = false;
  for (const call of held) {
    if (!call.taken && Date.now() - call.time < HELD_MILLIS - 1) {
      isTimed = true;
      setTimeout(tellHeld, HELD_MILLIS - (Date.now() - call.time)).unref();
      return;
    }
    tell(call);
  }
}

/** The end of the process, or of us: nobody will tell them. A throw in an `exit` listener would be an exit code. */
function tellAll(): void {
  for (const call of held) {
    try {
      tell(call);
    } catch {
      // The process ends the way the application wants it to.
    }
  }
}

/** @returns whether it had still to be told */
function tell(call: WinstonCall): boolean {
  held.delete(call);
  if (call.taken || tap === undefined) return false;
  call.taken = true;
  emit(tap.logger, { ...call, ...withheld(call), name: undefined });
  return true;
}

const COLUMNS = new Set(['level', 'message', 'timestamp', 'splat', 'trace_id', 'span_id', 'trace_flags']);

function isColumn(key: string, value: unknown, thrown: unknown): boolean {
  if (COLUMNS.has(key) || value === undefined || typeof value === 'function') return true;
  return (
    isObject(thrown) && (value === thrown || key === 'stack' || (key === 'cause' && value === peek(thrown, 'cause')))
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
