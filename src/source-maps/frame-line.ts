// One line of a V8 stack that names a place in a file, taken apart so that it can be put together again.

import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface FrameLine {
  /** Indentation, "at ", and "async " or "new " where written. */
  head: string;
  /** Function as written, without ` [as x]`. */
  called: string | undefined;
  /** ` [as x]`, or nothing. */
  alias: string;
  path: string;
  /** Both from 1. */
  line: number;
  column: number;
  /** What util.inspect puts behind a frame (` {`, `,`), or nothing. */
  tail: string;
}

const HEAD = /^\s+at (?:async )?(?:new )?/;
const PLACE = /^(.+):(\d{1,9}):(\d{1,9})$/;
const TAIL = /(?: \{|,|\r)$/;

/** undefined where the line is no frame, or one without a file of its own (natives, Node's internals, evaluated code). */
export function readFrameLine(text: string): FrameLine | undefined {
  if (text.length > 2_048) return undefined;
  const head = HEAD.exec(text)?.[0];
  if (head === undefined) return undefined;
  const tail = TAIL.exec(text)?.[0] ?? '';
  const body = text.slice(head.length, text.length - tail.length);
  const open = body.endsWith(')') ? body.indexOf(' (') : -1;
  if (open < 0 && body.endsWith(')')) return undefined;
  const place = PLACE.exec(open < 0 ? body : body.slice(open + 2, -1));
  const path = place === null ? undefined : pathOf(place[1]!);
  if (place === null || path === undefined) return undefined;
  const [called, alias] = open < 0 ? [undefined, ''] : splitAlias(body.slice(0, open));
  return { head, called, alias, path, line: Number(place[2]), column: Number(place[3]), tail };
}

export function writeFrameLine({ head, called, alias, path, line, column, tail }: FrameLine): string {
  const place = `${path}:${line}:${column}`;
  return called === undefined
    ? `${head.replace(/new $/, '')}${place}${tail}`
    : `${head}${called}${alias} (${place})${tail}`;
}

function splitAlias(called: string): [called: string, alias: string] {
  const at = called.indexOf(' [as ');
  return at < 0 ? [called, ''] : [called.slice(0, at), called.slice(at)];
}

function pathOf(file: string): string | undefined {
  if (!file.startsWith('file:')) return isAbsolute(file) ? file : undefined;
  try {
    return fileURLToPath(file);
  } catch {
    return undefined;
  }
}
