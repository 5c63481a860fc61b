// Masks secrets that have no key in front of them: arguments of PHP frames, parts of forms, violated keys of
// databases, refused values in the words of validators, private keys as JWK. Called where sniff.ts saw one of their words; each pattern is
// bounded, so that all of it is linear.

import { maskCommands } from './commands.ts';
import { maskJwk } from './jwk.ts';
import { MASK } from './mask.ts';
import { namesOfStatement } from './named.ts';
import { maskPathTokens } from './path-tokens.ts';
import { type EndOf, endsWith, quotedEnd, replaceValues, wordEnd } from './replace-values.ts';
import { maskStatements } from './sql.ts';
import type { Ends } from './values.ts';

/** `PDO->__construct('mysql:…', 'root', 'secret')`: the third argument. */
const CONNECT =
  /\b(?:PDO(?:->__construct|::connect)|new PDO|mysqli(?:->__construct|->real_connect|_connect)|new mysqli|ldap_bind)\((?:[^,\n]{0,256},[ ]?){2}(?=')/g;
/** The first one. */
const HASH = /\bpassword_(?:verify|hash)\((?=')/g;
const IDENTIFIED =
  /\bidentified[ \t]{1,4}(?:with[ \t]{1,4}\S{1,64}[ \t]{1,4})?(?:by|as)[ \t]{1,4}(?:password[ \t]{1,4})?(?=['"])/gi;
const PART = /\bname=(?:"([^"\r\n]{1,128})"|([^\s";]{1,128}))[^\r\n]{0,256}\r?\n(?:[^\r\n]{1,256}\r?\n){0,4}\r?\n/g;
/** `Key (email, lower(reset_token::text))=(a@b, secret) already exists.` */
const VIOLATED = /\bKey \(((?:[^()\n]|\([^()\n]{0,128}\)){1,256})\)=\(/g;
/** MySQL: `Duplicate entry 'secret' for key 'users.reset_token'`. */
const DUPLICATE = /(\bDuplicate entry ')([^\n]{1,1024}?)(' for key '([^'\n]{1,128})')/g;
/** SQL Server: `constraint 'UQ_token'. Cannot insert … The duplicate key value is (secret).` */
const DUPLICATE_KEY = /\b(?:constraint|unique index) '([^'\n]{1,128})'\.[^\n(]{0,512}The duplicate key value is \(/g;
/** Redis: `CONFIG SET requirepass secret`. */
const REDIS_SETTING =
  /\b(?:requirepass|masterauth)[ \t]{1,4}(?!(?:config|directive|has|is|must|not|option|was)\b)(?=\S)/gi;

