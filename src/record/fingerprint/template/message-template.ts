// A message → its template: what stays the same from event to event. Engine and library wordings are unified, then values
// are masked as `<*>`. Text in, at most 1 KiB of text out; linear, bounded.

import { cut, LIMITS } from '../../limits.ts';
import { libraryMessage } from './libraries.ts';
import { maskValues } from './mask.ts';
import { engineWording } from './wording.ts';

const MAX_LINE = 1_024;
/** Advice that some versions of Node append, or leave out. */
const HINT = /^(?:Did you mean|Node\.js v\d)/;

export function messageTemplate(text: string): string {
  if (text === '') return '';
  const bounded = text.length > LIMITS.message ? text.slice(0, LIMITS.message) : text;
  const told = libraryMessage(bounded) ?? firstLines(bounded);
  return cut(maskValues(engineWording(told)), LIMITS.template);
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
