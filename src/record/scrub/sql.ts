// Masks secrets in statements, where no sign of a pair stands between a column and its value: values of an INSERT, what a
// column is compared with, keys of pgcrypto, settings, and the values that a client lists beside its statement.

import { MASK } from './mask.ts';
import { namesOfStatement } from './named.ts';
import { type EndOf, quotedEnd, replaceValues, wordEnd } from './replace-values.ts';
import { stickyEnd } from './spans.ts';
import { Ends } from './values.ts';

type IsSecret = (key: string) => boolean;

/** `lower(u.password) = 'secret'`, `token::text <> 'secret'`, `api_token in ('secret')`, `data #>> '{auth,password}' = 'secret'`. */
const COMPARED =
  /\b[A-Za-z_]\w{0,127}(?:["'`}\])]|::\w{1,32}|,\s{0,4}'[^'\n]{0,64}'|\s{1,4}collate\s{1,4}["\w.-]{1,64}){0,8}\s{0,4}(?:=(?![=>])|<>|!=|!?~\*?|\b(?:is\s{1,4}(?:not\s{1,4})?distinct\s{1,4}from|(?:not\s{1,4})?(?:i?like|similar\s{1,4}to|regexp|rlike|in(?=\s{0,4}\()))\b)\s{0,4}(?:(?:[a-z_]\w{0,63}\s{0,2})?\(\s{0,4}){0,4}(?:[enx](?='))?(?=')/gi;
/** Before the pattern above is tried: what stands in front of a text there. */
const COMPARES = /(?:[=~(]|<>|\b(?:like|to|from|regexp|rlike))\s{0,4}[enx]?'/i;
/** `set local app.jwt_secret to 'secret'`, `set_config('app.jwt_secret', 'secret', true)`. */
const SETTING =
  /\bset(?:\s{1,4}(?:(?:local|session|global)\s{1,4})?([\w.]{1,128})\s{1,4}to|_config\s?\(\s{0,4}'([\w.]{1,128})'\s{0,4},)\s{0,4}(?=')/gi;
/** MySQL: `set password for 'rex'@'%' = 'secret'`. */
const PASSWORD_FOR = /\bset\s{1,4}password\s{1,4}for\s[^\n=]{1,128}=\s{0,4}(?:password\s?\(\s{0,4})?(?=')/gi;
/** `update users set (name, password) = ('Rex', 'secret')`. */
const ASSIGNED = /\bset\s{1,4}\(([^()]{1,4096})\)\s{0,4}=\s{0,4}(?:row\s{0,4})?\((?=[^)]{0,4096}')/gi;
/** `-- PARAMETERS: ["secret"]` of TypeORM, `parameters: [ 'secret' ]` of its error, `-- params: […]` of Drizzle's logger. */
const BINDS = /\b(?:parameters|params|bindings|binds|values)\\{0,4}["'`]?\s{0,2}[:=]\s{0,4}(?=\[)/gi;
const STATEMENT_BEGINS =
  /\b(?:insert(?:\s{1,4}ignore)?\s{1,4}into|replace\s{1,4}into|update|select|delete\s{1,4}from)\s/i;
/** Sequelize: `Executing (default): INSERT …; "Rex", "secret"`. */
const LOGGED = /\bExecut(?:ing|ed) \([^)\n]{1,64}\): ([^\n;]{1,4096}); (?=["'{[])/g;

/** Called where a secret word is in the text. */
export function maskCompared(text: string, isSecret: IsSecret): string {
  let result = text;
  if (COMPARES.test(result)) {
    // What stands on the left may be a call with names of its own: `json_extract(data, '$.password') = 'secret'`.
    result = replaceValues(result, COMPARED, (found) => namesOfStatement(found[0]).some(isSecret), literalsEnd);
    if (/\bset/i.test(result)) {
      result = replaceValues(result, SETTING, (found) => isSecret((found[1] ?? found[2])!), quotedEnd);
      result = replaceValues(result, PASSWORD_FOR, () => true, quotedEnd);
      result = replaceValues(result, ASSIGNED, (found) => namesOfStatement(found[1]!).some(isSecret), rowsEnd);
    }
  }
  return STATEMENT_BEGINS.test(result) ? maskBinds(result, isSecret) : result;
}

/** Lists behind a statement that names a secret. */
function maskBinds(text: string, isSecret: IsSecret): string {
  if (text.search(BINDS) < 0 && text.search(LOGGED) < 0) return text;
  const start = text.search(STATEMENT_BEGINS);
  let from = -1;
  for (const { 0: name, index } of text.slice(start).matchAll(/[A-Za-z_]\w{0,127}/g))
    if (isSecret(name)) {
      from = start + index;
      break;
    }
  if (from < 0) return text;
  // Knex lists them before the statement.
  const isWanted = (found: RegExpExecArray) => found.index > from || !/^values/i.test(found[0]);
  const masked = replaceValues(text, BINDS, isWanted, wordEnd);
  return replaceValues(
    masked,
    LOGGED,
    (found) => namesOfStatement(found[1]!).some(isSecret),
    (_all, at, ends) => [at, ends.lineEnd(at)],
  );
}

const [INTO, COLUMNS] = [/\b(?:insert|insert ignore|replace) into [^()\n]{1,256}/.source, /\(([^()]{1,4096})\)/.source];
/** A statement whose values stand in it (MikroORM): `insert into users (email, password) values ('a@b.c', 'secret')`. */
const INSERT = new RegExp(`${INTO}${COLUMNS}\\s{0,16}values\\s{0,16}\\((?=[^)]{0,4096}')`, 'gi');
const INSERT_SELECT = new RegExp(`${INTO}${COLUMNS}\\s{0,16}\\(?select\\b`, 'gi');
/** Texts and keys of pgcrypto and MySQL: `pgp_sym_encrypt(card, 'secret')`, `crypt('secret', gen_salt('bf'))`. */
const CRYPTO =
  /\b(?:pgp_(?:sym|pub)_(?:en|de)crypt(?:_bytea)?|(?:aes_|des_)?(?:en|de)crypt(?:_iv)?|crypt|hmac)\s{0,4}\((?=[^\n]{0,4096}')/gi;
/** Postgres, as the detail of what a row lacks: values of all its columns, whichever the statement names. */
const FAILING_ROW = /\bFailing row contains \(/g;

/**
 * Drizzle: the statement, and on lines of their own the values it was given, all of which may be the one of `password`.
 * They go to the end of the message: a value may hold a line break.
 */
const [FAILED, VALUES] = ['Failed query: ', '\nparams: '];

/** Called where sniff.ts saw one of the words. */
export function maskStatements(text: string, isSecret: IsSecret): string {
  let result = text;
  const hasText = result.includes("'");
  if (hasText && /(?:insert|ignore|replace) into/i.test(result)) {
    const isWanted = (found: RegExpExecArray) => namesOfStatement(found[1]!).some(isSecret);
    result = replaceValues(result, INSERT, isWanted, rowsEnd);
    if (/select/i.test(result)) result = maskLiterals(result, INSERT_SELECT, isWanted, 0);
  }
  if (hasText && /crypt|hmac/i.test(result)) result = maskLiterals(result, CRYPTO, () => true, 1);
  if (result.includes('Failing row')) result = replaceValues(result, FAILING_ROW, () => true, detailEnd);
  return result.includes(VALUES) ? maskFailed(result, isSecret) : result;
}

function maskFailed(text: string, isSecret: IsSecret): string {
  const start = text.indexOf(FAILED);
  const at = start < 0 ? -1 : text.indexOf(VALUES, start);
  if (at < 0) return text;
  return namesOfStatement(text.slice(start + FAILED.length, at)).some(isSecret)
    ? text.slice(0, at + VALUES.length) + MASK
    : text;
}

/** Of one call or statement, its texts aside: without a bound each of many that do not end would be read to the end. */
const MOST_STEPS = 2_048;

/** Of all texts behind the pattern: of its brackets (`depth` 1), or of the statement up to what the server said of it (0). */
function maskLiterals(
  text: string,
  pattern: RegExp,
  isWanted: (found: RegExpExecArray) => boolean,
  depth: 0 | 1,
): string {
  const ends = new Ends(text);
  let result = '';
  let done = 0;
  for (const found of text.matchAll(pattern)) {
    let level = depth as number;
    let at = found.index + found[0].length;
    if (at < done || !isWanted(found)) continue;
    for (let steps = 0; at < text.length && level >= depth && steps < MOST_STEPS; at++, steps++) {
      const char = text[at]!;
      if (char === '(') level++;
      else if (char === ')') level--;
      else if (depth === 0 && (char === ';' || text.startsWith(' - ', at))) break;
      else if (char === "'") {
        const end = ends.closingQuote(at + 1, "'", '');
        // `gen_salt('bf')` within the call names a way.
        if (level <= 1 && end > at + 1 && !text.startsWith(MASK, at + 1)) {
          result += text.slice(done, at + 1) + MASK;
          done = end;
        }
        at = end;
      }
    }
  }
  return done === 0 ? text : result + text.slice(done);
}

const literalsEnd: EndOf = (text, at, ends) => (text[at - 1] === '(' ? rowsEnd(text, at) : quotedEnd(text, at, ends));

/**
 * Of all rows of an INSERT. Whether a backslash escapes is the server's to know (MySQL, not Postgres): the further end holds, and
 * where either reading finds none, the last bracket of all.
 */
function rowsEnd(text: string, at: number): [number, number] {
  const ends = [lastRowEnd(text, at, true), lastRowEnd(text, at, false)];
  if (ends.every((end) => end < 0)) return [at, text.length];
  return [at, Math.max(...ends, ends.includes(-1) ? text.lastIndexOf(')') : -1)];
}

const NEXT_ROW = /\s{0,16},\s{0,16}\(/y;

/** -1: a text, a quote of dollars or a bracket has no end. */
function lastRowEnd(text: string, start: number, escapes: boolean): number {
  let depth = 1;
  let quote = '';
  for (let at = start; at < text.length; at++) {
    const char = text[at]!;
    if (escapes && char === '\\') at++;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === "'" || char === '"' || char === '`') quote = char;
    else if (char === '$' && /^\$\w{0,64}\$/.test(text.slice(at, at + 66))) return -1;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) {
      const next = stickyEnd(NEXT_ROW, text, at + 1);
      if (next < 0) return at;
      depth = 1;
      at = next - 1;
    }
  }
  return -1;
}

/** The server ends it so, whatever is in the values. */
function detailEnd(text: string, at: number): [number, number] {
  const end = text.lastIndexOf(').');
  return [at, end < at ? text.length : end];
}
