// Masks secrets that have no key in front of them: arguments of PHP frames, SQL, commands, parts of forms, violated keys of
// databases, refused values in the words of validators, private keys as JWK. Called where sniff.ts saw one of their words; each pattern is
// bounded, so that all of it is linear.

import { maskJwk } from './jwk.ts';
import { MASK } from './mask.ts';
import { maskPathTokens } from './path-tokens.ts';
import { stickyEnd } from './spans.ts';
import { Ends } from './values.ts';

/** `PDO->__construct('mysql:…', 'root', 'secret')`: the third argument. */
const CONNECT =
  /\b(?:PDO(?:->__construct|::connect)|new PDO|mysqli(?:->__construct|->real_connect|_connect)|new mysqli|ldap_bind)\((?:[^,\n]{0,256},[ ]?){2}(?=')/g;
/** The first one. */
const HASH = /\bpassword_(?:verify|hash)\((?=')/g;
const IDENTIFIED =
  /\bidentified[ \t]{1,4}(?:with[ \t]{1,4}\S{1,64}[ \t]{1,4})?(?:by|as)[ \t]{1,4}(?:password[ \t]{1,4})?(?=['"])/gi;
const CURL_USER = /\bcurl\b[^\n]{0,512}?[ \t](?:-u|--user|--proxy-user)[ \t=]{0,4}['"]?[^\s:'"]{1,128}:(?=[^\s'"])/g;
const MYSQL_PASSWORD = /\bmysql(?:dump|admin|import|show|check)?[ \t][^\n]{0,256}?[ \t]-p(?=[^\s])/g;
const PART = /\bname=(?:"([^"\r\n]{1,128})"|([^\s";]{1,128}))[^\r\n]{0,256}\r?\n(?:[^\r\n]{1,256}\r?\n){0,4}\r?\n/g;
/** `Key (email, reset_token)=(a@b, secret) already exists.` */
const VIOLATED = /\bKey \(([^()\n]{1,256})\)=\(/g;
/** MySQL: `Duplicate entry 'secret' for key 'users.reset_token'`. */
const DUPLICATE = /(\bDuplicate entry ')([^\n]{1,1024}?)(' for key '([^'\n]{1,128})')/g;
/** SQL Server: `constraint 'UQ_token'. Cannot insert … The duplicate key value is (secret).` */
const DUPLICATE_KEY = /\b(?:constraint|unique index) '([^'\n]{1,128})'\.[^\n(]{0,512}The duplicate key value is \(/g;
/** Commands whose -p or -a is a password, as "Command failed: …" of child_process shows them. */
const COMMAND_PASSWORD =
  /\b(?:(?:sshpass|docker login|mongo(?:sh|dump|restore|import|export)?)(?=[ \t])[^\n]{0,256}?[ \t]-p|redis-cli(?=[ \t])[^\n]{0,256}?[ \t](?:-a|--pass))[ \t=]{0,4}(?=[^\s-])/g;
/** Redis: `CONFIG SET requirepass secret`. */
const REDIS_SETTING =
  /\b(?:requirepass|masterauth)[ \t]{1,4}(?!(?:config|directive|has|is|must|not|option|was)\b)(?=\S)/gi;

/** The code that a provider of OAuth sends back beside the state: good until it is redeemed. */
const OAUTH_CODE = /((?:^|[?&\s"'])code=)[^&\s"'#<>]{16,}/g;
const OAUTH_STATE = /(?:^|[?&\s"'])state=/;

/** Spring: `on field 'password': rejected value [secret]; codes […`. */
const REJECTED = /\bon field '([^'\n]{1,128})': rejected value \[/g;
/** Pydantic: the path on a line, then `  Field … [type=…, input_value='secret', input_type=str]`. */
const INPUT = /(?:^|\n)(\S{1,128})\n {2}[^\n]{0,512}\[type=[\w.]{1,64}, input_value=/g;
/** Mongoose: "Path `password` (`secret`) is shorter than …". */
const PATH = /\bPath `([^`\n]{1,128})` \((?=`)/g;
/** Mongoose: `Cast to string failed for value "secret" (type Object) at path "password"`. */
const CAST = /(\bCast to \S{1,64} failed for value )([^\n]{1,4096}?)( \(type [\w.]{1,64}\) at path "([^"\n]{1,128})")/g;

