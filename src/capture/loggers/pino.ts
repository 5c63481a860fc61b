// pino's records in, log records out. We wrap the one function that makes the line of a record. Since 9.10.0 pino also
// publishes object, text and line on a diagnostics channel: that serves for a pino we cannot wrap, one in a bundle. Not for
// all, since pino then pays for records of every level: 0.9 µs each, against 0.1 µs for the wrapped function (bare: 0.5).

import { tracingChannel } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import type { LineLogger } from '../../otel/lines.ts';
import { stateOfContext } from '../../otel/request-state.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { emit, errorIn, INFO, severityOfNumber, type Tap, tokensOf } from './emit.ts';
import { maskedTexts } from './masked.ts';
import { isToldByRequest } from './pino-http.ts';

interface PinoInstance {
  bindings?: () => Record<string, unknown>;
  [symbol: symbol]: unknown;
}

interface PinoCall {
  instance: PinoInstance;
  /** The object, the formatted text, the level number, the time. */
  arguments: [unknown, string | undefined, number, string];
  /** The line: bindings, serializers and redaction are applied in it. Absent where it threw. */
  result?: string;
}

/** Under which an instance keeps its options; each copy of pino has its own. */
type Symbols = Partial<Record<(typeof SETTINGS)[number], symbol>>;

type AsJson = (this: PinoInstance, ...call: PinoCall['arguments']) => string;
type QuickFormat = (text: unknown, values: unknown[], options?: unknown) => unknown;

export const PINO_MODULES = ['pino', 'quick-format-unescaped'];

let tap: Tap | undefined;
/** The last text that was formatted: pino formats and writes one record after the other. */
let formatted: { text: string; values: unknown[]; result: unknown } | undefined;

let stopListening = (): void => {};
/** The logger that a wrapper of ours is making a line for. */
let wrapping: object | undefined;

/**
 * A pino in the application's bundle can only be heard, one that a dependency brings can be wrapped; both may be there.
 * Whoever has a bundled one logs with it early: after so many records of others alone nobody listens any more, since the
 * channel costs every record.
 */
const PATIENCE = 1_000;

/** @returns how to undo it */
export function hookPino(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  stopListening = listen();
  return () => {
    stopListening();
    tap = undefined;
    disclaim('pino');
  };
}

/** The end of the call, not its start: only the line has serializers and `redact` applied. */
function listen(): () => void {
  const { start, end } = tracingChannel('pino_asJson');
  let heard = false;
  let others = 0;
  const ended = (call: unknown): void => {
    if (wrapping === undefined || peek(call, 'instance') !== wrapping) {
      heard = true;
      onRecord(call as PinoCall);
    } else if (!heard && ++others >= PATIENCE) stopListening();
  };
  // Where Node has no answer to whether any of the five channels has subscribers, `start` is asked.
  const none = (): void => {};
  end.subscribe(ended);
  start.subscribe(none);
  return () => {
    end.unsubscribe(ended);
    start.unsubscribe(none);
  };
}

/** What is read of an instance. */
const SETTINGS = ['errorKey', 'messageKey', 'nestedKey', 'stringifiers', 'serializers'] as const;

/** By the class that each copy of pino makes for itself. */
const symbolsOfCopies = new WeakMap<object, Symbols>();

/** Settings are own properties of the logger that children inherit from. */
function symbolsOf(instance: object): Symbols {
  const known = symbolsOfCopies.get(instance.constructor);
  if (known !== undefined) return known;
  const found: Symbols = {};
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at))
    for (const symbol of Object.getOwnPropertySymbols(at))
      for (const name of SETTINGS) if (symbol.description === `pino.${name}`) found[name] ??= symbol;
  symbolsOfCopies.set(instance.constructor, found);
  return found;
}

const patched = new WeakSet<object>();

/** Wraps asJson on the prototype of all loggers. */
export function patchPino(exports: unknown): void {
  const pino = exports as { (options: object, stream: object): object; symbols?: { asJsonSym?: symbol } };
  const symbol = pino.symbols?.asJsonSym;
  if (typeof pino !== 'function' || symbol === undefined) return;
  // A silent logger on a stream of ours opens nothing.
  const sample = pino({ level: 'silent' }, { write() {} });
  let prototype: object | null = sample;
  while (prototype !== null && !Object.hasOwn(prototype, symbol)) prototype = Object.getPrototypeOf(prototype);
  if (prototype === null || patched.has(prototype)) return;
  patched.add(prototype);
  const methods = prototype as Record<symbol, AsJson>;
  const original = methods[symbol]!;
  const symbols = symbolsOf(sample);
  methods[symbol] = function asJson(...call) {
    const outer = wrapping;
    wrapping = this;
    let result: string;
    try {
      result = original.apply(this, call);
    } finally {
      wrapping = outer;
    }
    onRecord({ instance: this, arguments: call, result }, symbols);
    return result;
  };
}

/**
 * pino's formatter is a package of its own, and its call has returned when the record is made: what we note here puts no
 * frame of ours on the stack, so that pino-caller and the like print what they print without us.
 */
export function patchQuickFormat(exports: unknown): unknown {
  const original = exports as QuickFormat;
  if (typeof original !== 'function') return exports;
  const format: QuickFormat = (text, values, options) => {
    const result = original(text, values, options);
    if (tap !== undefined && values?.length > 0 && typeof text === 'string') formatted = { text, values, result };
    return result;
  };
  return Object.assign(format, original);
}

