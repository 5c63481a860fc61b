// The error with its chain as one tree, whichever way it came: structured (in process) or inside the stack text (other
// carriers). An input in, an ErrorNode with canonical types out; `reasonsOf` gives what is at the bottom of it.

import { canonicalType } from './error-type.ts';
import { parseHeader } from './header.ts';
import { parseV8 } from './parse-v8.ts';
import { type ChainInput, type ErrorNode, MAX_DEPTH, MAX_MEMBERS } from './types.ts';

type StackParser = (stack: string, message: string) => ErrorNode;

/** By telemetry.sdk.language. Other languages come here; what is unknown is read as V8, which finds no frames in it. */
const PARSERS: Readonly<Record<string, StackParser>> = { nodejs: parseV8, webjs: parseV8, javascript: parseV8 };

export function readChain(input: ChainInput, language: string | undefined, depth = 0): ErrorNode {
  let message = asText(input.message);
  let stack = asText(input.stack);
  // A logger that was given an error only as text: its message is the whole stack.
  if (stack === '' && message.includes('\n    at ')) {
    stack = message;
    message = '';
  }
  const parse = PARSERS[language ?? 'nodejs'] ?? parseV8;
  const node = stack === '' ? empty() : parse(stack, message);
  complete(node, asText(input.type), asText(input.code) || undefined, message);
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
  const header = node.header === '' ? undefined : parseHeader(node.header);
  const named = canonicalType(type, code ?? node.code, header);
  node.type = named.type;
  node.code = named.code;
  node.message = message !== '' ? message : (header?.message ?? (type === '' ? node.header : ''));
  if (node.cause) complete(node.cause, '', undefined, '');
  for (const member of node.errors) complete(member, '', undefined, '');
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

function empty(): ErrorNode {
  return { header: '', type: '', code: undefined, message: '', frames: [], cause: undefined, errors: [] };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function isObject(value: unknown): value is ChainInput {
  return value !== null && typeof value === 'object';
}
