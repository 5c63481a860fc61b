// bunyan's records (1 and 2) in, log records out. Taken in Logger#_emit, where the record is complete: bindings and
// serializers are applied. The Error itself is among the arguments of the logging call that made it.

import type { LineLogger } from '../../otel/lines.ts';
import { plainTags } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { emit, errorIn, inWords, severityOfNumber, type Tap } from './emit.ts';
import { maskedTexts } from './masked.ts';

interface Rec extends Record<string, unknown> {
  level: number;
  msg: string;
}

interface BunyanLogger {
  fields?: Record<string, unknown>;
  _emit(rec: Rec, noemit?: boolean): unknown;
}

const METHODS = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' } as const;
/** Fields that bunyan itself puts on every record. */
const CORE = ['hostname', 'pid', 'level', 'msg', 'time', 'v'];

let tap: Tap | undefined;
let hooked = false;

/** @returns how to undo it */
export function hookBunyan(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  if (hooked) claim('bunyan');
  return () => {
    tap = undefined;
    disclaim('bunyan');
  };
}

const patched = new WeakSet<object>();

export function patchBunyan(exports: unknown): void {
  const prototype = peek(exports, 'prototype') as (BunyanLogger & Record<string, unknown>) | undefined;
  if (typeof prototype?._emit !== 'function' || patched.has(prototype)) return;
  patched.add(prototype);
  hooked = true;
  if (tap !== undefined) claim('bunyan');
  const emitters = new Map(Object.entries(METHODS).map(([level, name]) => [Number(level), prototype[name]]));
  const original = prototype._emit;
  prototype._emit = function _emit(rec, noemit) {
    // `noemit` asks for the text only (dtrace). A level below costs this comparison: 8.1 and 8.4 µs, within the noise.
    if (tap !== undefined && !noemit) onRecord(tap, this, rec, emitters);
    return original.call(this, rec, noemit);
  };
}

/**
 * The arguments of the running call of a logging method. A wrapper around the methods would have them, too, and would be
 * one more frame on the stack: with `src: true` bunyan counts frames and would print our file. The methods are not in
 * strict mode, in 1.8 and 2.0 alike; where they are, the serialised error has to do.
 */
function argumentsOf(method: unknown): unknown[] | undefined {
  try {
    const values = (method as { arguments?: ArrayLike<unknown> | null }).arguments;
    return values ? Array.from(values) : undefined;
  } catch {
    return undefined;
  }
}

function onRecord(to: Tap, logger: BunyanLogger, rec: Rec, emitters: ReadonlyMap<number, unknown>): void {
  try {
    const severity = severityOfNumber(rec.level);
    if (severity < to.lowest) {
      leaveWords(severity, rec.msg);
      return;
    }
    const { thrown, key, words } = take(argumentsOf(emitters.get(rec.level)) ?? []);
    const fields: Record<string, unknown> = { ...rec };
    for (const core of CORE) delete fields[core];
    const name = nameOf(logger.fields ?? {}, fields);
    const shown = key === undefined ? undefined : maskedTexts(thrown, rec[key]);
    if (key !== undefined) delete fields[key];
    const error = thrown === undefined ? describedBy(fields) : {};
    const said = inWords(words, thrown);
    emit(to.logger, {
      severity,
      thrown,
      shown,
      name,
      // bunyan's own words, unless an Error with its whole stack is among them.
      body: words.includes(thrown)
        ? said.body
        : shown !== undefined && rec.msg === peek(thrown, 'message')
          ? undefined
          : rec.msg,
      template: said.template,
      attributes: { ...plainTags(fields), ...error },
    });
  } catch {
    // bunyan's caller must not see our mistakes.
  }
}

/** bunyan's ways to log: (error, ...words), (fields, ...words), (...words). */
function take(values: unknown[]): { thrown?: unknown; key?: string; words: unknown[] } {
  const [first, ...rest] = values;
  if (isErrorLike(first)) return { thrown: first, key: 'err', words: rest };
  const asFields = isObject(first) && !Array.isArray(first) && !Buffer.isBuffer(first);
  const words = asFields ? rest : values;
  const error = asFields ? errorIn(first) : undefined;
  if (error !== undefined) return { ...error, words };
  return { thrown: words.find(isErrorLike), words };
}

/** An error of which only bunyan's serialised form is left. */
function describedBy(fields: Record<string, unknown>): Record<string, unknown> {
  const { err } = fields;
  if (!isErrorLike(err)) return {};
  delete fields.err;
  return { 'exception.type': err.name, 'exception.message': err.message, 'exception.stacktrace': err.stack };
}

/** From bindings only: a `name` among the fields of one call is that of a dog. */
function nameOf(bindings: Record<string, unknown>, fields: Record<string, unknown>): string | undefined {
  for (const key of ['module', 'logger', 'name']) {
    const value = bindings[key];
    if (typeof value !== 'string') continue;
    if (fields[key] === value) delete fields[key];
    return value;
  }
  return undefined;
}
