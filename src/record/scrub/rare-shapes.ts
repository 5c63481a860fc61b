// Masks tokens of further issuers, hooks and DSNs with a password. Apart from shapes.ts, since each alternative more makes the
// pattern there slower for all texts (half as slow again with these); called where sniff.ts saw one of their beginnings.

import { MASK } from './mask.ts';
import { maskDsns, maskEncodedUrls } from './urls.ts';

/** Vault, Docker Hub, PyPI, Grafana, Groq, Atlassian, Square, GitLab runners, Shopify, Postman, age. */
const TOKENS =
  /(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]|%[\dA-Fa-f]{2}))(?:hv[sb]\.[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|pypi-[A-Za-z0-9_-]{16,}|glsa_[A-Za-z0-9]{20,}(?:_[A-Fa-f0-9]{8})?|gsk_[A-Za-z0-9]{30,}|ATATT3xF[A-Za-z0-9_=-]{16,}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|PMAK-[a-zA-Z0-9]{16,}-[a-zA-Z0-9]{6,}|AGE-SECRET-KEY-1[A-Z0-9]{15,}|glrt-[A-Za-z0-9_-]{20,}|shp(?:ca|pa|ss)_[a-fA-F0-9]{32})/g;
/** Telegram: the number of a bot, and its token. */
const BOT_TOKEN = /(?<=(?<![A-Za-z0-9])(?:bot)?\d{6,12}:)AA[A-Za-z0-9_-]{30,}/g;
const DISCORD_HOOK = /(discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{1,20}\/)[A-Za-z0-9_-]+/g;

export function maskRareShapes(text: string): string {
  return maskEncodedUrls(
    maskDsns(text.replace(TOKENS, MASK).replace(BOT_TOKEN, MASK).replace(DISCORD_HOOK, `$1${MASK}`)),
  );
}
