// The stacks of an error and of all errors in it. In: an ErrorFact as the journal gave it. Out: the same object where nothing
// was mapped, else a copy; findings about the way there.

import type { ErrorFact } from '../record/fact.ts';
import type { UnmappedFile } from '../record/row.ts';
import { LIMITS } from './limits.ts';
import { isFrame, type Run } from './run.ts';

const MAX_DEPTH = 8;
const MAX_MEMBERS = 32;

export interface StackFindings {
  /** Looked at so far. */
  lines: number;
  /** Raw line of the top frame of the service's own code, of the outermost error that has one. */
  culprit: string | undefined;
  /** The fingerprint uses that frame: no better one will come. */
  keyed: boolean;
  /** By file; absent where there are none. */
  unmapped?: Map<string, UnmappedFile>;
}

export function mapError(error: ErrorFact, run: Run, now: number, found: StackFindings, depth = 0): ErrorFact {
  if (error === null || typeof error !== 'object' || depth > MAX_DEPTH) return error;
  const stack = typeof error.stack === 'string' ? mapStack(error, run, now, found) : error.stack;
  const cause = error.cause && mapError(error.cause, run, now, found, depth + 1);
  const errors = Array.isArray(error.errors)
    ? error.errors.map((one, i) => (i < MAX_MEMBERS ? mapError(one, run, now, found, depth + 1) : one))
    : error.errors;
  const changed = stack !== error.stack || cause !== error.cause || errors?.some((one, i) => one !== error.errors![i]);
  if (!changed) return error;
  return { ...error, stack, ...(cause === undefined ? {} : { cause }), ...(errors === undefined ? {} : { errors }) };
}

function mapStack(error: ErrorFact, run: Run, now: number, found: StackFindings): string {
  const stack = error.stack!;
  const begin = isFrame(stack) ? 0 : nextLine(stack, endOfMessage(stack, error.message));
  const frames = stack.slice(begin);
  const seen = run.stack(frames, now, LIMITS.framesOfEvent - found.lines);
  found.lines += seen.lines;
  if (seen.culprit !== undefined && !found.keyed && (found.culprit === undefined || seen.keyed)) {
    found.culprit = seen.culprit;
    found.keyed = seen.keyed;
  }
  for (const one of seen.unmapped) {
    found.unmapped ??= new Map();
    if (found.unmapped.size < LIMITS.unmapped) found.unmapped.set(one.file, one);
  }
  return seen.text === frames ? stack : stack.slice(0, begin) + seen.text;
}

/** The message may hold lines that look like frames. */
function endOfMessage(stack: string, message: unknown): number {
  if (typeof message !== 'string' || !message.includes('\n')) return 0;
  const at = stack.slice(0, message.length + 1_024).indexOf(message);
  return at < 0 ? 0 : at + message.length;
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}