/** A statement whose values stand in it (MikroORM): `insert into users (email, password) values ('a@b.c', 'secret')`. */
const INSERT =
  /\b(?:insert|insert ignore|replace) into [^()\n]{1,256}\(([^()]{1,4096})\)\s{0,16}values\s{0,16}\((?=[^)]{0,4096}')/gi;

/** What a column is compared with, where no sign of a pair stands between them: `api_token in ('secret')`. */
const COMPARED = /\b([A-Za-z_]\w{0,127})["`]?\s{0,4}(?:<>|!=|\b(?:not\s{1,4})?(?:i?like|in)\b)\s{0,4}\(?(?=')/gi;
const COMPARES = /(?:<>|!=|\b(?:i?like|in))\s{0,4}\(?'/i;

export function maskCompared(text: string, isSecret: (key: string) => boolean): string {
  if (!COMPARES.test(text)) return text;
  const endOf: EndOf = (all, at, ends) => (all[at - 1] === '(' ? rowsEnd(all, at) : quotedEnd(all, at, ends));
  return replaceValues(text, COMPARED, (found) => isSecret(found[1]!), endOf);
}

/** Postgres, as the detail of what a row lacks: values of all its columns, whichever the statement names. */
const FAILING_ROW = /\bFailing row contains \(/g;

/**
 * Drizzle: the statement, and on lines of their own the values it was given, all of which may be the one of `password`.
 * They go to the end of the message: a value may hold a line break.
 */
const [STATEMENT, VALUES] = ['Failed query: ', '\nparams: '];

function maskStatementValues(text: string, isSecret: (key: string) => boolean): string {
  const start = text.indexOf(STATEMENT);
  const at = start < 0 ? -1 : text.indexOf(VALUES, start);
  if (at < 0) return text;
  return namesIn(text.slice(start + STATEMENT.length, at)).some(isSecret)
    ? text.slice(0, at + VALUES.length) + MASK
    : text;
}

function namesIn(statement: string): string[] {
  return statement.match(/[A-Za-z_]\w{0,127}/g) ?? [];
}

/** `isSecret`: whether a value under that name is one. */
export function maskForms(text: string, isSecret: (key: string) => boolean): string {
  let result = text;
  const replaced = (pattern: RegExp, end: EndOf) => {
    result = replaceValues(result, pattern, () => true, end);
  };
  if (/PDO|mysqli|ldap_bind/.test(result)) replaced(CONNECT, quotedEnd);
  if (result.includes('password_')) replaced(HASH, quotedEnd);
  if (/identified/i.test(result)) replaced(IDENTIFIED, quotedEnd);
  if (result.includes('curl')) replaced(CURL_USER, wordEnd);
  if (result.includes('mysql')) replaced(MYSQL_PASSWORD, wordEnd);
  if (result.includes('form-data'))
    result = replaceValues(result, PART, (found) => isSecret(found[1] ?? found[2]!), partEnd);
  if (result.includes('Key ('))
    result = replaceValues(
      result,
      VIOLATED,
      (found) => found[1]!.split(',').some((key) => isSecret(key.trim())),
      rowEnd,
    );
  const maskBefore = (all: string, before: string, _value: string, behind: string, name: string) =>
    isSecret(name) ? before + MASK + behind : all;
  const named = (pattern: RegExp, end: EndOf) => {
    result = replaceValues(result, pattern, (found) => isSecret(found[1]!), end);
  };
  if (/sshpass|docker login|mongo|redis-cli/.test(result)) replaced(COMMAND_PASSWORD, wordEnd);
  if (/requirepass|masterauth/i.test(result)) replaced(REDIS_SETTING, wordEnd);
  if (result.includes('duplicate key value is')) named(DUPLICATE_KEY, rowEnd);
  if (result.includes('Duplicate entry')) result = result.replace(DUPLICATE, maskBefore);
  if (result.includes('code=') && OAUTH_STATE.test(result)) result = result.replace(OAUTH_CODE, `$1${MASK}`);
  if (result.includes('rejected value')) named(REJECTED, endsWith('];'));
  if (result.includes('input_value')) named(INPUT, endsWith(', input_type='));
  if (result.includes('Path `')) named(PATH, quotedEnd);
  if (result.includes('Cast to')) result = result.replace(CAST, maskBefore);
  if (/(?:insert|ignore|replace) into/i.test(result))
    result = replaceValues(result, INSERT, (found) => namesIn(found[1]!).some(isSecret), rowsEnd);
  if (result.includes('Failing row')) replaced(FAILING_ROW, detailEnd);
  if (result.includes(VALUES)) result = maskStatementValues(result, isSecret);
  if (/\bkty\b/.test(result)) result = maskJwk(result);
  return result.includes('/') ? maskPathTokens(result) : result;
}

type EndOf = (text: string, start: number, ends: Ends) => [start: number, end: number];

function replaceValues(
  text: string,
  pattern: RegExp,
  isWanted: (found: RegExpExecArray) => boolean,
  endOf: EndOf,
): string {
  const ends = new Ends(text);
  let result = '';
  let done = 0;
  for (const found of text.matchAll(pattern)) {
    const behind = found.index + found[0].length;
    if (behind < done || !isWanted(found)) continue;
    const [start, end] = endOf(text, behind, ends);
    if (end <= start || text.startsWith(MASK, start)) continue;
    result += text.slice(done, start) + MASK;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

function quotedEnd(text: string, at: number, ends: Ends): [number, number] {
  return [at + 1, ends.closingQuote(at + 1, text[at]!, '')];
}

/** Up to `sign`; without it, to the end of the line. */
function endsWith(sign: string): EndOf {
  return (_text, at, ends) => {
    const end = ends.find(sign, at);
    return [at, end < 0 ? ends.lineEnd(at) : end];
  };
}

function wordEnd(_text: string, at: number, ends: Ends): [number, number] {
  const value = ends.value(at, 'word');
  return value === undefined ? [at, at] : [value.start, value.end];
}

/** To the boundary, or to the end of the text where it was cut. */
function partEnd(text: string, at: number): [number, number] {
  const end = text.indexOf('\n--', at);
  if (end < 0) return [at, text.length];
  return [at, text[end - 1] === '\r' ? end - 1 : end];
}

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

function rowEnd(text: string, at: number, ends: Ends): [number, number] {
  const line = ends.lineEnd(at);
  // Within the line: looked for in the whole text, each of many rows without an end would be.
  const end = text.slice(at, line + 1).lastIndexOf(')');
  return [at, end < 0 ? line : at + end];
}
