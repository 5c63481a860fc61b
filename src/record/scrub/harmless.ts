// What certainly is no secret, though it stands under the name of one: placeholders of statements, code, counts of tokens,
// messages of errors that are called "ExpiredToken".

import { wordsOfKey } from './keys.ts';
import { stickyEnd } from './spans.ts';

/** `$1`, `?`, `@p0` of SQL, `%s`, `%(name)s`, `${name}`, `{{name}}` of formats and templates. */
const PLACEHOLDER =
  /^(?:\?|\$\d{1,3}|@p\d{1,3}|%s|%\(\w{1,64}\)s|\$\{[\w.]{1,64}\}|\{\{ ?[\w.]{1,64} ?\}\}|process\.env\.\w{1,64})$/;
/** `:name`, `@name`, `@__name_0` of Entity Framework, `$name` of GraphQL. */
const NAMED_PLACEHOLDER = /^[:@$](?:__)?([a-z]\w{0,63}?)(?:_\d{1,3})?$/i;
/** What is declared of a variable or field: `$password: String!`, `password: string;`. */
const DECLARED_TYPE = /^(?:\[?(?:String|ID)!?\]?!|string)$/;
const LOWER_NAME = /^:[a-z][a-z_]{1,30}$/;
const LONGEST = 70;

/** `password = $1`, `token = :token`; with blanks around the sign any lower-case name will do: `secret = :name`. */
export function isPlaceholder(text: string, start: number, end: number, key: string): boolean {
  if (end - start > LONGEST) return false;
  const value = text.slice(start, end);
  if (PLACEHOLDER.test(value) || (text.endsWith(': ', start) && DECLARED_TYPE.test(value))) return true;
  const name = NAMED_PLACEHOLDER.exec(value)?.[1];
  if (name === undefined) return false;
  if (wordsOfKey(key).join('').endsWith(wordsOfKey(name).join(''))) return true;
  return LOWER_NAME.test(value) && text.endsWith(' = ', start);
}

const NAME = /[A-Za-z_$][\w$]{0,63}(?:\??\.[A-Za-z_$][\w$]{0,63}){0,8}/.source;
/** Without quotes: a text among the arguments may be the secret. */
const CALL = new RegExp(`(?:await |new )?${NAME}\\((?:[^"'\`()\\n]|\\(\\)){0,80}\\)`, 'y');
const PROPERTY = new RegExp(`${NAME}(?=[;,)\\s]|$)`, 'y');
const DECLARED = /(?:^|[^\w$])(?:const|let|var)[ \t]{1,4}$/;
const CALLED = /await /y;

/** `const token = await getToken()`, `let token = req.headers.token`: a line of source code, as errors quote it. */
export function isCode(text: string, keyStart: number, at: number): boolean {
  const isDeclared = DECLARED.test(text.slice(Math.max(0, keyStart - 12), keyStart));
  if (!isDeclared && stickyEnd(CALLED, text, at) < 0) return false;
  if (stickyEnd(CALL, text, at) >= 0) return true;
  const end = isDeclared ? stickyEnd(PROPERTY, text, at) : -1;
  return end >= 0 && text.slice(at, end).includes('.');
}

const ERROR = /^(?:Bad|Expired|Incorrect|Invalid|Malformed|Missing|Revoked|Unknown|Unsupported|Wrong)(?:[A-Z][a-z]+)+$/;
const SENTENCE = /(?:An?|No|Request|The|This|Your)(?: [a-z]{1,20}){2}(?![\w-])/y;

/** "ExpiredToken: The security token included in the request is expired", as AWS has it. */
export function isErrorSaying(text: string, key: string, at: number): boolean {
  // "bad auth : Authentication failed." of MongoDB.
  return (ERROR.test(key) && stickyEnd(SENTENCE, text, at) >= 0) || text.startsWith('Authentication failed', at);
}

const MOST_KEYS = 32;
const COUNTS_LENGTH = 512;
const COUNTS =
  /^\{(?:[\s,{}]|["']?\w{1,40}["']?[ \t]?:\s{0,4}(?:\d{1,9}(?:\.\d{1,9})?(?![\w.])|null|true|false|(?=\{)))*\}$/;

/** What a language model used: `tokens: { input: 12, output: 30 }`. What is in it is judged by its own names. */
export function isCounts(key: string, value: unknown): boolean {
  if (wordsOfKey(key).at(-1) !== 'tokens') return false;
  return typeof value === 'string' ? value.length <= COUNTS_LENGTH && COUNTS.test(value) : isCountsObject(value, 3);
}

function isCountsObject(value: unknown, depth: number): boolean {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const items = Object.values(value);
    if (items.length === 0 || items.length > MOST_KEYS) return false;
    return items.every((item: unknown) => {
      if (typeof item === 'number') return Math.abs(item) < 1e9;
      return item === null || typeof item === 'boolean' || (depth > 1 && isCountsObject(item, depth - 1));
    });
  } catch {
    return false;
  }
}
