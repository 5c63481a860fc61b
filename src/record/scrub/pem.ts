// Masks private keys in PEM, from their first line to their last, however they are quoted.

import { MASK } from './mask.ts';

export const PEM_BEGIN = '-----BEGIN';

/** In forms and URLs the blanks are encoded. */
const PRIVATE_KEY = /PRIVATE(?: |\+|%(?:25)?20|\\{1,4}u0020)KEY/;

export function maskPem(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf(PEM_BEGIN); at >= 0; at = text.indexOf(PEM_BEGIN, done)) {
    const label = text.indexOf('-----', at + 10);
    if (label < 0) break;
    const name = text.slice(at + 10, Math.min(label, at + 74));
    if (!PRIVATE_KEY.test(name)) {
      // Where the dashes begin another one, this one was only spoken of ("no -----BEGIN in …").
      const next = text.startsWith(PEM_BEGIN, label) ? label : label + 5;
      result += text.slice(done, next);
      done = next;
      continue;
    }
    // Looked for behind a key only: behind each label of a text without any it would be looked for to the end.
    const end = text.indexOf('-----END', label);
    // A key that does not end was cut on its way to us: all the rest may be key.
    const tail = end < 0 ? text.length : text.indexOf('-----', end + 8);
    result += text.slice(done, at) + MASK;
    done = tail < 0 || end < 0 ? text.length : tail + 5;
  }
  return done === 0 ? text : result + text.slice(done);
}
