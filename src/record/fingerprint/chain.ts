// The error with its chain as one tree, whichever way it came: structured (in process) or inside the stack text (other
// carriers). An input in, an ErrorNode with canonical types out; `reasonsOf` gives what is at the bottom of it.

import { canonicalType } from './error-type.ts';
import { type Header, parseHeader } from './header.ts';
import { erlangType } from './languages/erlang.ts';
import { parseStack, sniffLanguage } from './languages/index.ts';
import { errorNode } from './languages/shared.ts';
import { type ChainInput, type ErrorNode, MAX_DEPTH, MAX_MEMBERS } from './types.ts';

export function readChain(input: ChainInput, language: string | undefined, depth = 0): ErrorNode {
  let message = asText(input.message);
  let stack = asText(input.stack);
  // A logger that was given an error only as text: its message is the whole stack.
  if (
    stack === '' &&
    (message.includes('\n    at ') || (message.includes('\n') && sniffLanguage(message) !== undefined))
  ) {
    stack = message;
    message = '';
  }
  const node = stack === '' ? errorNode() : parseStack(stack, message, language);
  const given = asText(input.type);
  const type = language === 'erlang' || language === 'elixir' ? erlangType(given) : given;
  // Without a message the type is all that is said, and has the values in it.
  if (type !== given && message === given) message = type;
  complete(node, type, asText(input.code) || undefined, message);
  if (depth >= MAX_DEPTH) return node;
  if (isObject(input.cause)) node.cause = readChain(input.cause, language, depth + 1);
  if (Array.isArray(input.errors) && input.errors.length > 0)
    node.errors = input.errors
      .filter(isObject)
      .slice(0, MAX_MEMBERS)
      .map((member) => readChain(member, language, depth + 1));
  return node;
}

/** Type, code and message of a node, from what was given or else from its header; then of all below. */
function complete(node: ErrorNode, type: string, code: string | undefined, message: string): void {
  const header = headerOf(node);
  const named = canonicalType(type, code ?? node.code, header);
  node.type = named.type;
  node.code = named.code;
  node.message = message !== '' ? message : (header?.message ?? (type === '' ? node.header : ''));
  if (node.cause) complete(node.cause, '', undefined, '');
  for (const member of node.errors) complete(member, '', undefined, '');
}

/** V8's header is read here; the parsers of other languages have read theirs. */
function headerOf(node: ErrorNode): Header | undefined {
  if (node.header !== '') return parseHeader(node.header);
  const { type, message } = node;
  return type === '' && message === '' ? undefined : { name: type, bracket: undefined, message };
}

/** The innermost errors: behind all causes, and every member of an aggregate. The node itself where there is no chain. */
export function reasonsOf(node: ErrorNode, depth = 0): ErrorNode[] {
  if (depth < MAX_DEPTH && node.errors.length > 0)
    return node.errors.slice(0, MAX_MEMBERS).flatMap((member) => reasonsOf(member, depth + 1));
  return depth < MAX_DEPTH && node.cause ? reasonsOf(node.cause, depth + 1) : [node];
}

/** The node and all below it, outermost first. */
export function* walkChain(node: ErrorNode, depth = 0): Generator<ErrorNode> {
  yield node;
  if (depth >= MAX_DEPTH) return;
  if (node.cause) yield* walkChain(node.cause, depth + 1);
  for (const member of node.errors) yield* walkChain(member, depth + 1);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function isObject(value: unknown): value is ChainInput {
  return value !== null && typeof value === 'object';
}
