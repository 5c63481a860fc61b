// What a logger shows of an Error where its serializers, formats or redaction changed the texts. In: the Error and what the
// record has in its place. Out: the texts that a row may have; nothing where the logger shows what the Error says itself.
// The Error is still handed over: it is known by its identity wherever else it turns up.

import type { Context } from '@opentelemetry/api';
import { causeOf, errorType, isErrorLike, isObject, membersOf, peek } from '../../record/thrown.ts';

export interface ShownTexts {
  type: string;
  message: string;
  stack?: string | undefined;
  /** Where nothing is masked, and the Error was changed: as it was, with its causes and its code. */
  whole?: Error;
}

const MOST_INSIDE = 16;
const MAX_DEPTH = 4;
/** Lines that are a piece of one, as a shortened stack has them; to look for many in a long text would take seconds. */
const MOST_PARTS = 100;

/** The texts of `shown`, where they are others than those of `thrown`: its own, with or without those of its causes. */
export function maskedTexts(thrown: unknown, shown: unknown): ShownTexts | undefined {
  if (!isErrorLike(thrown) || shown === undefined || shown === null || shown === thrown) return undefined;
  if (typeof shown === 'string') return isSaidBy(thrown, shown) ? undefined : textsOf(thrown, shown, undefined);
  if (!isObject(shown) || !isMasked(thrown, shown, 0)) return undefined;
  return textsOf(thrown, textAt(shown, 'message'), textAt(shown, 'stack'));
}

/** The texts of an Error of which the logger writes `written`, a text without fields, and nothing else. */
export function shownInText(thrown: unknown, written: string): ShownTexts | undefined {
  if (!isErrorLike(thrown) || chainFrom(thrown).every(({ message }) => hasText(written, message))) return undefined;
  return textsOf(thrown, '[not shown]', undefined);
}

/** The texts of an Error that is in the words only, which the logger made others of. */
export function shownInWords(thrown: unknown, before?: string, words?: string): ShownTexts | undefined {
  if (!isErrorLike(thrown) || before === words || before === undefined || !before.includes(thrown.message))
    return undefined;
  return words?.includes(thrown.message) ? undefined : textsOf(thrown, words ?? '', undefined);
}

/** Also as JSON has it. */
export function hasText(written: string, text: string): boolean {
  return written.includes(text) || written.includes(JSON.stringify(text).slice(1, -1));
}

/** A message and a stack for an Error; what was masked in the message is masked in the stack, too. */
export function textsOf(thrown: Error, message: string | undefined, stack: string | undefined): ShownTexts {
  const { message: own, stack: ownStack = '' } = thrown;
  const type = errorType(thrown);
  if (message === undefined)
    return { type, message: stack?.includes(own) ? own : (stack?.split('\n')[0] ?? ''), stack };
  if (message === own) return { type, message, stack };
  if (stack !== undefined && stack !== ownStack) return { type, message, stack: without(thrown, stack, message) };
  const frames = framesFrom(thrown);
  return { type, message, stack: `${type}: ${message}${frames === '' ? '' : without(thrown, `\n${frames}`, message)}` };
}

/** The lines of its stack behind the message. */
function framesFrom({ message, stack = '' }: Error): string {
  const headEnd = message !== '' && stack.includes(message) ? stack.indexOf(message) + message.length : 0;
  const at = stack.indexOf('\n    at ', headEnd);
  return at < 0 ? '' : stack.slice(at + 1);
}

/** The message replaced, but not in the frames: a file or function may be called as the error says. */
function without(thrown: Error, text: string, message: string): string {
  const own = thrown.message;
  // It is all there, with something beside it.
  if (own === '' || message.includes(own)) return text;
  const frames = new Set(framesFrom(thrown).split('\n'));
  // The line of the match before: a line may be as long as the text, and hold as many matches.
  let end = 0;
  let isFrame = false;
  return text.replaceAll(own, (said, at: number) => {
    if (at >= end) {
      end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      const line = text.slice(text.lastIndexOf('\n', at) + 1, end);
      isFrame = line.startsWith('    at ') && frames.has(line);
    }
    return isFrame ? said : message;
  });
}

