// Stacks of Firefox and Safari ("total@https://host/main.js:1:2345") → the frames that V8 would have written for them.
// Chrome's, and texts without any such line, are V8's. Text in, ErrorNode out.

import { readFrame } from '../frame.ts';
import { parseV8 } from '../parse-v8.ts';
import { type ErrorNode, MAX_FRAMES } from '../types.ts';
import { addMessage, errorNode, linesOf, splitHeader } from './shared.ts';

const FRAME = /^(.{0,256}?)@(.{1,512}?)(?::(\d{1,9}))?(?::(\d{1,9}))?$/;
const NAME = /^[A-Z]\w*(?:Error|Exception)$/;

export function isGecko(line: string): boolean {
  const at = line.indexOf('@');
  return (
    at >= 0 &&
    /^(?:https?|file|blob|webpack|webpack-internal|moz-extension|safari-extension|app|capacitor|\[native code\])/.test(
      line.slice(at + 1, at + 32),
    )
  );
}

export function parseBrowser(stack: string, message: string): ErrorNode {
  const lines = linesOf(stack);
  if (!lines.some((line) => isGecko(line.trim()))) return parseV8(stack, message);
  const node = errorNode();
  for (const raw of lines) {
    const body = raw.trim();
    const found = isGecko(body) ? FRAME.exec(body) : null;
    if (found !== null && node.frames.length < MAX_FRAMES) {
      const frame = readFrame(`at ${nameOf(found[1]!)} (${fileOf(found[2]!)}:${found[3] ?? 1}:${found[4] ?? 1})`);
      if (frame !== undefined) node.frames.push(frame);
    } else if (body !== '' && node.frames.length === 0) {
      if (node.type === '' && node.message === '') Object.assign(node, splitHeader(body, NAME));
      else addMessage(node, body);
    }
  }
  return node;
}

/** `async*total`, `Cart.prototype.total`, `total/<` (a function without a name inside of total), `global code`. */
function nameOf(written: string): string {
  const bare = written.replace(/^(?:async\*|async )/, '').replace(/^promise callback\*/, '');
  if (bare === '' || bare.endsWith('<') || bare.includes(' ') || bare.startsWith('anonymous')) return '<anonymous>';
  return bare.slice(bare.lastIndexOf('/') + 1);
}

/** "https://host/a.js line 12 > eval" is evaluated code. */
function fileOf(written: string): string {
  return written.includes(' > ') ? '<anonymous>' : written === '[native code]' ? 'native' : written;
}
