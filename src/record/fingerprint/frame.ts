// One line of a V8 stack → a classified frame with its key. Line and column numbers, path roots, build hashes and package
// managers' folders never reach the key. Frames repeat from event to event, so parsed lines are kept (bounded).

import { placeOf, stemOf } from './file-key.ts';
import { functionKey, isMinified, stripFunction } from './function-key.ts';
import { frameworks, isNodeFile, runtimeFile, runtimeFunction, runtimePackage } from './known-code.ts';
import type { Frame } from './types.ts';

const CACHE_SIZE = 4_096;
const cache = new Map<string, Frame | null>();

/** `line`: trimmed, beginning with "at "; undefined where it is no frame. */
export function readFrame(line: string): Frame | undefined {
  const known = cache.get(line);
  if (known !== undefined) return known ?? undefined;
  const frame = parse(line.length > 1_024 ? line.slice(0, 1_024) : line);
  if (cache.size >= CACHE_SIZE) cache.clear();
  if (line.length <= 512) cache.set(line, frame ?? null);
  return frame;
}

function parse(line: string): Frame | undefined {
  let text = line.slice(3).trim();
  // util.inspect puts ` {` (properties follow) or `,` (in a list) behind the last frame.
  if (text.endsWith(' {')) text = text.slice(0, -2);
  else if (text.endsWith(',')) text = text.slice(0, -1);
  if (text.startsWith('async ')) text = text.slice(6);
  let called: string | undefined;
  let place = text;
  if (text.endsWith(')')) {
    const open = text.indexOf(' (');
    if (open < 0) return undefined;
    called = text.slice(0, open);
    place = text.slice(open + 2, -1);
  }
  if (place === '') return undefined;
  const { file, line: row, column } = splitPosition(place);
  // A sentence of a message that begins with "at " has no place behind it.
  if (called === undefined && row === undefined && !/[/\\:<[]/.test(place)) return undefined;
  return classify(called === undefined ? undefined : stripFunction(called), file, row, column);
}

/** "path:12:5" from the end, since paths hold colons. */
function splitPosition(place: string): { file: string; line?: number; column?: number } {
  const last = numberBehind(place, place.length);
  if (last === undefined) return { file: place };
  const first = numberBehind(place, last.at);
  if (first === undefined) return { file: place.slice(0, last.at), line: last.value };
  return { file: place.slice(0, first.at), line: first.value, column: last.value };
}

function numberBehind(text: string, end: number): { at: number; value: number } | undefined {
  let at = end;
  while (at > 0 && text.charCodeAt(at - 1) >= 48 && text.charCodeAt(at - 1) <= 57) at--;
  if (at === end || end - at > 9 || text.charCodeAt(at - 1) !== 58) return undefined;
  return { at: at - 1, value: Number(text.slice(at, end)) };
}

function classify(called: string | undefined, file: string, line?: number, column?: number): Frame {
  const frame: Frame = { function: called, file, line, column, kind: 'node', key: undefined };
  if (isNodeFile(file)) return frame;
  const place = placeOf(file);
  if (runtimeFile(place.path) || (called !== undefined && runtimeFunction(called)))
    return { ...frame, kind: 'runtime' };
  const named = functionKey(called);
  if (place.package !== undefined) {
    if (runtimePackage(place.package)) return { ...frame, kind: 'runtime' };
    const kind = frameworks.has(place.package) ? 'framework' : 'dependency';
    return { ...frame, kind, key: `${place.package}/${stemOf(place.path, false).name}:${named}` };
  }
  const stem = stemOf(place.path, true);
  // Nothing is left of an anonymous function in `377.js`.
  const nothing = named === '?' && (stem.name === '' || stem.name === 'chunk');
  if (nothing || isMinified(named, stem.hashed, line, column)) return { ...frame, kind: 'app' };
  return { ...frame, kind: 'app', key: `${stem.name}:${named}` };
}
