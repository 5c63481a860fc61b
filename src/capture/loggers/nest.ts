// Nest's ConsoleLogger (9 to 12), to which a `Logger` of Nest writes unless the application gave it another: its calls in,
// log records out. What stands where among the arguments of a call, the logger itself says.

import { parseHeader } from '../../record/fingerprint/header.ts';
import { plainTags } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { printsAnswered } from '../frameworks/nest.ts';
import { DEBUG, ERROR, errorIn, FATAL, INFO, inWords, type LogCall, TRACE, WARN } from './emit.ts';
import { MethodTap, type Told } from './method-tap.ts';

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

/** `fatal` is new in 10.1. */
const METHODS = { verbose: TRACE, debug: DEBUG, log: INFO, warn: WARN, error: ERROR, fatal: FATAL };

const tap = new MethodTap();

export const hookNestLogger = tap.hook;

export function patchNestLogger(exports: unknown): void {
  const prototype = peek(peek(exports, 'ConsoleLogger'), 'prototype');
  if (!isObject(prototype)) return;
  for (const [level, severity] of Object.entries(METHODS))
    tap.watch(
      prototype,
      level,
      (logger: NestLogger, values: unknown[]): Told | undefined =>
        logger.isLevelEnabled(level) && !printsAnswered(values)
          ? { severity, words: values[0], describe: () => describe(logger, severity, values) }
          : undefined,
      (given) => given.map(calledOnce),
    );
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

function describe(logger: NestLogger, severity: number, values: unknown[]): Omit<LogCall, 'severity'> {
  const { messages, context = logger.context, stack, params } = partsOf(logger, severity, values);
  const given = messages.map((one) => (typeof one === 'function' ? (made.get(one) ?? one.name) : one));
  const shown = given.map((one) => masked(logger, one));
  const error = given.find(isErrorLike);
  const held = error === undefined ? given.map(errorIn).find(isObject) : undefined;
  const thrown = error ?? held?.thrown;
  const fields = Object.assign({}, ...shown.filter(isFields), masked(logger, params)) as Record<string, unknown>;
  if (held !== undefined) delete fields[held.key];
  const words = shown.filter((one, at) => given[at] !== error && !isFields(one));
  return {
    thrown,
    name: typeof context === 'string' && context !== '' ? context : undefined,
    body: inOneText(words.length > 0 || thrown !== undefined ? words : shown),
    attributes: { ...plainTags(fields), ...(thrown === undefined ? describedBy(stack) : {}) },
  };
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