function onRecord(call: PinoCall, known?: Symbols): void {
  const fromFormatter = formatted;
  formatted = undefined;
  if (tap === undefined) return;
  try {
    const symbols = known ?? symbolsOf(call.instance);
    const [given, text, level] = call.arguments;
    const severity = severityOfNumber(level);
    if (severity < tap.lowest) {
      const active = context.active();
      if (severity < INFO || stateOfContext(active) === undefined) return;
      const masks = masksWords(call.instance, symbols);
      leaveWords(severity, masks ? wordsIn(lineOf(call), call.instance, symbols) : text, Date.now(), active);
      return;
    }
    claim('pino');
    const line = lineOf(call);
    const masks = line !== undefined && masksWords(call.instance, symbols);
    const words = masks ? wordsIn(line, call.instance, symbols) : text;
    const fromFormat = fromFormatter !== undefined && fromFormatter.result === text ? fromFormatter : undefined;
    const error = errorOf(given, call.instance, symbols) ?? textThrown(line, words, call.instance, symbols);
    const thrown = error?.thrown ?? fromFormat?.values.find(isErrorLike);
    if (isToldByRequest(thrown, given)) return;
    const shown = error && maskedTexts(thrown, shownIn(line, error.key, call.instance, symbols));
    const attributes = fieldsOf(line, call.instance, words, error?.key, symbols);
    const name = nameOf(call, given, attributes);
    const template =
      fromFormat !== undefined && words === text && tokensOf(fromFormat.text) > 0 ? fromFormat.text : undefined;
    // pino takes the words of an Error alone from it, before any serializer.
    const body = shown !== undefined && words === peek(thrown, 'message') ? undefined : words;
    emit(tap.logger, { severity, body, template, thrown, shown, name, attributes });
  } catch {
    // pino's caller must not see our mistakes.
  }
}

/** The Error that the record is about. Fields are read where pino itself looks: others may have getters. */
function errorOf(
  given: unknown,
  instance: PinoInstance,
  { errorKey }: Symbols,
): { key: string; thrown: unknown } | undefined {
  if (isErrorLike(given)) return { key: 'err', thrown: given };
  const key = errorKey && instance[errorKey];
  const thrown = typeof key === 'string' ? peek(given, key) : undefined;
  return isErrorLike(thrown) ? { key: key as string, thrown } : errorIn(given);
}

/**
 * A text that was thrown: Fastify logs what a route threw under this key, and for want of a message no words. As the line
 * has it, masked. Beside words a text is a field like others.
 */
function textThrown(
  line: Record<string, unknown> | undefined,
  words: string | undefined,
  instance: PinoInstance,
  symbols: Symbols,
): { key: string; thrown: unknown } | undefined {
  const key = symbols.errorKey && instance[symbols.errorKey];
  if (words !== undefined || typeof key !== 'string') return undefined;
  const thrown = shownIn(line, key, instance, symbols);
  return typeof thrown === 'string' && thrown !== '' ? { key, thrown } : undefined;
}

/** The line as data; undefined where it is none. */
function lineOf({ result }: PinoCall): Record<string, unknown> | undefined {
  try {
    return JSON.parse(result ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether `redact` or a serializer may have changed the words. */
function masksWords(instance: PinoInstance, { messageKey, stringifiers, serializers }: Symbols): boolean {
  const key = messageKey && (instance[messageKey] as string);
  if (key === undefined) return false;
  if (peek(serializers && instance[serializers], key) !== undefined) return true;
  const redacting = stringifiers && instance[stringifiers];
  if (!isObject(redacting)) return false;
  // Redaction of whatever field is under a symbol.
  return (
    peek(redacting, key) !== undefined ||
    Object.getOwnPropertySymbols(redacting).some(({ description }) => description === 'pino.wildcardFirst')
  );
}

function wordsIn(
  line: Record<string, unknown> | undefined,
  instance: PinoInstance,
  { messageKey }: Symbols,
): string | undefined {
  const words = line?.[instance[messageKey!] as string];
  return words === undefined || typeof words === 'string' ? words : JSON.stringify(words);
}

/** What the line has in place of the Error. */
function shownIn(
  line: Record<string, unknown> | undefined,
  key: string,
  instance: PinoInstance,
  { errorKey, nestedKey }: Symbols,
): unknown {
  const nested = nestedKey && (instance[nestedKey] as string | undefined);
  const fields = nested ? line?.[nested] : line;
  return peek(fields, key) ?? (errorKey && peek(fields, instance[errorKey] as string));
}

/** The fields of the line, without those that are columns of a row. */
function fieldsOf(
  line: Record<string, unknown> | undefined,
  instance: PinoInstance,
  words: string | undefined,
  errorKey: string | undefined,
  { messageKey, nestedKey }: Symbols,
): Record<string, unknown> {
  const fields = line ?? { ...instance.bindings?.() };
  const nested = fields[(nestedKey && (instance[nestedKey] as string)) ?? ''];
  if (errorKey !== undefined && isObject(nested)) delete (nested as Record<string, unknown>)[errorKey];
  for (const key of ['level', 'time', 'pid', 'hostname', errorKey]) if (key !== undefined) delete fields[key];
  for (const key of ['msg', 'message', messageKey && (instance[messageKey] as string)])
    if (key !== undefined && fields[key] === words) delete fields[key];
  return fields;
}

/** From bindings only: a `name` among the fields of one call is that of a dog. */
function nameOf(call: PinoCall, given: unknown, attributes: Record<string, unknown>): string | undefined {
  const fields = (typeof given === 'object' && given) || {};
  for (const key of ['module', 'logger', 'name']) {
    const own = Object.hasOwn(fields, key);
    const value = own ? call.instance.bindings?.()[key] : attributes[key];
    if (typeof value !== 'string') continue;
    if (!own) delete attributes[key];
    return value;
  }
  return undefined;
}
