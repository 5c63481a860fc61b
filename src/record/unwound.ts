// Languages that write the stack while it is unwound (Python, .NET): the further up an exception is told of, the more frames
// it has, and their loggers do not name it as their spans do. Python's name class and first argument ("NotFound", "2") where
// the span has "errors.NotFound", "[Errno 2] No such file …"; .NET's name the class without its namespace, and spans of Java a
// class in a class in their own way. The text of the stack says it in full. In: an error as its carrier tells it. Out: how it is called, and by what other carriers know it.

import type { ErrorFact } from './fact.ts';
import { walkChain } from './fingerprint/chain.ts';
import { parseStack, sniffLanguage } from './fingerprint/languages/index.ts';
import type { ErrorNode, Frame } from './fingerprint/types.ts';
import { cut, LIMITS } from './limits.ts';

const UNWOUND = new Set(['python', 'dotnet']);

/** Frames that are told apart, innermost first. Beyond them two callers look alike. */
const MAX_TOLD = 24;
const DIGITS = 5;

/**
 * Frames of context managers, that of a span among them, which wait at their `yield`: outermost while they look on, and gone
 * further up.
 */
const LOOKING_ON = /^ {1,64}File "[^"\n]{1,512}", line \d{1,9}, in [^\n]{1,256}\n {1,64}(?:\w{1,64} = )?yield\b.*\n/gm;

export interface Unwound {
  /** As the stack says them. */
  type: string;
  message: string;
  /** What is the same wherever it is told of: types and messages of its chain, each with the place where it was raised. */
  core: readonly string[];
  /** A few characters a frame, innermost first: who sees it further up has all of them, and more. */
  frames: string;
}

/** Gives the error its full names. @returns undefined for other languages, and where the stack is of something else */
export function nameInFull(error: ErrorFact, language: string | undefined): Unwound | undefined {
  const unwound = readUnwound(error, language);
  if (unwound !== undefined) Object.assign(error, { type: unwound.type, message: unwound.message });
  else if (language === 'java' || language === 'kotlin') error.type = binaryName(error);
  return unwound;
}

/** A class in a class: spans of Java say Outer.Inner, appenders of its loggers and its stacks Outer$Inner. */
function binaryName({ type, stack = '' }: ErrorFact): string {
  const [said = ''] = /^[\w.$]{1,512}/.exec(stack) ?? [];
  return said.replaceAll('$', '.') === type.replaceAll('$', '.') ? said : type;
}

function readUnwound(error: ErrorFact, language: string | undefined): Unwound | undefined {
  const { stack } = error;
  if (stack === undefined) return undefined;
  const spoken = language ?? sniffLanguage(stack);
  if (spoken === undefined || !UNWOUND.has(spoken)) return undefined;
  const node = parseStack(spoken === 'python' ? stack.replace(LOOKING_ON, '') : stack, error.message, spoken);
  if (node.type === '' || ownName(node.type) !== ownName(error.type)) return undefined;
  return {
    type: cut(node.type, LIMITS.name),
    message: spoken === 'python' ? cut(messageOf(node, error.message), LIMITS.message) : error.message,
    core: [...walkChain(node)].flatMap(({ type, message, frames }) => [type, message, placeOf(frames[0], spoken)]),
    frames: node.frames
      .filter(({ kind }) => kind !== 'runtime' && kind !== 'node')
      .slice(0, MAX_TOLD)
      .map((frame) => shortHash(placeOf(frame, spoken)))
      .join(''),
  };
}

/** Whether one of them may be the other, told of further up. */
export function mayBeSame(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a.startsWith(b) || b.startsWith(a);
}

/** "errors.NotFound", "Kennel.Outer+NotFound" → "NotFound". */
function ownName(type: string): string {
  return type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('+')) + 1);
}

/** The stack adds notes behind the words, and is read without the indentation of further lines. */
function messageOf({ message }: ErrorNode, given: string): string {
  const words = linesOf(given);
  return words !== '' && `${linesOf(message)}\n`.startsWith(`${words}\n`) ? given : message;
}

function linesOf(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Where .NET throws again (`throw;`) the line of the frame is another one than where it caught. */
export function placeOf(frame: Frame | undefined, language: string | undefined): string {
  if (frame === undefined) return '';
  const line = language === 'dotnet' ? '' : frame.line;
  return `${frame.file}:${line}:${frame.function}`;
}

/** FNV-1a: 25 bits of it are plenty for telling the frames of one exception apart. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 7).toString(32).padStart(DIGITS, '0');
}
