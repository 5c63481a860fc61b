// Masks what varies in a message: addresses, ids, dates, numbers, paths. Text in, text with `<*>` out. What must stay is
// hidden first (its digits are moved to private code points that no pattern knows) and comes back at the end.

import { keepMeaningfulNumbers, restore } from './keep.ts';
import { maskPaths } from './paths.ts';

export const STAR = '<*>';

const VARIABLE = /[\d@=/\\"'`]|\x1b|\.[a-z]{2}/;
const ANSI = /\x1b\[[0-9;]{0,16}[A-Za-z]/g;
const URL_TEXT = /\b(?!file:)[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'`<>|,)\]}]+/gi;
const EMAIL = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const ISO_DATE =
  /\b\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z\b|UTC\b|[+-]\d{2}:?\d{2}))?)?/g;
const WORD_DATE =
  /\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?(?:\d{1,2}[ -])?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}[ -]\d{1,4}(?:,? \d{4})?(?: \d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?: (?:GMT|UTC|[A-Z]{3})?(?:[+-]\d{4})?(?: \([A-Za-z ]{1,48}\))?| [+-]\d{4})?/g;
const TIME = /\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\b/g;
const IPV4 = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:\/\d{1,2})?(?::\d{1,5})?\b/g;
const IPV6 =
  /\[?(?<![\w:.])(?=[0-9a-f:]{0,40}::|(?:[0-9a-f]{1,4}:){3})[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}(?:%\w{1,16})?\]?(?::\d{1,5})?(?![\w:])/gi;
const HOST_PORT = /\b(?:localhost|[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63}){1,8}):\d{1,5}\b/gi;
const HOST =
  /\b[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63}){0,7}\.(?:com|org|net|io|edu|gov|internal|local|localdomain|lan|corp|cloud|arpa)\b(?![\w(])/gi;
const GROUPED = /\b\d{1,3}(?:,\d{3})+\b/g;
/** A token: letters, digits and _, joined by single - or . */
const TOKEN = /(?<![\w])[-+]?[A-Za-z0-9_$]+(?:[-.:~][A-Za-z0-9_$]+)*/g;
const RUN = /<\*>(?:[ ,;:.|/+&-]{0,3}<\*>)+/g;

/** "200 ms" and "1.2 s": the unit changes with the size of the value. */
const UNIT =
  /<\*> ?(?:ns|[uµ]s|ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|[kKMGT]i?B|bytes|B)\b(?!\()/g;

export function maskValues(text: string): string {
  if (!VARIABLE.test(text)) return text;
  let said = text.includes('\x1b') ? text.replace(ANSI, '') : text;
  said = keepMeaningfulNumbers(said);
  if (said.includes('://')) said = said.replace(URL_TEXT, STAR);
  if (said.includes('@')) said = said.replace(EMAIL, STAR);
  if (/\d/.test(said)) {
    said = said
      .replace(UUID, STAR)
      .replace(ISO_DATE, STAR)
      .replace(WORD_DATE, STAR)
      .replace(TIME, STAR)
      .replace(IPV4, STAR);
  }
  if (said.includes(':')) said = said.replace(IPV6, maskIpv6).replace(HOST_PORT, maskHost);
  if (said.includes('.')) said = said.replace(HOST, STAR);
  said = maskPaths(said);
  said = maskAssigned(said);
  if (/\d/.test(said)) said = said.replace(GROUPED, STAR).replace(TOKEN, maskToken);
  return restore(said.replace(UNIT, STAR).replace(RUN, STAR)).replace(/\s+/g, ' ').trim();
}

/** `cart.js:12` is a place in a file. */
function maskHost(found: string): string {
  return /\.(?:[cm]?[jt]sx?|json|vue|svelte|html?|py|rb|go|java|php|rs|cs):\d+$/i.test(found) ? found : STAR;
}

/** `Fee::add` is no address; a colon before a kept port is not part of one. */
function maskIpv6(found: string): string {
  if (!/\d/.test(found) && !/^:{2,3}$/.test(found)) return found;
  return /[^:]:$|^:::$/.test(found) ? `${STAR}:` : STAR;
}

/** Names whose values are few and mean something: they stay. */
const TELLING =
  /^(?:status|state|reason|code|type|kind|level|method|op|operation|action|event|result|mode|phase|stage|error|err|message|msg|field|table|column|constraint|key|path)$/i;
const ASSIGNED =
  /([A-Za-z_][\w.-]{0,63})("?'?)( ?= ?|"\s?: ?)("[^"\n]{0,512}"|'[^'\n]{0,512}'|[^\s,;&"'<>()[\]{}=]{1,512})/g;
/** A quoted text behind these words is a value, not a name. */
const QUOTED_VALUE =
  /\b(value|entry|given|got|input|for type \w{1,32}:|syntax:)(:? )("[^"\n]{0,512}"|'[^'\n]{0,512}'|`[^`\n]{0,512}`)/gi;

function maskAssigned(text: string): string {
  let said = text;
  if (said.includes('=') || said.includes('":'))
    said = said.replace(ASSIGNED, (all, name, quote, sign, value) =>
      TELLING.test(name) && /^["']?[A-Za-z][A-Za-z _-]{0,63}["']?$/.test(value) ? all : `${name}${quote}${sign}${STAR}`,
    );
  if (/["'`]/.test(said)) said = said.replace(QUOTED_VALUE, `$1$2${STAR}`);
  const duplicate = said.indexOf('dup key: {');
  return duplicate < 0 ? said : `${said.slice(0, duplicate)}dup key: { ${STAR} }`;
}

/** Segments with a digit are values; the words before the first of them name what it is the id of ("order-17"). */
function maskToken(token: string): string {
  if (!/\d/.test(token)) return token;
  return token
    .split(/([.:~])/)
    .map((part) => (/\d/.test(part) ? maskSegment(part) : part))
    .join('');
}

function maskSegment(segment: string): string {
  const prefix = /^[A-Za-z]{3,}[_-](?=.)/.exec(segment);
  return prefix === null ? STAR : `${prefix[0]}${STAR}`;
}
