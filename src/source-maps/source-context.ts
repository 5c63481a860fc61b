// The source lines around a place, scrubbed and bounded: text of a file in, a SourceContext out. Stack texts may name any
// path, so only files that are source by their name are read, and only those that are older than the process.

import { cut } from '../record/limits.ts';
import type { SourceContext } from '../record/row.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { LIMITS } from './limits.ts';
import { readRegularFile } from './read-file.ts';

const SOURCE = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx?|coffee)$/i;
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const LONGEST_LINE = 240;
/** An excerpt of minified code would not hold the place that it is about. */
const MINIFIED_LINE = 2_000;
/** Looked at by the scrubber to either side, since a secret may begin above the lines that are shown. */
const SCRUBBED_LINES = 60;

export interface Place {
  path: string;
  line: number;
  column: number;
  called: string | undefined;
}

export function readSource(path: string, startedAt: number): string | undefined {
  if (!SOURCE.test(path)) return undefined;
  const read = readRegularFile(path, MAX_SOURCE_BYTES);
  if (typeof read === 'string' || read.changedAt > startedAt + LIMITS.startSlackMillis) return undefined;
  return read.bytes.toString('utf8');
}

export function sourceContext(text: string, place: Place, scrubber: Scrubber): SourceContext | undefined {
  const from = Math.max(1, place.line - SCRUBBED_LINES);
  const wide = linesOf(text, from, place.line + SCRUBBED_LINES);
  const own = wide[place.line - from];
  if (own === undefined || own.length > MINIFIED_LINE) return undefined;
  const clean = scrubber.text(wide.join('\n')).split('\n');
  // A mask that took line ends with it (a private key): which line is which cannot be told any more.
  if (clean.length !== wide.length) return undefined;
  const first = Math.max(1, place.line - LIMITS.contextLines);
  const shown = clean.slice(first - from, place.line + LIMITS.contextLines - from + 1);
  const context = (longest: number): SourceContext => ({
    file: cut(place.path, 512),
    line: place.line,
    column: place.column,
    ...(place.called === undefined ? {} : { function: cut(place.called, 256) }),
    first,
    lines: shown.map((line) => cut(line.replace(/\r$/, ''), longest)),
  });
  const whole = context(LONGEST_LINE);
  return Buffer.byteLength(JSON.stringify(whole)) <= LIMITS.contextBytes ? whole : context(LONGEST_LINE / 3);
}

/** Lines `from` to `to`, from 1; only long ones are cut, beyond what anything shows of them. */
function linesOf(text: string, from: number, to: number): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let line = 1; line <= to; line++) {
    const end = text.indexOf('\n', start);
    if (line >= from) lines.push(text.slice(start, Math.min(end < 0 ? text.length : end, start + MINIFIED_LINE + 1)));
    if (end < 0) break;
    start = end + 1;
  }
  return lines;
}
