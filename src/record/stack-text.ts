// The text of the stack_trace column: the error's own stack, then its cause chain and the members of an AggregateError in
// the layout of Node's own util.inspect (`  [cause]: …`, `  [errors]: [`, two columns deeper each), without the braces and
// properties. An ErrorFact in, text out; fingerprint/ reads the same chain back from it.

import type { ErrorFact } from './fact.ts';
import { cut, LIMITS } from './limits.ts';

const MAX_DEPTH = 8;
const MAX_MEMBERS = 32;

/** undefined where nothing has a stack and there is no chain: then the text would only repeat type and message. */
export function stackText(error: ErrorFact): string | undefined {
  const isAlone = !error.cause && !(Array.isArray(error.errors) && error.errors.length > 0);
  if (isAlone && (typeof error.stack !== 'string' || error.stack === '')) return undefined;
  if (isAlone) return cut(error.stack!, LIMITS.stack);
  const lines: string[] = [];
  write(error, '', '', 0, lines, { left: LIMITS.stack * 2 });
  return cut(lines.join('\n'), LIMITS.stack);
}

function write(
  error: ErrorFact,
  indent: string,
  label: string,
  depth: number,
  lines: string[],
  room: { left: number },
) {
  if (error === null || typeof error !== 'object' || room.left <= 0) return;
  const own = typeof error.stack === 'string' && error.stack !== '' ? classed(error, depth) : headerOf(error);
  let first = true;
  for (const line of own.split('\n')) {
    const written = first ? `${indent}${label}${line}` : `${indent}${line}`;
    first = false;
    room.left -= written.length + 1;
    if (room.left < 0) return;
    lines.push(written);
  }
  if (depth >= MAX_DEPTH) return;
  const deeper = `${indent}  `;
  // A stack that a logger made with util.inspect holds its chain already.
  if (error.cause && !own.includes('\n  [cause]: ')) write(error.cause, deeper, '[cause]: ', depth + 1, lines, room);
  if (!Array.isArray(error.errors) || error.errors.length === 0 || own.includes('\n  [errors]: [')) return;
  lines.push(`${deeper}[errors]: [`);
  for (const member of error.errors.slice(0, MAX_MEMBERS)) write(member, `${deeper}  `, '', depth + 1, lines, room);
  lines.push(`${deeper}]`);
}

const NAMELESS = /^[Ee]rror(?=:|\n|$)/;

/**
 * The stack of an inner error, its class in the header: pg's DatabaseError calls itself "error" there, and a class that sets no
 * name "Error". The row has a column for the outermost one's only, and the class is part of the key.
 */
function classed({ type, stack = '' }: ErrorFact, depth: number): string {
  if (depth === 0 || typeof type !== 'string' || !/^(?!error$)[\w$.]{2,64}$/i.test(type)) return stack;
  return stack.replace(NAMELESS, (name) => `${name} [${type}]`);
}

/** What V8 would have written above the frames. */
function headerOf(error: ErrorFact): string {
  const type = typeof error.type === 'string' && error.type !== '' ? error.type : 'Error';
  const code = typeof error.code === 'string' && error.code !== '' ? ` [${error.code}]` : '';
  const message = typeof error.message === 'string' ? error.message : '';
  return `${type}${code}${message === '' ? '' : `: ${message}`}`;
}
