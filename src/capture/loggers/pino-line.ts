// What is read of one record of pino: its line, in which bindings, serializers and redaction are applied, and the settings
// of the logger that say where to look in it. In: an instance and a line. Out: words, Error, fields, name.

import { causeOf, causePathOf, isErrorLike, isObject, peek, peekAlong } from '../../record/thrown.ts';
import { errorIn } from './emit.ts';
import { hasText } from './masked.ts';

export interface PinoInstance {
  bindings?: () => Record<string, unknown>;
  levels?: { labels: Record<number, string>; values: Record<string, number> };
  [symbol: symbol]: unknown;
}

export type Line = Record<string, unknown> | undefined;

/** What is read of an instance. */
const SETTINGS = [
  'errorKey',
  'messageKey',
  'nestedKey',
  'stringifiers',
  'serializers',
  'hooks',
  'setLevel',
  'levelComp',
  'stream',
] as const;

/** Under which an instance keeps its options; each copy of pino has its own. */
export type Symbols = Partial<Record<(typeof SETTINGS)[number], symbol>>;

/** By the class that each copy of pino makes for itself. */
const symbolsOfCopies = new WeakMap<object, Symbols>();

/** Settings are own properties of the logger that children inherit from. */
export function symbolsOf(instance: object): Symbols {
  const known = symbolsOfCopies.get(instance.constructor);
  if (known !== undefined) return known;
  const found: Symbols = {};
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at))
    for (const symbol of Object.getOwnPropertySymbols(at))
      for (const name of SETTINGS) if (symbol.description === `pino.${name}`) found[name] ??= symbol;
  symbolsOfCopies.set(instance.constructor, found);
  return found;
}

