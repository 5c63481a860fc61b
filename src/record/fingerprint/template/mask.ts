// Masks what varies in a message: addresses, ids, dates, numbers, paths. Text in, text with `<*>` out. What must stay is
// hidden first (its digits are moved to private code points that no pattern knows) and comes back at the end.

import { withoutColours } from '../../../util/colours.ts';
import { maskHosts } from './hosts.ts';
import { keepMeaningfulNumbers, restore } from './keep.ts';
import { maskNamed } from './named.ts';
import { maskPaths } from './paths.ts';

export const STAR = '<*>';

const VARIABLE = /[\d@=/\\"'`]|\x1b|\.[a-z]{2}|\b(?:user|username) \w/i;
const URL_TEXT = /\b(?!file:)[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'`<>|,)\]}]+/gi;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const ISO_DATE =
  /\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z\b|UTC\b|[+-]\d{2}:?\d{2}))?)?/g;
const WORD_DATE =
  /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?(?:\d{1,2}[ -])?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}(?:-| {1,2})\d{1,4}(?:,? \d{4})?(?: \d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?: (?:GMT|UTC|[A-Z]{3})?(?:[+-]\d{4})?(?: \([A-Za-z ]{1,48}\))?| [+-]\d{4})?(?: \d{4}\b)?/g;
const TIME = /(?<![\w:])\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?!:?\w)/g;
/** With what stands in front of it as in front of a token: "-$1,200". */
const GROUPED = /(?:(?<!\w)[-+])?(?<!\w)\$?\d{1,3}(?:,\d{3})+\b/g;
/** A token: letters, digits and _, joined by single - or .; its sign; "<1 sec". */
const TOKEN = /(?<![\w])(?:[-+]|(?<!<)<(?=\d))?[A-Za-z0-9_$]+(?:(?:[-.:]|~~?)[A-Za-z0-9_$]+)*/g;
/** "<*>, <*>", and what a value is called or measured as beside it: "403 bytes (1.2 KB)", "from 10.0.0.1 ()". */
const RUN = /<\*>(?:[ ,;:.|/+&~-]{0,3}<\*>| \((?:<\*>)?\))+/g;

/** "200 ms" and "1.2 s": the unit changes with the size of the value. "9:30 AM" (ICU writes a narrow blank): so do these. */
const UNIT =
  /<\*>[ \u202f]?(?:ns|[uµ]s|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|[kKMGT]i?B|bytes|B|[AP]M)\b(?!\()/g;

export function maskValues(text: string): string {
  if (!VARIABLE.test(text)) return text;
  let said = keepMeaningfulNumbers(withoutColours(text));
  if (said.includes('://')) said = said.replace(URL_TEXT, STAR);
  if (said.includes('@')) said = said.replace(EMAIL, STAR);
  // A look for a character is a tenth of a look for a pattern.
  if (/\d/.test(said)) {
    if (said.includes('-')) said = said.replace(UUID, STAR);
    if (said.includes('-') || said.includes('/')) said = said.replace(ISO_DATE, STAR);
    said = said.replace(WORD_DATE, STAR);
    if (said.includes(':')) said = said.replace(TIME, STAR);
  }
  said = maskNamed(maskAssigned(maskPaths(maskHosts(said))));
  if (said.includes(',')) said = said.replace(GROUPED, STAR);
  if (/\d/.test(said)) said = said.replace(TOKEN, maskToken);
  return restore(said.replace(RUN, STAR).replace(UNIT, STAR).replace(RUN, STAR)).replace(/\s+/g, ' ').trim();
}

/** Names whose values are few and mean something: they stay. */
const TELLING =
  /^(?:status|state|reason|code|type|kind|level|method|op|operation|action|event|result|mode|phase|stage|error|err|message|msg|field|table|column|constraint|key|path|desc)$/i;
const ASSIGNED =
  /([A-Za-z_][\w.-]{0,63})("?'?)( ?=| = |"\s?: ?)("[^"\n]{0,512}"|'[^'\n]{0,512}'|[^\s,;&"'<>()[\]{}=]{1,512})/g;
/** The same in an object as it is shown: `{ email: 'a' }` (messages of MikroORM hold the entity). */
const SHOWN = /([{,] ?)([A-Za-z_$][\w$]{0,63}): ("[^"\n]{0,512}"|'[^'\n]{0,512}')/g;
/** mongoose: a value behind its path, and in front of it. */
const OF_PATH = /(Path `[^`\n]{1,128}` \()`[^`\n]{0,512}`|`[^`\n]{0,512}`(?= is not a valid enum value)/g;
/** A quoted text behind these words is a value, not a name. */
const QUOTED_VALUE =
  /\b(value|entry|given|got|input|prepared statement|for type \w{1,32}:|syntax:)(:? )("[^"\n]{0,512}"|'[^'\n]{0,512}'|`[^`\n]{0,512}`)/gi;

function maskAssigned(text: string): string {
  let said = text;
  if (said.includes('=') || said.includes('":'))
    said = said.replace(ASSIGNED, (all, name, quote, sign, value) =>
      TELLING.test(name) && /^["']?[A-Za-z][A-Za-z _-]{0,63}["']?$/.test(value) ? all : `${name}${quote}${sign}${STAR}`,
    );
  if (said.includes('{'))
    said = said.replace(SHOWN, (all, before, name) => (TELLING.test(name) ? all : `${before}${name}: ${STAR}`));
  if (/["'`]/.test(said)) said = said.replace(QUOTED_VALUE, `$1$2${STAR}`);
  if (said.includes('`')) said = said.replace(OF_PATH, `$1${STAR}`);
  const duplicate = said.indexOf('dup key: {');
  if (duplicate >= 0) return `${said.slice(0, duplicate)}dup key: { ${STAR} }`;
  // MySQL, MariaDB: what is left of the statement, with its values.
  const statement = said.indexOf("right syntax to use near '");
  return statement < 0 ? said : `${said.slice(0, statement)}right syntax to use near ${STAR}`;
}

/**
 * Segments with a digit are values; the words before the first of them name what it is the id of ("order-17"). A tilde joins
 * what machines put together (packages with their versions, signed ids): such a token is one value.
 */
function maskToken(token: string): string {
  if (!/\d/.test(token)) return token;
  if (token.includes('~')) return STAR;
  return token
    .split(/([.:])/)
    .map((part) => (/\d/.test(part) ? maskSegment(part) : part))
    .join('');
}

function maskSegment(segment: string): string {
  const prefix = /^[A-Za-z]{3,}[_-](?=.)/.exec(segment);
  return prefix === null ? STAR : `${prefix[0]}${STAR}`;
}
