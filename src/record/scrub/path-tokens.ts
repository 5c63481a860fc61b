// Masks tokens in paths that a mail led to: `/reset-password/<token>`, `/reset/<user>/<token>` of Django, `/auth/verify/<hex>`.
// Who has one takes over the account. Text in, text out; called where sniff.ts saw one of the words.

import { MASK } from './mask.ts';

const [WORD, SEGMENTS] = [/(?<![a-z])/.source, /([\w.~%@+=-]+)(\/[\w.~%@+=-]+)?/.source];
/** A user may stand between the word and the token. */
const RESET = new RegExp(
  `${WORD}((?:(?:reset|forgot|lost|change|set|new|update|recover)[-_]?password|password[-_/](?:reset|change|recover|recovery|edit)|reset|recover|recovery|magic(?:-?link)?)/)${SEGMENTS}`,
  'gi',
);
const VERIFY = new RegExp(
  `${WORD}((?:verify|verification|confirm|confirmation|activate|activation|invite|invitation)(?:[-/](?:email|account))?/)${SEGMENTS}`,
  'gi',
);

/** `page-3f2504e04f8911d3.js` */
const IS_FILE = /\.[a-z]{1,5}$/;

export function maskPathTokens(text: string): string {
  return mask(mask(text, RESET, isToken), VERIFY, isLongToken);
}

function mask(text: string, pattern: RegExp, isSecret: (segment: string) => boolean): string {
  return text.replace(pattern, (_all, word: string, first: string, second: string | undefined) => {
    const shown = (segment: string) => (!IS_FILE.test(segment) && isSecret(segment) ? MASK : segment);
    return word + shown(first) + (second === undefined ? '' : `/${shown(second.slice(1))}`);
  });
}

/** 20 and more, with letters and digits in the same part: "2024-how-to-reset-a-router" is the name of a page. */
export function isToken(segment: string): boolean {
  if (segment.length < 20) return false;
  let mixed = 0;
  for (const part of segment.split(/[-_.~%]/)) if (/\d/.test(part) && /[A-Za-z]/.test(part)) mixed += part.length;
  return mixed >= 8;
}

/** 32 hexadecimal digits and more, or as many letters of both cases and digits. An UUID is the id of something. */
function isLongToken(segment: string): boolean {
  const at = /[0-9a-f]{32,}|[\w-]{32,}/i.exec(segment)?.[0] ?? '';
  return /^[0-9a-f]{32,}$/i.test(at) || (/[a-z]/.test(at) && /[A-Z]/.test(at) && isToken(at));
}
