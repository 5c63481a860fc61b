// Private members of JSON Web Keys (RFC 7518): their names of a letter or two are those of secrets beside a `kty` only.

import { peek } from '../thrown.ts';
import { MASK } from './mask.ts';

const PRIVATE = /^(?:k|d[pq]?|p|qi?|oth)$/;
/** None is shorter, and in such a text nothing else under these names is as long. */
const IN_TEXT =
  /(?<![\w-])((?:k|d[pq]?|p|qi?)\\{0,4}["'`]?[ \t]{0,4}(?::|=>?)[ \t]{0,4}\\{0,4}["'`]?)[\w-]{16,}={0,2}/g;

export function isJwkMember(key: string): boolean {
  return PRIVATE.test(key);
}

export function isJwk(holder: object): boolean {
  return typeof peek(holder, 'kty') === 'string';
}

export function maskJwk(text: string): string {
  return text.replace(IN_TEXT, `$1${MASK}`);
}
