// Masks secrets that are known by their shape: tokens of well-known issuers, JWT, PEM keys, credentials in URLs, cards.
// Text in, text out; called only where sniff.ts saw a hint. Each pattern begins at a literal and a word boundary, so no start can make another one scan again.

import { MASK } from './pairs.ts';

// Prefixes and lengths as the gitleaks rule set publishes them, lengths taken as minima.
const TOKENS =
  /(?<![A-Za-z0-9_-])(?:eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?|A[KS]IA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|sk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}|glpat-[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|shpat_[a-fA-F0-9]{32}|dop_v1_[a-f0-9]{64}|hf_[A-Za-z0-9]{30,})/g;
const SLACK_HOOK = /(hooks\.slack\.com\/(?:services|workflows)\/)[A-Za-z0-9/_-]+/g;
const SCHEMES = /\b(bearer|basic)([ \t]{1,8})([A-Za-z0-9+/_=.~-]{8,})/gi;
const CARD = /(?<![A-Za-z0-9.])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])/g;
/** Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay by issuer prefix and length. */
const CARD_PREFIX =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17})$/;
const AUTHORITY_REACH = 256;

export function maskShapes(text: string): string {
  let result = text;
  if (result.includes('-----BEGIN')) result = maskPem(result);
  result = result.replace(TOKENS, MASK).replace(SCHEMES, maskScheme);
  if (result.includes('hooks.slack')) result = result.replace(SLACK_HOOK, `$1${MASK}`);
  return result.includes('://') ? maskAuthorities(result) : result;
}

export function maskCards(text: string): string {
  return text.replace(CARD, maskCard);
}

function maskPem(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('-----BEGIN'); at >= 0; at = text.indexOf('-----BEGIN', done)) {
    const label = text.indexOf('-----', at + 10);
    if (label < 0) break;
    const name = text.slice(at + 10, Math.min(label, at + 74));
    if (!name.includes('PRIVATE KEY')) {
      result += text.slice(done, label + 5);
      done = label + 5;
      continue;
    }
    // Looked for behind a key only: behind each label of a text without any it would be looked for to the end.
    const end = text.indexOf('-----END', label);
    // A key that does not end was cut on its way to us: all the rest may be key.
    const tail = end < 0 ? text.length : text.indexOf('-----', end + 8);
    result += text.slice(done, at) + MASK;
    done = tail < 0 || end < 0 ? text.length : tail + 5;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** "Basic authentication failed" is a sentence: only what can be a credential is masked. */
function maskScheme(all: string, scheme: string, gap: string, credential: string): string {
  const like = /\d|[A-Z].*[a-z].*[A-Z]|=$/.test(credential.slice(0, 64)) || credential.length >= 24;
  return like ? `${scheme}${gap}${MASK}` : all;
}

/** `postgres://user:secret@host` → `postgres://user:[scrubbed]@host`; a long user without password is a token. */
function maskAuthorities(text: string): string {
  let result = '';
  let done = 0;
  let nextSign = -1;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', Math.max(done, at + 3))) {
    const start = at + 3;
    if (nextSign < start) nextSign = text.indexOf('@', start);
    if (nextSign < 0) break;
    if (nextSign - start > AUTHORITY_REACH) continue;
    const [colon, sign] = scanAuthority(text, start);
    if (sign < 0) continue;
    const from = colon >= 0 ? colon + 1 : start;
    if (colon < 0 && sign - start < 20) continue;
    if (sign <= from || text.startsWith(MASK, from)) continue;
    result += text.slice(done, from) + MASK;
    done = sign;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** [first colon, last @] of the authority; a password may hold a raw `/`, `?` or `#`, a port may not. */
function scanAuthority(text: string, start: number): [number, number] {
  const limit = Math.min(text.length, start + AUTHORITY_REACH);
  let colon = -1;
  let sign = -1;
  let slash = false;
  let port = true;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 34 || code === 39 || code === 96 || code === 60 || code === 62) break;
    if (code === 64) {
      sign = at;
      if (slash) break;
    } else if (code === 47 || code === 63 || code === 35) {
      if (sign >= 0 || colon < 0 || port) break;
      slash = true;
    } else if (code === 58) {
      if (colon < 0) colon = at;
    } else if (colon >= 0 && (code < 48 || code > 57)) port = false;
  }
  return colon > sign ? [-1, sign] : [colon, sign];
}

function maskCard(found: string): string {
  const digits = found.replace(/[ -]/g, '');
  return CARD_PREFIX.test(digits) && luhn(digits) ? MASK : found;
}

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
