// A message → its template: what stays the same from event to event. Engine and library wordings are unified, then values
// are masked as `<*>`. Text in, at most 1 KiB of text out; linear, bounded.

import { cut, LIMITS } from '../../limits.ts';
import { withoutDetails } from './details.ts';
import { languageWording, withoutRepeatedMembers } from './languages.ts';
import { libraryMessage } from './libraries.ts';
import { maskValues } from './mask.ts';
import { withoutRefused } from './refused.ts';
import { engineWording } from './wording.ts';

const MAX_LINE = 1_024;
/** Advice that some versions of Node append, or leave out. */
const HINT = /^(?:Did you mean|Node\.js v\d)/;

/** The words of a row and of its error are often the same, and so are those of a storm. */
const KNOWN_TEXTS = 512;
const MAX_KNOWN_TEXT = 512;
const known = new Map<string, string>();

/**
 * Of numbers so long no rule reads the digits (the longest are codes of six): texts that differ in nothing else are one, so
 * that times, snowflakes and fractions do not make each message of a storm a new text (0.5 µs where a template takes 3 to 7).
 */
const LONG_NUMBER = /\d{7,}/g;
const toZeros = (digits: string): string => '0'.repeat(digits.length);

/** What has the same template as `text`, whatever its long numbers are. */
export function withoutLongNumbers(text: string): string {
  return text.replace(LONG_NUMBER, toZeros);
}

export function messageTemplate(given: string): string {
  if (given === '') return '';
  const text = withoutLongNumbers(given);
  if (text.length > MAX_KNOWN_TEXT) return makeTemplate(text);
  let template = known.get(text);
  if (template === undefined) {
    template = makeTemplate(text);
    if (known.size >= KNOWN_TEXTS) known.clear();
    known.set(text, template);
  }
  return template;
}

function makeTemplate(text: string): string {
  const bounded = text.length > LIMITS.message ? text.slice(0, LIMITS.message) : text;
  const plain = withoutRefused(withoutDetails(languageWording(bounded)));
  const told = libraryMessage(plain) ?? firstLines(plain);
  return cut(withoutRepeatedMembers(maskValues(engineWording(told))), LIMITS.template);
}

/** The first two lines that are not empty: what follows is advice, excerpts and dumps. */
function firstLines(text: string): string {
  if (!text.includes('\n')) return text.slice(0, MAX_LINE).trim();
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    const bare = line.trim();
    if (bare !== '' && !HINT.test(bare)) kept.push(bare.slice(0, MAX_LINE));
    if (kept.length === 2) break;
  }
  return kept.join(' ');
}
