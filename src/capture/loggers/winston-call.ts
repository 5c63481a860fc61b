// One call of a winston logger: what it is about, read before the logger's formats run, and what may be told of it, by what
// the formats left. In: records. Out: words, template, Error and its texts.

import { format, stripVTControlCharacters, types } from 'node:util';
import type { Context } from '@opentelemetry/api';
import { plainTags } from '../../record/limits.ts';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { errorIn, inWords } from './emit.ts';
import { maskedTexts, type ShownTexts, textsOf } from './masked.ts';
import { tokensOf } from './tokens.ts';

export type Info = Record<PropertyKey, unknown>;

export interface WinstonCall {
  severity: number;
  /** Of no interest but for what an error of its request was preceded by. */
  isCrumb: boolean;
  context: Context;
  time: number;
  /** Its formats did not run within the call. */
  isLate: boolean;
  /** Its record is made, or needs none. */
  taken: boolean;
  /** winston's own handlers of uncaught exceptions and rejections made the record. */
  isCrash?: boolean;
  thrown?: unknown;
  /** The thrown value's texts as they were: formats may write to the Error itself. */
  before?: Error | undefined;
  /** Where the record has the Error, if it is among its fields. */
  find?: ((info: Info) => unknown) | undefined;
  /** Its own fields, which winston copies into the record. */
  keysOfThrown?: string[];
  splat?: unknown[];
  message?: unknown;
  /** Key of the Error among the fields of an object in place of the words. */
  keyInMessage?: string | undefined;
  body?: string | undefined;
  template?: string | undefined;
  /** What the words may have become without anything being masked. */
  printed?: string | undefined;
}

const SPLAT = Symbol.for('splat');
const CRASH_HEAD = /^(uncaughtException|unhandledRejection): /;

/** @param copied the Error that a child logger made a copy of */
export function readCall(call: WinstonCall, info: Info, copied: unknown): void {
  const splat = Array.isArray(info[SPLAT]) ? [...(info[SPLAT] as unknown[])] : [];
  call.splat = splat;
  call.message = info.message;
  call.isCrash = info.exception === true || info.rejection === true;
  const found = call.isCrash ? { thrown: info.error } : findThrown(info, splat, copied);
  const { thrown } = found ?? {};
  call.thrown = thrown;
  call.find = found?.find;
  call.keyInMessage = found?.keyInMessage;
  if (isObject(thrown) && (thrown === info || thrown === copied || splat.includes(thrown)))
    call.keysOfThrown = Object.keys(thrown);
  if (isErrorLike(thrown)) call.before = snapshotOf(thrown);
  const own = isObject(thrown) && (thrown === info || thrown === copied || thrown === info.message);
  if (!own) Object.assign(call, wordsOf(info.message, splat, thrown, call));
}

interface Found {
  thrown: unknown;
  find?: (info: Info) => unknown;
  keyInMessage?: string;
}

function findThrown(info: Info, splat: readonly unknown[], copied: unknown): Found | undefined {
  if (isError(info)) return { thrown: info };
  if (copied !== undefined) return { thrown: copied };
  const given = splat.find(isErrorLike);
  if (given !== undefined) return { thrown: given };
  const { message } = info;
  if (isErrorLike(message)) return { thrown: message };
  for (const fields of [info, ...splat]) {
    const error = errorIn(fields);
    if (error !== undefined) return { thrown: error.thrown, find: (record) => peek(record, error.key) };
  }
  const inMessage = errorIn(message);
  if (inMessage !== undefined)
    return {
      thrown: inMessage.thrown,
      find: (record) => peek(peek(record, 'message'), inMessage.key),
      keyInMessage: inMessage.key,
    };
  return oneDown(info);
}

/** express-winston and others have all they say under one key. */
function oneDown(info: Info): Found | undefined {
  for (const key of Object.keys(info)) {
    if (key === 'message') continue;
    // Data only: what a getter makes is not looked for.
    const value = Object.getOwnPropertyDescriptor(info, key)?.value;
    const error = isObject(value) ? errorIn(value) : undefined;
    if (error !== undefined) return { thrown: error.thrown, find: (record) => peek(peek(record, key), error.key) };
  }
  return undefined;
}

