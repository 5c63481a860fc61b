// Masks secrets that are known by their shape: tokens of well-known issuers, JWT, PEM keys, credentials in URLs, cards.
// Text in, text out; called only where sniff.ts saw a hint. Each pattern begins at a literal and a word boundary, so no start can make another one scan again.

import { MASK } from './mask.ts';
import { maskPem, PEM_BEGIN } from './pem.ts';
import { maskAuthorities } from './urls.ts';

// Prefixes and lengths as the gitleaks rule set publishes them, lengths taken as minima. An encrypted JWT (RFC 7516) has five
// parts, the second empty where the key is agreed on (NextAuth's session).
const TOKEN =
  /(?:eyJ[A-Za-z0-9_-]{8,}\.{1,2}[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?(?:\.[A-Za-z0-9_-]{4,}){0,2}|A[KS]IA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{30,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|sk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,}|glpat-[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|shpat_[a-fA-F0-9]{32}|dop_v1_[a-f0-9]{64}|hf_[A-Za-z0-9]{30,})/
    .source;
const TOKENS = new RegExp(`(?<![A-Za-z0-9_-])${TOKEN}`, 'g');
/** `\nghp_…`, `%20ghp_…`: a letter or digit in front that belongs to none. Apart, since both in one take twice as long. */
const ESCAPE = /\\[nrt]|%[\dA-Fa-f]{2}/;
const ESCAPED_TOKENS = new RegExp(`(?<=${ESCAPE.source})${TOKEN}`, 'g');
const SLACK_HOOK = /(hooks\.slack\.com\/(?:services|workflows)\/)[A-Za-z0-9/_-]+/g;
const SCHEMES = /\b(bearer|basic)([ \t]{1,8})([A-Za-z0-9+/_=.~-]{8,})/gi;
const CARD = /(?<![A-Za-z0-9.])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])/g;
/** Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay by issuer prefix and length. */
const CARD_PREFIX =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17})$/;

export function maskShapes(text: string): string {
  let result = text;
  if (result.includes(PEM_BEGIN)) result = maskPem(result);
  result = result.replace(TOKENS, MASK).replace(SCHEMES, maskScheme);
  if (ESCAPE.test(result)) result = result.replace(ESCAPED_TOKENS, MASK);
  if (result.includes('hooks.slack')) result = result.replace(SLACK_HOOK, `$1${MASK}`);
  return result.includes('://') ? maskAuthorities(result) : result;
}

export function maskCards(text: string): string {
  return text.replace(CARD, maskCard);
}

/** "Basic authentication failed" is a sentence: only what can be a credential is masked. */
function maskScheme(all: string, scheme: string, gap: string, credential: string): string {
  const like = /\d|[A-Z].*[a-z].*[A-Z]|=$/.test(credential.slice(0, 64)) || credential.length >= 24;
  return like ? `${scheme}${gap}${MASK}` : all;
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