/** The code that a provider of OAuth sends back beside the state, or is asked about: good until it is redeemed. */
const OAUTH_CODE = /((?:^|[?&\s"'])code=)[^&\s"'#<>]{16,}/g;
const OAUTH_STATE = /(?:^|[?&\s"'])(?:state|grant_type)=/;

/** Spring: `on field 'password': rejected value [secret]; codes […`. */
const REJECTED = /\bon field '([^'\n]{1,128})': rejected value \[/g;
/** Pydantic: the path on a line, then `  Field … [type=…, input_value='secret', input_type=str]`. */
const INPUT = /(?:^|\n)(\S{1,128})\n {2}[^\n]{0,512}\[type=[\w.]{1,64}, input_value=/g;
/** Mongoose: "Path `password` (`secret`) is shorter than …", "Path `password` is invalid (secret).", "`secret` is not a valid enum …". */
const PATH = /\bPath `([^`\n]{1,128})` \(`/g;
const INVALID_PATH = /\bPath `([^`\n]{1,128})` is invalid \(/g;
const ENUM = /(`)([^`\n]{1,1024})(` is not a valid enum value for path `([^`\n]{1,128})`)/g;
/** Mongoose: `Cast to string failed for value "secret" (type Object) at path "password"`. */
const CAST = /(\bCast to \S{1,64} failed for value )([^\n]{1,4096}?)( \(type [\w.]{1,64}\) at path "([^"\n]{1,128})")/g;

/** Joi and Mongoose: `"password" with value "secret" fails to match …`, "path `password` with value `secret`". */
const WITH_VALUE = /["'`]([\w.[\]]{1,128})["'`] with value ["'`]/g;
/** graphql-js: `Variable "$password" got invalid value "secret"; …`, `got invalid value "secret" at "input.password"; …`. */
const VARIABLE = /\bVariable "\$(\w{1,128})" got invalid value /g;
const INVALID_AT = /(\bgot invalid value )("(?:[^"\\\n]|\\.){0,1024}")( at "([\w.[\]]{1,128})")/g;
const INVALID_FOR = /(\binvalid value )(["'`][^\n]{1,1024}?["'`])( for (?:[a-z]{1,20} )?["'`]?([\w.]{1,128}))/gi;

/** graphql-js 17, and what 16 says behind the value; an error's stack has it without the variable. */
const VARIABLE_OF = /\bVariable "\$(\w{1,128})"/;
const VARIABLE_AT = / at "?\.?([\w.[\]]{1,128}?)"?[;:]/;
const REPRESENTED = /\bcannot represent (?:an? )?(?:non[- ]\w{1,32} |\w{1,32} )?value: (?=\\{0,4}["\d])/g;
/** yup: "password must be a `number` type, but the final value was: `NaN` (cast from the value `"secret"`)." */
const FINAL_VALUE =
  /(?<![\w.[\]])([\w.[\]]{1,128}) must (?:be a `\w{1,32}` type|match the configured type), but the final value was: `/g;

/** `isSecret`: whether a value under that name is one. */
export function maskForms(text: string, isSecret: (key: string) => boolean): string {
  let result = text;
  const replaced = (pattern: RegExp, end: EndOf) => {
    result = replaceValues(result, pattern, () => true, end);
  };
  if (/PDO|mysqli|ldap_bind/.test(result)) replaced(CONNECT, quotedEnd);
  if (result.includes('password_')) replaced(HASH, quotedEnd);
  if (/identified/i.test(result)) replaced(IDENTIFIED, quotedEnd);
  result = maskCommands(result);
  if (result.includes('form-data'))
    result = replaceValues(result, PART, (found) => isSecret(found[1] ?? found[2]!), partEnd);
  if (result.includes('Key ('))
    result = replaceValues(result, VIOLATED, (found) => namesOfStatement(found[1]!).some(isSecret), rowEnd);
  const maskBefore = (all: string, before: string, _value: string, behind: string, name: string) =>
    isSecret(name) ? before + MASK + behind : all;
  const named = (pattern: RegExp, end: EndOf) => {
    result = replaceValues(result, pattern, (found) => isSecret(found[1]!), end);
  };
  if (/requirepass|masterauth/i.test(result)) replaced(REDIS_SETTING, wordEnd);
  if (result.includes('duplicate key value is')) named(DUPLICATE_KEY, rowEnd);
  if (result.includes('Duplicate entry')) result = result.replace(DUPLICATE, maskBefore);
  if (result.includes('code=') && OAUTH_STATE.test(result)) result = result.replace(OAUTH_CODE, `$1${MASK}`);
  if (result.includes('rejected value')) named(REJECTED, endsWith('];'));
  if (result.includes('input_value')) named(INPUT, endsWith(', input_type='));
  if (result.includes('Path `')) {
    named(PATH, endsWith('`) '));
    named(INVALID_PATH, endsWith(').'));
  }
  if (result.includes('valid enum value')) result = result.replace(ENUM, maskBefore);
  if (result.includes(' with value ')) named(WITH_VALUE, saidEnd);
  if (/invalid value/i.test(result)) {
    named(VARIABLE, wordEnd);
    result = result.replace(INVALID_AT, maskBefore).replace(INVALID_FOR, maskBefore);
  }
  if (result.includes('cannot represent')) {
    const names = [VARIABLE_OF, VARIABLE_AT].map((pattern) => pattern.exec(result)?.[1]);
    if (names[0] === undefined || names.some((name) => name !== undefined && isSecret(name)))
      replaced(REPRESENTED, wordEnd);
  }
  if (result.includes('final value')) named(FINAL_VALUE, endsWith('`.'));
  if (result.includes('Cast to')) result = result.replace(CAST, maskBefore);
  result = maskStatements(result, isSecret);
  if (/\bkty\b/.test(result)) result = maskJwk(result);
  return result.includes('/') ? maskPathTokens(result) : result;
}

/** What Joi says behind a value tells its end, whatever quotes are in it. */
function saidEnd(text: string, at: number, ends: Ends): [number, number] {
  const quote = text[at - 1]!;
  const said = quote === '"' ? ends.find('" fails to match', at) : -1;
  return [at, said >= 0 && said <= ends.lineEnd(at) ? said : ends.closingQuote(at, quote, '')];
}

/** To the boundary, or to the end of the text where it was cut. */
function partEnd(text: string, at: number): [number, number] {
  const end = text.indexOf('\n--', at);
  if (end < 0) return [at, text.length];
  return [at, text[end - 1] === '\r' ? end - 1 : end];
}

function rowEnd(text: string, at: number, ends: Ends): [number, number] {
  const line = ends.lineEnd(at);
  // Within the line: looked for in the whole text, each of many rows without an end would be.
  const end = text.slice(at, line + 1).lastIndexOf(')');
  return [at, end < 0 ? line : at + end];
}
