// pino's records in, log records out. We wrap the one function that makes the line of a record. Since 9.10.0 pino also
// publishes object, text and line on a diagnostics channel: that serves for a pino we cannot wrap, one in a bundle. Not for
// all, since pino then pays for records of every level: 0.9 µs each, against 0.1 µs for the wrapped function (bare: 0.5).

import { tracingChannel } from 'node:diagnostics_channel';
import type { LineLogger } from '../../otel/lines.ts';
import { isErrorLike } from '../../record/thrown.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { emit, errorIn, severityOfNumber, type Tap, tokensOf } from './emit.ts';

interface PinoCall {
  instance: { bindings?: () => Record<string, unknown>; [symbol: symbol]: unknown };
  /** The object, the formatted text, the level number, the time. */
  arguments: [unknown, string | undefined, number, string];
  /** The line: bindings, serializers and redaction are applied in it. */
  result?: string;
}

type AsJson = (this: PinoCall['instance'], ...call: PinoCall['arguments']) => string;
type QuickFormat = (text: unknown, values: unknown[], options?: unknown) => unknown;

export const PINO_MODULES = ['pino', 'quick-format-unescaped'];

let tap: Tap | undefined;
/** The last text that was formatted: pino formats and writes one record after the other. */
let formatted: { text: string; values: unknown[]; result: unknown } | undefined;

let stopListening = (): void => {};
let wrapped = false;

/** @returns how to undo it */
export function hookPino(logger: LineLogger, lowest: number): () => void {
  tap = { logger, lowest };
  if (!wrapped) stopListening = listen();
  return () => {
    stopListening();
    tap = undefined;
    disclaim('pino');
  };
}

/** The end of the call, not its start: only the line has serializers and `redact` applied. */
function listen(): () => void {
  const { start, end } = tracingChannel('pino_asJson');
  const ended = (call: unknown): void => onRecord(call as PinoCall);
  // Where Node has no answer to whether any of the five channels has subscribers, `start` is asked.
  const none = (): void => {};
  end.subscribe(ended);
  start.subscribe(none);
  return () => {
    end.unsubscribe(ended);
    start.unsubscribe(none);
  };
}

const patched = new WeakSet<object>();

/** Wraps asJson on the prototype of all loggers. */
export function patchPino(exports: unknown): void {
  const pino = exports as { (options: object, stream: object): object; symbols?: { asJsonSym?: symbol } };
  const symbol = pino.symbols?.asJsonSym;
  if (typeof pino !== 'function' || symbol === undefined) return;
  // A silent logger on a stream of ours opens nothing.
  let prototype: object | null = pino({ level: 'silent' }, { write() {} });
  while (prototype !== null && !Object.hasOwn(prototype, symbol)) prototype = Object.getPrototypeOf(prototype);
  if (prototype === null || patched.has(prototype)) return;
  patched.add(prototype);
  const methods = prototype as Record<symbol, AsJson>;
  const original = methods[symbol]!;
  methods[symbol] = function asJson(...call) {
    const result = original.apply(this, call);
    onRecord({ instance: this, arguments: call, result });
    return result;
  };
  wrapped = true;
  stopListening();
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

function onRecord(call: PinoCall): void {
  const words = formatted;
  formatted = undefined;
  if (tap === undefined) return;
  try {
    const [given, text, level] = call.arguments;
    const severity = severityOfNumber(level);
    if (severity < tap.lowest) {
      leaveWords(severity, text);
      return;
    }
    claim('pino');
    const fromFormat = words !== undefined && words.result === text ? words : undefined;
    const error = isErrorLike(given) ? { key: 'err', thrown: given } : (errorIn(given) ?? underKeyOf(given));
    const thrown = error?.thrown ?? fromFormat?.values.find(isErrorLike);
    const attributes = fieldsOf(call, text, error?.key);
    const name = nameOf(call, given, attributes);
    const template = fromFormat !== undefined && tokensOf(fromFormat.text) > 0 ? fromFormat.text : undefined;
    emit(tap.logger, { severity, body: text, template, thrown, name, attributes });
  } catch {
    // pino's caller must not see our mistakes.
  }
}

/** pino puts an Error given alone under `errorKey`, whatever that is, as the only field. */
function underKeyOf(given: unknown): { key: string; thrown: unknown } | undefined {
  const [only, ...more] = Object.entries(given ?? {});
  return only !== undefined && more.length === 0 && isErrorLike(only[1])
    ? { key: only[0], thrown: only[1] }
    : undefined;
}

/** The fields of the line, without those that are columns of a row. */
function fieldsOf(call: PinoCall, text: string | undefined, errorKey: string | undefined): Record<string, unknown> {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(call.result ?? '') as Record<string, unknown>;
  } catch {
    fields = { ...call.instance.bindings?.() };
  }
  for (const key of ['level', 'time', 'pid', 'hostname', errorKey]) if (key !== undefined) delete fields[key];
  for (const key of ['msg', 'message']) if (fields[key] === text) delete fields[key];
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