function isMasked(thrown: Error, shown: object, depth: number): boolean {
  const message = textAt(shown, 'message');
  const stack = textAt(shown, 'stack');
  const code = peek(shown, 'code');
  if (code !== undefined && code !== peek(thrown, 'code')) return true;
  if (message !== undefined && message !== thrown.message && !isMessageOf(thrown, message)) return true;
  if (stack !== undefined && stack !== thrown.stack && !isSaidBy(thrown, stack)) return true;
  if (depth >= MAX_DEPTH) return false;
  const members = membersOf(peek(shown, 'aggregateErrors') === undefined ? undefined : thrown, MOST_INSIDE);
  const inside: [unknown, unknown][] = [
    [causeOf(thrown), peek(shown, 'cause')],
    ...members.map((member, at): [unknown, unknown] => [member, peek(peek(shown, 'aggregateErrors'), at)]),
  ];
  return inside.some(([raw, of]) => isErrorLike(raw) && isObject(of) && of !== raw && isMasked(raw, of, depth + 1));
}

/** Serializers append the messages of causes, and put words of their own in front. */
function isMessageOf(thrown: Error, message: string): boolean {
  if (isAddedTo(thrown.message, message, thrown)) return true;
  return message.includes(thrown.message) && !hasWords(message, thrown);
}

/** The whole of it, with anything in front; behind it, where an error has others inside, nothing but what these say. */
function isAddedTo(own: string, text: string, thrown: Error): boolean {
  const at = text.indexOf(own);
  const end = at + own.length;
  if (own === '' || at < 0 || (/^[\p{L}\p{N}]/u.test(own) && /[\p{L}\p{N}]$/u.test(text.slice(0, at)))) return false;
  if (/[\p{L}\p{N}]$/u.test(own) && /^[\p{L}\p{N}]/u.test(text.slice(end))) return false;
  const isAlone = causeOf(thrown) === undefined && membersOf(thrown, 1).length === 0;
  return isAlone || !hasWords(text.slice(end), thrown);
}

/** Of others than the error and its causes. */
function hasWords(text: string, thrown: Error): boolean {
  let rest = text;
  for (const { message: said } of chainFrom(thrown)) if (said !== '') rest = rest.replaceAll(said, '');
  return /[\p{L}\p{N}]/u.test(rest);
}

/** Each line is one of the Error's or of its causes: some serializers shorten stacks, others append those of causes. */
function isSaidBy(thrown: Error, text: string): boolean {
  const all = chainFrom(thrown)
    .map(({ message, stack }) => `${message}\n${stack}`)
    .join('\n');
  const lines = new Set(all.split('\n'));
  let parts = 0;
  const [head = '', ...below] = text.split('\n');
  const isHead = isAddedTo(thrown.message.split('\n', 1)[0]!, head, thrown);
  return (isHead ? below : [head, ...below]).every((line) => {
    const said = line.replace(/^caused by: /i, '');
    return lines.has(said) || (++parts <= MOST_PARTS && all.includes(said));
  });
}

function chainFrom(thrown: Error): Error[] {
  const chain: Error[] = [];
  for (let next: unknown = thrown; isErrorLike(next) && chain.length < MOST_INSIDE && !chain.includes(next); ) {
    chain.push(next);
    next = causeOf(next);
  }
  return chain;
}

function textAt(value: object, key: string): string | undefined {
  const text = peek(value, key);
  return typeof text === 'string' ? text : undefined;
}

const SHOWN = Symbol.for('rowtrace.shown-texts');

export function withShownTexts(context: Context, texts: ShownTexts | undefined): Context {
  return texts === undefined ? context : context.setValue(SHOWN, texts);
}

export function shownTextsOf(context: Context): ShownTexts | undefined {
  return context.getValue(SHOWN) as ShownTexts | undefined;
}
