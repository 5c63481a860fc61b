// pino's records in, log records out. We wrap the one function that makes the line of a record. Since 9.10.0 pino also
// publishes object, text and line on a diagnostics channel: that serves for a pino we cannot wrap, one in a bundle. Not for
// all, since pino then pays for records of every level: 0.9 µs each, against 0.1 µs for the wrapped function (bare: 0.5).

import { tracingChannel } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import type { LineLogger } from '../../otel/lines.ts';
import { stateOfContext } from '../../otel/request-state.ts';
import { isErrorLike, peek } from '../../record/thrown.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { claim, disclaim } from './claims.ts';
import { emit, INFO, type Tap } from './emit.ts';
import { maskedTexts, shownInText, shownInWords } from './masked.ts';
import { type Formatted, noteFormats, takeFormatted } from './pino-format.ts';
import { isToldByRequest } from './pino-http.ts';
import { severityOf } from './pino-levels.ts';
import {
  errorOf,
  fieldsOf,
  lineOf,
  masksWords,
  nameOf,
  type PinoInstance,
  type Symbols,
  shownFor,
  symbolsOf,
  textThrown,
  wordsIn,
} from './pino-line.ts';
import { isWritten } from './pino-multistream.ts';
import { awaitNothing, onWritten, watchNewLoggers } from './pino-stream-write.ts';
import { tokensOf } from './tokens.ts';

interface PinoCall {
  instance: PinoInstance;
  /** The object, the formatted text, the level number, the time. */
  arguments: [unknown, string | undefined, number, string];
  /** The line: bindings, serializers and redaction are applied in it. Absent where it threw: nothing is written then. */
  result?: string;
}

type AsJson = (this: PinoInstance, ...call: PinoCall['arguments']) => string;
let tap: Tap | undefined;
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
  noteFormats(true);
  stopListening = listen();
  return () => {
    stopListening();
    tap = undefined;
    noteFormats(false);
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

const patched = new WeakSet<object>();

/** Wraps asJson on the prototype of all loggers. */
export function patchPino(exports: unknown): void {
  const pino = exports as { (options: object, stream: object): PinoInstance; symbols?: { asJsonSym?: symbol } };
  const symbol = pino.symbols?.asJsonSym;
  if (typeof pino !== 'function' || symbol === undefined) return;
  // A silent logger on a stream of ours opens nothing.
  const sample = pino({ level: 'silent' }, { write() {} });
  let prototype: PinoInstance | null = sample;
  while (prototype !== null && !Object.hasOwn(prototype, symbol)) prototype = Object.getPrototypeOf(prototype);
  if (prototype === null || patched.has(prototype)) return;
  patched.add(prototype);
  const methods = prototype as Record<symbol, AsJson>;
  const original = methods[symbol]!;
  const symbols = symbolsOf(sample);
  // pino 8 calls nothing of that name.
  if (symbols.hooks !== undefined && !('streamWrite' in (sample[symbols.hooks] as object))) delete symbols.hooks;
  if (symbols.hooks !== undefined) watchNewLoggers(prototype as PinoInstance, symbols);
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

interface PinoRecord {
  instance: PinoInstance;
  symbols: Symbols;
  given: unknown;
  text: string | undefined;
  severity: number;
  fromFormatter: Formatted | undefined;
  /** As pino made it. */
  line: string;
}

function onRecord({ instance, arguments: [given, text, level], result }: PinoCall, known?: Symbols): void {
  const fromFormatter = takeFormatted(text);
  awaitNothing();
  if (tap === undefined || result === undefined) return;
  try {
    const symbols = known ?? symbolsOf(instance);
    const severity = severityOf(level, instance, symbols);
    if (severity < tap.lowest && (severity < INFO || stateOfContext(context.active()) === undefined)) return;
    if (!isWritten(symbols.stream && instance[symbols.stream], level)) return;
    const record = { instance, symbols, given, text, severity, fromFormatter, line: result };
    onWritten(instance, symbols, result, (written) => onLine(record, written));
  } catch {
    // pino's caller must not see our mistakes.
  }
}

/** @param written the line as it goes to the stream */
function onLine(record: PinoRecord, written: unknown): void {
  if (tap === undefined || typeof written !== 'string' || written.trim() === '') return;
  try {
    const { instance, symbols, given, text, severity, fromFormatter } = record;
    const isRewritten = written !== record.line;
    if (severity < tap.lowest) {
      const masks = isRewritten || masksWords(instance, symbols);
      leaveWords(severity, masks ? wordsIn(written, lineOf(written), text, instance, symbols) : text);
      return;
    }
    claim('pino');
    const line = lineOf(written);
    const masks = isRewritten || masksWords(instance, symbols);
    const words = masks ? wordsIn(written, line, text, instance, symbols) : text;
    const error = errorOf(given, instance, symbols) ?? textThrown(line, words, instance, symbols);
    const thrown = error?.thrown ?? fromFormatter?.values.find(isErrorLike);
    if (isToldByRequest(thrown, given)) return;
    const shown =
      line === undefined
        ? shownInText(thrown, written)
        : error === undefined
          ? shownInWords(thrown, text, words)
          : maskedTexts(thrown, shownFor(error, line, instance, symbols));
    // Of a line that is no JSON nobody can say what of the fields is left.
    const fields = line ?? (isRewritten ? {} : { ...instance.bindings?.() });
    const attributes = fieldsOf(fields, instance, words, error?.key, symbols);
    const name = nameOf(instance, given, attributes);
    const template =
      fromFormatter !== undefined && words === text && tokensOf(fromFormatter.text) > 0
        ? fromFormatter.text
        : undefined;
    // pino takes the words of an Error alone from it, before any serializer.
    const body = shown !== undefined && words === peek(thrown, 'message') ? undefined : words;
    emit(tap.logger, { severity, body, template, thrown, shown, name, attributes });
  } catch {
    // As above.
  }
}
