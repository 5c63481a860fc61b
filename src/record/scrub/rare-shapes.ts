// Masks tokens of further issuers, hooks and DSNs with a password. Apart from shapes.ts, since each alternative more makes the
// pattern there slower for all texts (half as slow again with these); called where sniff.ts saw one of their beginnings.

import { MASK } from './mask.ts';
import { maskDsns, maskEncodedUrls } from './urls.ts';

/** Vault, Docker Hub, PyPI, Grafana, Groq, Atlassian, Square, GitLab runners, Shopify, Postman, age. */
const TOKENS =
  /(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]|%[\dA-Fa-f]{2}))(?:hv[sb]\.[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|pypi-[A-Za-z0-9_-]{16,}|glsa_[A-Za-z0-9]{20,}(?:_[A-Fa-f0-9]{8})?|gsk_[A-Za-z0-9]{30,}|ATATT3xF[A-Za-z0-9_=-]{16,}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|PMAK-[a-zA-Z0-9]{16,}-[a-zA-Z0-9]{6,}|AGE-SECRET-KEY-1[A-Z0-9]{15,}|glrt-[A-Za-z0-9_-]{20,}|shp(?:ca|pa|ss)_[a-fA-F0-9]{32})/g;
/**
 * Stripe's client secrets, Supabase, PlanetScale, Sentry, Tailscale, Linear, Databricks, New Relic, Figma, RubyGems, Heroku,
 * Perplexity, xAI, Notion, Doppler.
 */
const MORE_TOKENS =
  /(?<![A-Za-z0-9_-])(?:[a-z]{2,6}_[A-Za-z0-9]{10,64}_secret_[A-Za-z0-9]{10,}|sb_secret_[A-Za-z0-9_-]{20,}|pscale_(?:tkn|oauth|pw)_[\w=.-]{20,}|sntry[su]_[A-Za-z0-9+/=_-]{32,}|tskey-[a-z]{2,12}-[A-Za-z0-9-]{16,}|lin_api_[A-Za-z0-9]{32,}|dapi[a-f0-9]{32}|NRAK-[A-Z0-9]{20,}|figd_[A-Za-z0-9_-]{20,}|rubygems_[a-f0-9]{40,}|HRKU-[A-Za-z0-9_-]{30,}|pplx-[A-Za-z0-9]{32,}|xai-[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{32,}|dp\.pt\.[A-Za-z0-9]{32,})/g;
/**
 * GitLab's further kinds, DigitalOcean's of OAuth, Replicate, Fly, Supabase, Vercel, PostHog, Pulumi, Terraform, 1Password,
 * CircleCI, LangSmith, NVIDIA, Amazon Bedrock, Aiven, Brevo, OpenShift, Braintree, Notion's older ones.
 */
const TOKENS_OF_SERVICES =
  /(?<![A-Za-z0-9_-])(?:gl(?:dt|ptt|cbt|ft|soat|agent|oas)-[A-Za-z0-9_-]{20,}|do[or]_v1_[a-f0-9]{64}|r8_[A-Za-z0-9]{37}|fm[12]_[A-Za-z0-9+/=_-]{40,}|sbp_[a-f0-9]{40}|vercel_blob_rw_[A-Za-z0-9_]{20,}|phx_[A-Za-z0-9_-]{30,}|pul-[a-f0-9]{40}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,}|ops_eyJ[A-Za-z0-9+/=_-]{40,}|CCI[PW]AT_[A-Za-z0-9]{10,}_[a-f0-9]{40}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|nvapi-[A-Za-z0-9_-]{40,}|ABSK[A-Za-z0-9+/]{60,}={0,2}|AVNS_[A-Za-z0-9_-]{12,}|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}|sha256~[A-Za-z0-9_-]{43}|access_token\$(?:production|sandbox)\$[a-z0-9]{1,32}\$[a-f0-9]{32}|secret_[A-Za-z0-9]{40,50}(?![A-Za-z0-9_]))/g;
/** Hashes of passwords, as statements with their values show them: bcrypt, argon2, Django's and Werkzeug's. */
const HASHES =
  /\$2[abxy]\$\d\d\$[./A-Za-z0-9]{22,}|\$argon2(?:id?|d)\$[\w=,$]{1,64}\$[A-Za-z0-9+/$]{20,}={0,2}|\b(?:pbkdf2[:_]sha\d{1,3}|scrypt)[:\d]{0,24}\$[\w$./+]{16,}={0,2}/g;
const OFFICE_HOOK = /(\.webhook\.office\.com\/webhookb2\/)[\w@/-]+/g;
/** Telegram: the number of a bot, and its token. */
const BOT_TOKEN = /(?<=(?<![A-Za-z0-9])(?:bot)?\d{6,12}:)AA[A-Za-z0-9_-]{30,}/g;
const DISCORD_HOOK = /(discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks\/\d{1,20}\/)[A-Za-z0-9_-]+/g;

export function maskRareShapes(text: string): string {
  let result = text.replace(MORE_TOKENS, MASK).replace(TOKENS_OF_SERVICES, MASK).replace(HASHES, MASK);
  if (result.includes('.webhook.office')) result = result.replace(OFFICE_HOOK, `$1${MASK}`);
  return maskEncodedUrls(
    maskDsns(result.replace(TOKENS, MASK).replace(BOT_TOKEN, MASK).replace(DISCORD_HOOK, `$1${MASK}`)),
  );
}