/** A record with a message and a stack looks like an Error and is none. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function snapshotOf(thrown: Error): Error {
  const { message, stack } = thrown;
  return Object.create(thrown, { message: { value: message }, stack: { value: stack } }) as Error;
}

function wordsOf(message: unknown, splat: unknown[], thrown: unknown, call: WinstonCall): Partial<WinstonCall> {
  if (call.isCrash) return {};
  if (typeof message !== 'string') return isObject(message) ? {} : inWords([message]);
  const tokens = tokensOf(message);
  if (tokens > 0 && splat.length > 0) {
    const values = splat.slice(0, tokens);
    const said = inWords([message, ...values], thrown);
    // winston prints an Error in the words with its stack.
    return values.includes(thrown) ? { ...said, printed: format(message, ...values) } : said;
  }
  // winston adds the message of an error given as metadata to the words.
  const added = splat.length > 0 ? ` ${String(peek(splat[0], 'message'))}` : undefined;
  return { body: added !== undefined && message.endsWith(added) ? message.slice(0, -added.length) : message };
}

interface Words {
  body?: string | undefined;
  template?: string | undefined;
  /** Of an object that came in place of words. */
  fields?: object;
}

/** The words as they were read, or as the formats left them where they changed more than the looks. */
export function wordsShown(call: WinstonCall, formatted: Info): Words {
  const { body, template, thrown } = call;
  const shown = formatted.message;
  if (isObject(shown)) {
    if (shown === thrown) return {};
    if (call.keyInMessage === undefined) return { body: JSON.stringify(plainTags(shown)) };
    const { [call.keyInMessage]: _thrown, ...fields } = plainTags(shown);
    return { fields };
  }
  const text = textOf(shown);
  if (call.isCrumb) return { body: text };
  if (call.isCrash) return call.thrown === undefined ? { body: text?.split('\n')[0] } : {};
  if (text === undefined || body === undefined || isKept(call, text)) return { body, template };
  return { body: text, template: undefined };
}

/** Colours, padding and what a format puts around the words mask nothing. */
function isKept({ message, body, printed, splat }: WinstonCall, text: string): boolean {
  if (text === peek(splat?.[0], 'message')) return true;
  return [message, body, printed].some(
    (said) => typeof said === 'string' && text.includes(stripVTControlCharacters(said)),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? stripVTControlCharacters(value) : undefined;
}

/** The thrown value, with the texts that the formats left of it where they masked. */
export function shownOf(call: WinstonCall, formatted: Info): { thrown?: unknown; shown?: ShownTexts | undefined } {
  const { thrown, before, find } = call;
  const text = textOf(formatted.message);
  if (call.isCrash && typeof thrown === 'string')
    return { thrown: text === undefined || text.includes(thrown) ? thrown : crashWords(text) };
  if (before === undefined) return { thrown };
  const inFields = find && maskedTexts(before, find(formatted));
  if (inFields !== undefined) return { thrown, shown: inFields };
  const masked = messageShown(call, before, text);
  const stack = isObject(formatted) && formatted !== thrown ? textOf(formatted.stack) : undefined;
  const changed = thrown !== undefined && peek(thrown, 'message') !== before.message;
  const shown = maskedTexts(before, { message: masked ?? (changed ? peek(thrown, 'message') : undefined), stack });
  if (shown !== undefined || !changed) return { thrown, shown };
  // A format wrote words of its own to the Error: it is the same bug as without them.
  return { thrown, shown: { ...textsOf(before, before.message, before.stack), whole: before } };
}

/** What became of the Error's message in the words; nothing where it is whole, or never was in them. */
function messageShown(call: WinstonCall, before: Error, text: string | undefined): string | undefined {
  const { message, body, printed, splat, thrown } = call;
  if (text === undefined || before.message === '' || text.includes(before.message)) return undefined;
  if (call.isCrash) return crashWords(text);
  const inWordsOnly = typeof message === 'string' && !(printed ?? message).includes(before.message);
  if (inWordsOnly || call.find !== undefined) return undefined;
  if (splat?.includes(thrown) && body !== undefined && text.startsWith(`${body} `)) return text.slice(body.length + 1);
  return text === message ? undefined : text;
}

function crashWords(text: string): string {
  return text.split('\n')[0]!.replace(CRASH_HEAD, '');
}

const WITHHELD = 'winston holds this record back: its transports do not keep up';

/** What can be told where no format has run. */
export function withheld({ thrown, before }: WinstonCall): Words & { thrown?: unknown; shown?: ShownTexts } {
  if (before === undefined) return { thrown: undefined, body: WITHHELD, template: WITHHELD };
  return { thrown, body: WITHHELD, template: undefined, shown: textsOf(before, '[held back]', undefined) };
}
