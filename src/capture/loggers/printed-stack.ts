// A stack that is printed or logged as a text, where an Error would be: `console.error(error.stack)`,
// `log.error(error.message, { stack: error.stack })`, and how SvelteKit, Astro and the runtime of AWS Lambda print what they
// answer. Arguments of a call in, attributes of the error in it out.

import { parseHeader } from '../../record/fingerprint/header.ts';
import { withoutColours } from '../../util/colours.ts';
import { tokensOf } from './tokens.ts';

const FRAME = '\n    at ';
/** Longer ones are a report of something. */
const MAX_HEAD = 16_384;

/**
 * The first line that names a class of errors, behind a time or a level as well. Only names that end so: `console.trace` prints
 * a "Trace:" by console.error, React a "Warning:" with the stack of its components.
 */
const HEADER = /(?:^|[ \t])(?=(?:[A-Za-z_$][\w$.]*)?(?:Error|Exception)(?: \[[^\]\n]{1,64}\])?(?::[ \n]|\n|$))/m;

/** What a handler failed of, behind "Invoke Error" (aws-lambda-ric 3.3, Errors.js, LogPatch.js). */
const LAMBDA = '\t{"errorType":"';
const MAX_LAMBDA = 262_144;

export interface PrintedStack {
  attributes: Record<string, unknown>;
  /** The other arguments, or the error's own words: what stands around a stack in its text are no words of the programmer's. */
  words: unknown[];
}

export function printedStack(values: readonly unknown[]): PrintedStack | undefined {
  for (const [at, value] of values.entries()) {
    if (typeof value === 'string' && value.startsWith(LAMBDA)) return ofLambda(value);
    if (typeof value !== 'string' || !value.includes(FRAME)) continue;
    const text = withoutColours(value);
    const frames = text.indexOf(FRAME);
    if (frames > MAX_HEAD) continue;
    const head = text.slice(0, frames);
    const found = HEADER.exec(head);
    if (found === null) continue;
    const start = found.index + found[0].length;
    const header = parseHeader(head.slice(start));
    if (header === undefined) continue;
    // Where a format asks for it, the error's message stands for its stack, as for an Error.
    const isAskedFor = at > 0 && typeof values[0] === 'string' && at <= tokensOf(values[0]);
    const others = isAskedFor ? values.with(at, header.message) : values.toSpliced(at, 1);
    return {
      attributes: {
        'exception.type': header.name,
        'exception.message': header.message,
        'exception.stacktrace': text.slice(start),
      },
      words: others.length > 0 ? others : [header.message],
    };
  }
  return undefined;
}

/**
 * The stack that a logger was given as its words, or as one of its fields, which is a column then. `body` is what the record
 * says where its words were the stack.
 */
export function stackAmong(
  body: string | undefined,
  fields: Record<string, unknown>,
): { attributes: Record<string, unknown>; body?: string } | undefined {
  for (const key in fields) {
    const value = fields[key];
    if (key.startsWith('exception.')) return undefined;
    if (typeof value !== 'string' || !value.includes(FRAME)) continue;
    const found = printedStack([value]) ?? (key === 'stack' ? stackOfField(value) : undefined);
    // "Error" alone says where a record was made, and of nothing that failed.
    if (found === undefined || found.attributes['exception.message'] === '') continue;
    delete fields[key];
    return { attributes: found.attributes };
  }
  const { attributes, words } = printedStack([body]) ?? {};
  return attributes && { attributes, body: String(words?.[0]) };
}

/** A class of whatever name: what stands under `stack` is one. */
function stackOfField(text: string): Pick<PrintedStack, 'attributes'> | undefined {
  const frames = text.indexOf(FRAME);
  const header = frames > MAX_HEAD ? undefined : parseHeader(text.slice(0, frames));
  if (header === undefined) return undefined;
  const { name, message } = header;
  return {
    attributes: { 'exception.type': name, 'exception.message': message, 'exception.stacktrace': text },
  };
}

function ofLambda(text: string): PrintedStack | undefined {
  if (text.length > MAX_LAMBDA) return undefined;
  try {
    const { errorType, errorMessage, stack } = JSON.parse(text);
    if (!Array.isArray(stack)) return undefined;
    return {
      attributes: {
        'exception.type': String(errorType),
        'exception.message': String(errorMessage),
        'exception.stacktrace': stack.join('\n'),
      },
      words: [String(errorMessage)],
    };
  } catch {
    return undefined;
  }
}
