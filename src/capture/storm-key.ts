// What makes occurrences alike for the storm valve: where they come from and what they say, read off without parsing,
// hashing or scrubbing. Never coarser than the fingerprint: what it tells apart (type, frames, message, causes) is in here
// to the letter, so that a count goes to the issue its occurrences would have had.

import type { ErrorFact } from '../record/fact.ts';
import { messageTemplate } from '../record/fingerprint/index.ts';
import type { Level } from '../record/level.ts';
import { LIMITS } from '../record/limits.ts';
import { causeOf, errorType, isObject, peek } from '../record/thrown.ts';
import { chainOf } from './error-fact.ts';
import { roughTemplate } from './rough-template.ts';

export interface StormKey {
  level: Level;
  /** The frames as they are; of a record without an error, its logger. */
  place: string;
  /** Class of the error; empty where there is none. */
  type: string;
  /** Code of the error, template of the record, the client's own fingerprint: told apart as they are. */
  mark: string;
  /** The message: here values vary. */
  said: string;
  /** Types, codes and messages of the errors inside. */
  inner: string[] | undefined;
  /** About what a full record takes: of each text what is kept of it. */
  chars: number;
}

/** What the key takes of its carrier. */
export interface Keyed {
  level: Level;
  body?: string | undefined;
  template?: string | undefined;
  module?: string | undefined;
  fingerprint?: string | undefined;
}

const MAX_FRAMES = 4_096;
const MAX_SAID = 1_024;
/** What a record takes beside message and stack. */
const RECORD_CHARS = 600;

/** Nothing where only building the fact tells what was thrown. */
export function keyOfThrown(value: object, keyed: Keyed): StormKey | undefined {
  const message = peek(value, 'message');
  if (typeof message !== 'string') return undefined;
  const key = keyOf(keyed, errorType(value), peek(value, 'code'), message, peek(value, 'stack'));
  if (isObject(causeOf(value)) || peek(value, 'errors') !== undefined)
    for (const inner of chainOf(value))
      add(key, errorType(inner), peek(inner, 'code'), peek(inner, 'message'), peek(inner, 'stack'));
  return key;
}

export function keyOfFact(error: ErrorFact, keyed: Keyed): StormKey {
  const key = keyOf(keyed, error.type, error.code, error.message, error.stack);
  addInner(key, error);
  return key;
}

export function keyOfRecord({ level, body = '', template, module = '', fingerprint = '' }: Keyed): StormKey {
  return {
    level,
    place: module,
    type: '',
    mark: template === undefined ? fingerprint : `${fingerprint}\n${template}`,
    said: template === undefined ? head(body) : '',
    inner: undefined,
    chars: kept(body, LIMITS.message) + RECORD_CHARS,
  };
}

/** In a storm most are like the one before: comparing costs a tenth of what a hash over a stack does. */
export function isSameKind(one: StormKey, other: StormKey): boolean {
  return (
    one.said === other.said &&
    one.type === other.type &&
    one.level === other.level &&
    one.mark === other.mark &&
    one.place === other.place &&
    one.inner === undefined &&
    other.inner === undefined
  );
}

/** Everything but the place: to the letter, … */
export function wordsOf(key: StormKey): string {
  return `${kindOf(key)}\n${key.said}${key.inner === undefined ? '' : `\n${key.inner.join('\n')}`}`;
}

/** … without the plainest values, … */
export function roughWordsOf(key: StormKey): string {
  return `~${kindOf(key)}\n${masked(key, roughTemplate)}`;
}

/** … and as the fingerprint sees it. */
export function templateWordsOf(key: StormKey): string {
  return `*${kindOf(key)}\n${masked(key, messageTemplate)}`;
}

function kindOf({ level, type, mark }: StormKey): string {
  return `${level} ${type} ${mark}`;
}

function masked({ said, inner }: StormKey, mask: (text: string) => string): string {
  return inner === undefined ? mask(said) : [said, ...inner].map(mask).join('\n');
}

function keyOf(keyed: Keyed, type: string, code: unknown, message: string, stack: unknown): StormKey {
  const { level, fingerprint, body } = keyed;
  const text = typeof stack === 'string' ? stack : '';
  const told = codeText(code);
  return {
    level,
    place: framesOf(text, message),
    type: head(type),
    mark: fingerprint === undefined ? told : `${told} ${fingerprint}`,
    said: head(message),
    inner: undefined,
    chars: kept(body, LIMITS.message) + kept(message, LIMITS.message) + kept(text, LIMITS.stack) + RECORD_CHARS,
  };
}

function addInner(key: StormKey, error: ErrorFact): void {
  for (const inner of [error.cause, ...(error.errors ?? [])]) {
    if (inner === undefined) continue;
    add(key, inner.type, inner.code, inner.message, inner.stack);
    addInner(key, inner);
  }
}

function add(key: StormKey, type: string, code: unknown, message: unknown, stack: unknown): void {
  const text = typeof message === 'string' ? message : '';
  key.mark += `\n${head(type)} ${codeText(code)}`;
  key.inner ??= [];
  key.inner.push(head(text));
  key.chars += kept(text, LIMITS.message);
  if (typeof stack !== 'string') return;
  key.place += framesOf(stack, text);
  key.chars += kept(stack, LIMITS.stack);
}

function kept(text: string | undefined, limit: number): number {
  return text === undefined ? 0 : Math.min(text.length, limit);
}

function codeText(code: unknown): string {
  return typeof code === 'string' ? head(code) : typeof code === 'number' ? String(code) : '';
}

/** Behind the message, which the stack repeats. A slice, no copy. */
function framesOf(stack: string, message: string): string {
  const at = stack.indexOf('\n    at ', message.length);
  return at < 0 ? '' : stack.slice(at, at + MAX_FRAMES);
}

function head(text: string): string {
  return text.length > MAX_SAID ? text.slice(0, MAX_SAID) : text;
}
