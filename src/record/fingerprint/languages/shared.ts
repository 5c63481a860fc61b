// What the parsers of all languages share: bounded lines, empty error nodes, chains, and keys of source files. Text in, parts
// of an ErrorNode out; nothing here knows a language.

import { placeOf, stemOf } from '../file-key.ts';
import { type ErrorNode, type Frame, type FrameKind, MAX_DEPTH, MAX_STACK } from '../types.ts';

const MAX_LINE = 1_024;

export function linesOf(stack: string): string[] {
  const text = stack.length > MAX_STACK ? stack.slice(0, MAX_STACK) : stack;
  return text.split('\n').map((line) => (line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line).replace(/\r$/, ''));
}

export function errorNode(type = '', message = '', header = '', frames: Frame[] = []): ErrorNode {
  return { header, type, code: undefined, message, frames, cause: undefined, errors: [] };
}

/** Errors, outermost first, become each the cause of the one before. The outermost comes back. */
export function chained(errors: readonly ErrorNode[]): ErrorNode {
  const kept = errors.slice(0, MAX_DEPTH);
  for (let i = 1; i < kept.length; i++) kept[i - 1]!.cause ??= kept[i];
  return kept[0] ?? errorNode();
}

/** "Type: message" → both; a text without a type is a message. `name` says what a type looks like. */
export function splitHeader(text: string, name: RegExp): { type: string; message: string } {
  const colon = text.indexOf(':');
  const type = colon < 0 ? text : text.slice(0, colon);
  if (type.length > 256 || !name.test(type)) return { type: '', message: text };
  return { type, message: colon < 0 ? '' : text.slice(colon + 1).trimStart() };
}

/** Lines of a message that goes on: joined as they were. */
export function addMessage(node: ErrorNode, line: string): void {
  if (node.message.length < MAX_STACK) node.message = node.message === '' ? line : `${node.message}\n${line}`;
}

export function makeFrame(
  called: string | undefined,
  file: string,
  line: number | undefined,
  kind: FrameKind,
  key: string | undefined,
): Frame {
  return { function: called, file, line, column: undefined, kind, key };
}

/**
 * A file's stem, and its folder where the stem is one of `vague` (every Django app has a `views`) and the folder is no
 * build root. Only a vague file at the top of a project is told apart by where the project lives.
 */
export function moduleKey(file: string, vague: ReadonlySet<string>): string {
  const { path } = placeOf(file);
  const folders = path.split('/');
  const base = folders.pop()!;
  const dot = base.lastIndexOf('.');
  const stem = dot > 0 ? base.slice(0, dot) : base;
  const parent = folders.at(-1) ?? '';
  const useless = parent === '' || parent === '.' || parent.endsWith(':') || ROOTS.has(parent);
  return vague.has(stem) && !useless ? `${parent}/${stem}` : stemOf(stem, false).name || stem;
}

const ROOTS = new Set('app src lib code workspace task srv opt www html build dist project'.split(' '));

/** "/usr/lib/x/pkg/deep/file" behind `marker` → its next `count` segments; undefined where the marker is missing. */
export function segmentBehind(path: string, marker: string, count = 1): string | undefined {
  const at = path.lastIndexOf(marker);
  if (at < 0) return undefined;
  return path
    .slice(at + marker.length)
    .split('/', count)
    .join('/');
}

export function slashed(file: string): string {
  return file.includes('\\') ? file.replaceAll('\\', '/') : file;
}
