// One line of a V8 stack → a classified frame with its key. Line and column numbers, path roots, build hashes and package
// managers' folders never reach the key. Frames repeat from event to event, so parsed lines are kept (bounded).

import { placeOf, stemOf } from './file-key.ts';
import { functionKey, isMinified, stripFunction } from './function-key.ts';
import { frameworks, isNodeFile, runtimeFile, runtimeFunction, runtimePackage } from './known-code.ts';
import type { Frame, FrameKind } from './types.ts';

const CACHE_SIZE = 4_096;

/** What does not depend on line and column. */
interface Known {
  frame: Frame;
  /** Name and stem may be a minifier's: the position decides. Then `key` (of a package) or `unit` is what is left. */
  minifiable: { name: string; hashed: boolean; key?: string; unit?: string } | undefined;
}
/** By the line without its position, which changes with every release, and whether it had one. null: no frame. */
const cache = new Map<string, Known | null>();

/** `line`: trimmed, beginning with "at "; undefined where it is no frame. */
export function readFrame(line: string): Frame | undefined {
  const text = line.length > 1_024 ? line.slice(0, 1_024) : line;
  let end = text.length;
  // util.inspect puts ` {` (properties follow) or `,` (in a list) behind the last frame.
  if (text.endsWith(' {')) end -= 2;
  else if (text.endsWith(',')) end -= 1;
  const closed = text.charCodeAt(end - 1) === 41;
  const last = numberBehind(text, closed ? end - 1 : end);
  const first = last === undefined ? undefined : numberBehind(text, last.at);
  const bare = text.slice(0, first?.at ?? last?.at ?? (closed ? end - 1 : end)) + (closed ? ')' : '');
  const placed = last !== undefined;
  const name = placed ? bare : `${bare}\n`;
  let known = cache.get(name);
  if (known === undefined) {
    known = parse(bare, placed) ?? null;
    if (cache.size >= CACHE_SIZE) cache.clear();
    if (bare.length <= 512) cache.set(name, known);
  }
  if (known === null) return undefined;
  const row = first?.value ?? last?.value;
  const column = first === undefined ? undefined : last!.value;
  const { minifiable } = known;
  const minified = minifiable !== undefined && isMinified(minifiable.name, minifiable.hashed, row, column);
  const frame: Frame = { ...known.frame, line: row, column };
  if (!minified) return frame;
  frame.key = minifiable.key;
  if (minifiable.unit !== undefined) frame.unit = minifiable.unit;
  return frame;
}

function parse(line: string, placed: boolean): Known | undefined {
  let text = line.slice(3).trim();
  if (text.startsWith('async ')) text = text.slice(6);
  let called: string | undefined;
  let file = text;
  if (text.endsWith(')')) {
    const open = text.indexOf(' (');
    if (open < 0) return undefined;
    called = text.slice(0, open);
    file = text.slice(open + 2, -1);
  }
  // Hermes.
  if (file.startsWith('address at ')) file = file.slice(11);
  if (file === '' && !placed) return undefined;
  // A sentence of a message that begins with "at " has no place behind it.
  if (called === undefined && !placed && !/[/\\:<[]/.test(file)) return undefined;
  return classify(called === undefined ? undefined : stripFunction(called), file);
}

/** "path:12:5" from the end, since paths hold colons. */
function numberBehind(text: string, end: number): { at: number; value: number } | undefined {
  let at = end;
  while (at > 0 && text.charCodeAt(at - 1) >= 48 && text.charCodeAt(at - 1) <= 57) at--;
  if (at === end || end - at > 9 || text.charCodeAt(at - 1) !== 58) return undefined;
  return { at: at - 1, value: Number(text.slice(at, end)) };
}

function classify(called: string | undefined, file: string): Known {
  const known = (kind: FrameKind, key: string | undefined, minifiable?: Known['minifiable']): Known => ({
    frame: { function: called, file, line: undefined, column: undefined, kind, key },
    minifiable,
  });
  if (isNodeFile(file)) return known('node', undefined);
  const place = placeOf(file);
  if (runtimeFile(place.path) || (called !== undefined && runtimeFunction(called))) return known('runtime', undefined);
  const name = functionKey(called);
  if (place.package !== undefined) {
    if (runtimePackage(place.package)) return known('runtime', undefined);
    const kind = frameworks.has(place.package) ? 'framework' : 'dependency';
    const stem = `${place.package}/${stemOf(place.path, false).name}`;
    return known(kind, `${stem}:${name}`, { name, hashed: false, key: `${stem}:~` });
  }
  const stem = stemOf(place.path, true);
  // Nothing is left of an anonymous function in `377.js`.
  if (name === '?' && (stem.name === '' || stem.name === 'chunk')) return known('app', undefined);
  // In a browser a bundler's name that does not look like one would be another with each build.
  const unit = stem.hashed || /^https?:/.test(file) ? undefined : stem.name;
  return known('app', `${stem.name}:${name}`, { name, hashed: stem.hashed, unit });
}