/** The Error that the record is about. Fields are read where pino itself looks: others may have getters. */
export function errorOf(
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
export function textThrown(
  line: Line,
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
export function lineOf(text: string): Line {
  return parsed(text) ?? parsed(text.replaceAll(TOKENS, asValue));
}

function parsed(text: string): Line {
  try {
    const line: unknown = JSON.parse(text);
    return isObject(line) ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

/** A text that was cut goes to the end: looked for from each of its quotes, its end took time by the square. */
const TOKENS = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|[^"{}[\],:\s]+/g;

/** What masks a line as a text masks digits of its numbers, too. */
function asValue(token: string): string {
  return /^("|-?\d+(\.\d+)?(e[-+]?\d+)?$|true$|false$|null$)/i.test(token) ? token : JSON.stringify(token);
}

/** Whether `redact` or a serializer may have changed the words. */
export function masksWords(instance: PinoInstance, symbols: Symbols): boolean {
  const { messageKey, serializers } = symbols;
  const key = messageKey && (instance[messageKey] as string);
  if (key === undefined) return false;
  return peek(serializers && instance[serializers], key) !== undefined || isRedacted(key, instance, symbols);
}

/** Whether `redact` has to do with a field. */
function isRedacted(key: string, instance: PinoInstance, { stringifiers }: Symbols): boolean {
  const redacting = stringifiers && instance[stringifiers];
  if (!isObject(redacting)) return false;
  // Redaction of whatever field is under a symbol.
  return (
    peek(redacting, key) !== undefined ||
    Object.getOwnPropertySymbols(redacting).some(({ description }) => description === 'pino.wildcardFirst')
  );
}

/** The words as they are written; of what is no JSON those before, if they are in it, or else all of it. */
export function wordsIn(
  written: string,
  line: Line,
  text: string | undefined,
  instance: PinoInstance,
  { messageKey }: Symbols,
): string | undefined {
  if (line === undefined) return text !== undefined && hasText(written, text) ? text : written.trim();
  const words = line[instance[messageKey!] as string];
  return words === undefined || typeof words === 'string' ? words : JSON.stringify(words);
}

/** What the line has in place of the Error. */
function shownIn(line: Line, key: string, instance: PinoInstance, { errorKey, nestedKey }: Symbols): unknown {
  const nested = nestedKey && (instance[nestedKey] as string | undefined);
  const fields = nested ? line?.[nested] : line;
  return peek(fields, key) ?? (errorKey && peek(fields, instance[errorKey] as string));
}

const REDACTED = '[Redacted]';
const MAX_CAUSES = 4;

/** The same; where `redact` removed it, a mask. Without a serializer no text of an Error is in the line, masked or not. */
export function shownFor(
  { key, thrown }: { key: string; thrown: unknown },
  line: Line,
  instance: PinoInstance,
  symbols: Symbols,
): unknown {
  const shown = shownIn(line, key, instance, symbols);
  if (isObject(shown) && peek(shown, 'message') === undefined && isErrorLike(thrown))
    return redactedTexts(key, thrown, instance, symbols) ?? shown;
  if (shown !== undefined) return shown;
  const keys = [key, symbols.errorKey && (instance[symbols.errorKey] as string)];
  return keys.some((one) => one && isRedacted(one, instance, symbols)) ? REDACTED : undefined;
}

/** What `redact` leaves of texts and causes where they stand under the names that its paths have for them. */
function redactedTexts(key: string, thrown: Error, instance: PinoInstance, symbols: Symbols): unknown {
  const redacting = symbols.stringifiers && instance[symbols.stringifiers];
  if (!isObject(redacting)) return undefined;
  const any = Object.getOwnPropertySymbols(redacting).find(({ description }) => description === 'pino.wildcardFirst');
  const redact = peek(redacting, key) ?? (any && peek(redacting, any));
  if (typeof redact !== 'function') return undefined;
  try {
    const left: unknown = JSON.parse(redact(textsIn(thrown, 0)) as string);
    return isObject(left) ? masked(thrown, left, 0) : left;
  } catch {
    // A censor of the application's own may throw.
    return REDACTED;
  }
}

function textsIn(thrown: Error, depth: number): object {
  const { message, stack } = thrown;
  const cause = causeOf(thrown);
  if (!isErrorLike(cause) || depth >= MAX_CAUSES) return { message, stack };
  const inside = causePathOf(thrown).reduceRight((held, key) => ({ [key]: held }), textsIn(cause, depth + 1));
  return { message, stack, ...inside };
}

/** A text that is gone is masked; causes that are gone are as good as one whose message is. */
function masked(thrown: Error, left: object, depth: number): object {
  const cause = causeOf(thrown);
  const [message, stack] = [peek(left, 'message') ?? REDACTED, peek(left, 'stack') ?? REDACTED];
  if (!isErrorLike(cause) || depth >= MAX_CAUSES) return { message, stack };
  const inner = peekAlong(left, causePathOf(thrown));
  return { message, stack, cause: isObject(inner) ? masked(cause, inner, depth + 1) : { message: REDACTED } };
}

/** The fields of the line, without those that are columns of a row. */
export function fieldsOf(
  fields: Record<string, unknown>,
  instance: PinoInstance,
  words: string | undefined,
  errorKey: string | undefined,
  { messageKey, nestedKey }: Symbols,
): Record<string, unknown> {
  const nested = fields[(nestedKey && (instance[nestedKey] as string)) ?? ''];
  if (errorKey !== undefined && isObject(nested)) delete (nested as Record<string, unknown>)[errorKey];
  for (const key of ['level', 'time', 'pid', 'hostname', errorKey]) if (key !== undefined) delete fields[key];
  for (const key of ['msg', 'message', messageKey && (instance[messageKey] as string)])
    if (key !== undefined && fields[key] === words) delete fields[key];
  return fields;
}

/** From bindings only: a `name` among the fields of one call is that of a dog. */
export function nameOf(
  instance: PinoInstance,
  given: unknown,
  attributes: Record<string, unknown>,
): string | undefined {
  const fields = (typeof given === 'object' && given) || {};
  for (const key of ['module', 'logger', 'name']) {
    const own = Object.hasOwn(fields, key);
    const value = own ? instance.bindings?.()[key] : attributes[key];
    if (typeof value !== 'string') continue;
    if (!own) delete attributes[key];
    return value;
  }
  return undefined;
}
