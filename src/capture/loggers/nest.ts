// Nest's ConsoleLogger (10 to 12), to which a `Logger` of Nest writes unless the application gave it another: its calls in,
// log records out. What stands where among the arguments of a call, the logger itself says.

import type { LineLogger } from '../../otel/lines.ts';
import { parseHeader } from '../../record/fingerprint/header.ts';
import { plainTags } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { replaceMethod } from '../alike.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { unheard } from './console.ts';
import { DEBUG, ERROR, emit, errorIn, FATAL, INFO, inWords, type Tap, TRACE, WARN } from './emit.ts';

interface Parts {
  messages: unknown[];
  context?: unknown;
  /** The text of one. */
  stack?: unknown;
  /** Objects behind the message, where Nest tells them apart (12). */
  params?: object;
}

interface NestLogger {
  context?: unknown;
  isLevelEnabled(level: string): boolean;
  getContextAndMessagesToPrint(values: unknown[]): Parts;
  getContextAndStackAndMessagesToPrint(values: unknown[]): Parts;
  /** Masks what the option `redact` names (12): fields, and of an Error nothing that makes a row. */
  redact?(value: unknown): unknown;
}

type Method = (this: NestLogger, ...values: unknown[]) => unknown;

export const NEST_MODULES = ['@nestjs/common'];

const METHODS = { verbose: TRACE, debug: DEBUG, log: INFO, warn: WARN, error: ERROR, fatal: FATAL };

let tap: Tap | undefined;

/** @returns how to undo it */
export function hookNestLogger(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  return () => {
    tap = undefined;
  };
}

const patched = new WeakSet<object>();

export function patchNestLogger(exports: unknown): void {
  const prototype = peek(peek(exports, 'ConsoleLogger'), 'prototype');
  if (!isObject(prototype) || patched.has(prototype)) return;
  patched.add(prototype);
  for (const [name, severity] of Object.entries(METHODS)) {
    const original = peek(prototype, name) as Method | undefined;
    // `fatal` is new in 10.1.
    if (typeof original !== 'function') continue;
    replaceMethod(prototype, name, function (this: NestLogger, ...given: unknown[]) {
      const to = tap;
      if (to === undefined) return original.apply(this, given);
      const values = severity < to.lowest ? given : given.map(calledOnce);
      // With `forceConsole` it prints by console.
      const result = unheard(() => original.apply(this, values));
      onCall(to, this, name, severity, values);
      return result;
    } as Method);
  }
}

/** Of words that are made on demand, what Nest made of them. */
const made = new WeakMap<object, unknown>();

/** Nest calls a message that is a function, and names one that is a class. */
function calledOnce(value: unknown): unknown {
  if (typeof value !== 'function' || Function.prototype.toString.call(value).startsWith('class ')) return value;
  const lazy = () => {
    const words = value();
    made.set(lazy, words);
    return words;
  };
  return lazy;
}

function onCall(to: Tap, logger: NestLogger, level: string, severity: number, values: unknown[]): void {
  try {
    if (!logger.isLevelEnabled(level)) return;
    if (severity < to.lowest) {
      leaveWords(severity, values[0]);
      return;
    }
    const { messages, context = logger.context, stack, params } = partsOf(logger, severity, values);
    const given = messages.map((one) => (typeof one === 'function' ? (made.get(one) ?? one.name) : one));
    const shown = given.map((one) => masked(logger, one));
    const error = given.find(isErrorLike);
    const held = error === undefined ? given.map(errorIn).find(isObject) : undefined;
    const thrown = error ?? held?.thrown;
    const fields = Object.assign({}, ...shown.filter(isFields), masked(logger, params)) as Record<string, unknown>;
    if (held !== undefined) delete fields[held.key];
    const words = shown.filter((one, at) => given[at] !== error && !isFields(one));
    emit(to.logger, {
      severity,
      thrown,
      name: typeof context === 'string' && context !== '' ? context : undefined,
      body: inOneText(words.length > 0 || thrown !== undefined ? words : shown),
      attributes: { ...plainTags(fields), ...(thrown === undefined ? describedBy(stack) : {}) },
    });
  } catch {
    // Nest's caller must not see our mistakes.
  }
}

function partsOf(logger: NestLogger, severity: number, values: unknown[]): Parts {
  return severity < ERROR
    ? logger.getContextAndMessagesToPrint(values)
    : logger.getContextAndStackAndMessagesToPrint(values);
}

function masked(logger: NestLogger, value: unknown): unknown {
  return isObject(value) && logger.redact !== undefined ? logger.redact(value) : value;
}

/** An object of fields: it makes tags. */
function isFields(value: unknown): boolean {
  if (!isObject(value) || isErrorLike(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Nest prints each of them as a line of its own; none of them is a format. */
function inOneText(words: readonly unknown[]): string | undefined {
  const texts = words.map((one) => inWords([one]).body).filter((text) => text !== undefined);
  return texts.length > 0 ? texts.join(' ') : undefined;
}

/** The error whose stack was given in place of itself: `logger.error(error.message, error.stack)`. */
function describedBy(stack: unknown): Record<string, unknown> {
  if (typeof stack !== 'string' || stack === '') return {};
  const [head = ''] = stack.split('\n    at ', 1);
  const { name = 'Error', message = head } = parseHeader(head) ?? {};
  return { 'exception.type': name, 'exception.message': message, 'exception.stacktrace': stack };
}
