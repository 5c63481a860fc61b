// Whether `word: value` in a sentence tells a secret: "auth: timeout" and "password: must be longer" tell none.

import type { KeyVerdict } from './keys.ts';
import { type Span, stickyEnd } from './spans.ts';

/** Validators and drivers write like this behind the name of a field. */
const STATEMENT =
  /(?:YES|NO)(?![\w.-])|(?:Required|Invalid)(?=$|[\s,;.)}\]"'])|Validator failed |(?:Cast|Validat(?:ion|or))Error: |Path `|rejected value \[|(?:(?:string|number|array|value|input|int|float|boolean|id)[ \t]{1,4})?(?:must|is|was|are|should|cannot|can|has|does|did|may|not|too|expected|required|missing|invalid|incorrect)[ \t]{1,4}[a-z]/iy;
/** "authorization: access denied for rex", and no scheme with its credential. */
const LOWER_CASE = /(?!(?:apikey|basic|bearer|bot|digest|key|token) )[a-z]{2,}(?: [a-z]{2,}){2}/y;
const WORD_REACH = 64;
/** Versions, durations, sizes, names of algorithms: digits and letters, and no secret. */
const TECHNICAL =
  /^(?:v?\d+(?:[a-z]{1,5})?|\d+(?:st|nd|rd|th)|\d{4}-\d\d-\d\d(?:T[\d:.+Z-]*)?|(?:sha|hmac|aes|rsa|utf|base|oauth|http|ipv|ed|[rhep]s|md)-?\d+\w{0,2})$/i;

/** What is said behind a strong word: "password: must be longer". */
export function isStatement(text: string, key: string, verdict: KeyVerdict, at: number): boolean {
  if (verdict === 'weak') return false;
  if (stickyEnd(STATEMENT, text, at) >= 0) return true;
  return /^authori[sz]ation$/.test(key) && stickyEnd(LOWER_CASE, text, at) >= 0;
}

/** What is said behind a weak one, by its first word: "auth: timeout". */
export function isWeakSaying(text: string, keyStart: number, key: string, verdict: KeyVerdict, word: Span): boolean {
  const isPin = /^pin$/i.test(key);
  if (verdict !== 'weak' && !isPin) return false;
  const said = text.slice(word.start, Math.min(word.end, word.start + WORD_REACH));
  return !isStructured(text, keyStart, word.end) && !looksSecret(said) && !(isPin && /^\d{4}/.test(said));
}

/** A line of YAML, an object in braces: what stands there is no sentence. */
function isStructured(text: string, keyStart: number, end: number): boolean {
  let at = keyStart;
  const floor = Math.max(0, keyStart - 128);
  while (at > floor && isBlank(text.charCodeAt(at - 1))) at--;
  const isLine = (end >= text.length || /[\r\n]/.test(text[end]!)) && (at === 0 || text[at - 1] === '\n');
  if (isLine && keyStart - at >= 2) return true;
  for (; at > floor; at--) {
    const before = text.charCodeAt(at - 1);
    if (before === 123) return true;
    if (before === 125 || before === 10) return false;
  }
  return false;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Random letters and digits, in length or mixture; not a path, a host, a name in camel case. */
export function looksSecret(word: string): boolean {
  if (/^\d{6,}$/.test(word)) return true;
  if (word.length < 6 || TECHNICAL.test(word) || /^(?:\.{0,2}\/|[A-Za-z]:\\)|:\/\//.test(word)) return false;
  if (/[A-Za-z\d+/]{8}={1,2}$/.test(word) || /[A-Za-z\d][%^*!]+[A-Za-z\d]/.test(word)) return true;
  for (const run of word.match(/[A-Za-z\d_-]{6,}/g) ?? []) {
    if (/\d/.test(run) && /[A-Za-z]/.test(run) && !TECHNICAL.test(run)) return !isHost(word);
    const humps = run.match(/[a-z][A-Z]/g)?.length ?? 0;
    if (humps >= 2 && humps * 4 >= run.length) return true;
    if (/[A-Za-z]{24,}/.test(run) && humps < 2) return true;
  }
  return false;
}

/** `db-01.example.com:5432` */
function isHost(word: string): boolean {
  return /^(?:[a-z\d-]{1,20}\.){1,6}[a-z]{2,12}(?::\d{1,5})?:?$/i.test(word);
}
