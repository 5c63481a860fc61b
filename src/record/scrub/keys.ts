// Decides by its name whether a value is a secret. A key in, a verdict out: 'secret' whatever the value, 'text' unless it
// is a number or boolean, 'weak' like 'text' and in sentences only when the value looks like one (prose.ts), 'random' like
// 'text' unless the value is made of words.
// Source: Sentry's deny-lists (scrubber of sentry-python, data scrubbing of the server), of keys that of detect-secrets, too.

export type KeyVerdict = 'secret' | 'text' | 'weak' | 'random' | undefined;

/** Secret wherever they stand in a key, separators and case ignored ("x-api-key", "dbPassword", "MYSQL_PWD"). */
const ANYWHERE =
  /passw|passphrase|passcode|secret(?!ar|s?manager$)|apikey|privatekey|accesskey|accountkey|subscriptionkey|functionskey|sharedaccess|(?:amz|goog)signature|samlre(?:sponse|quest)|credential|mysqlpwd|authori[sz]ation|setcookie|signingkey|encryptionkey|accesstoken|refreshtoken|idtoken|authtoken|bearertoken|csrf|xsrf|phpsessid|jsessionid|aspsessionid|aspnetsessionid|aspnetcore(?:session|cookies|identity|antiforgery)|connectsid|symfony|codeverifier|clientassertion|mnemonic|seedphrase|(?:verification|recovery|backup|mfa|security)codes?$|cardnumber|creditcard/;

/** Secret as a word of a key ("db.pwd", "user_pin"), not as part of a longer word ("spinning", "company"). */
const WORDS = new Set(
  'password passwd pwd pswd psw secret secrets otp totp pin cvv cvv2 cvc cvc2 pan iban apikey sessionid aspxauth'.split(
    ' ',
  ),
);
/** These name what programs talk about, too: "auth: timeout", "sessions: 42". */
const WEAK_WORDS = new Set(
  'pass pw auth oauth bearer cookie cookies session sessions sid jwt sso saml csrf xsrf token tokens'.split(' '),
);
/** What a "…_KEY" is for, or whose it is: RAILS_MASTER_KEY, APP_KEY of Laravel, OPENAI_KEY; "primaryKey" and "cacheKey" are none. */
const KEYS_OF = new Set(
  'master app application license licence activation account hmac aes rsa cipher crypto crypt decryption wrapping preshared shared symmetric priv sas ingest deploy consumer admin root ssh gpg pgp jwt session cookie auth webhook recovery backup openai anthropic gemini groq mistral stripe sendgrid mailgun twilio algolia pusher supabase firebase azure'.split(
    ' ',
  ),
);

/** Secrets are called so (Azure's storage key, Supabase's service role key), and settings: `storageKey: 'theme'`, `roleKey: 'admin'`. */
const MAYBE_KEYS_OF = new Set('storage role client server service db database'.split(' '));
/** 'theme', 'supabase.auth.token', 'userSettings'; four words may be a passphrase. */
const IN_WORDS = /^[A-Za-z][a-z]{1,13}(?:(?:[_.:/ -][A-Za-z]|[A-Z])[a-z]{1,13}){0,2}$/;

/** A last word that says the value is about the secret and is not the secret ("token_count", "passwordExpiresAt"). */
const HARMLESS_LAST = new Set(
  'count counts length size total type kind expiry expires expired expiration ttl age limit limits usage used budget status state enabled disabled required valid invalid error errors exception missing method mode url uri endpoint host name version at in issuer provider scheme strategy policy policies service handler middleware module controller file path js ts mjs cjs jsx tsx map json html py rb go java id duration latency ms seconds timeout'.split(
    ' ',
  ),
);
/** Names whose last word looks harmless and whose value is the secret all the same. */
const HARMLESS_NOT =
  /phpsessid|jsessionid|aspsessionid|aspnetsessionid|connectsid|accesskeyid|secretid$|tokenid$|authid$/;

const cache = new Map<string, KeyVerdict>();

export function judgeKey(key: string): KeyVerdict {
  const known = cache.get(key);
  if (known !== undefined || cache.has(key)) return known;
  const verdict = judge(key.length > 256 ? key.slice(-256) : key);
  // Bounded, since keys may be data ("user_123"); emptied rather than evicted, because the hot keys come back at once.
  if (cache.size >= 2_000) cache.clear();
  if (key.length <= 256) cache.set(key, verdict);
  return verdict;
}

/** "dbPassword", "DB-PASSWORD", "db%5Bpassword%5D" → ["db", "password"]. */
export function wordsOfKey(key: string): string[] {
  return key
    .replace(/%(?:25)?5[bd]/gi, ' ')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}

function judge(key: string): KeyVerdict {
  const words = wordsOfKey(key);
  const joined = words.join('');
  const last = words.at(-1) ?? '';
  // Options of fetch and axios, and a header of CORS: they say whether credentials are sent.
  if (/(?:with|allow)credentials$/.test(joined)) return undefined;
  if (words.length > 1 && HARMLESS_LAST.has(last) && !HARMLESS_NOT.test(joined)) return undefined;
  if (words.length === 1 && WEAK_WORDS.has(last)) return 'weak';
  if (ANYWHERE.test(joined) || words.some((word) => WORDS.has(word))) return 'secret';
  // A name of several words whose last is the secret is a field: "db_pass", "user_token".
  if (last === 'pass') return 'secret';
  // Cookies of Spring and Laravel; a tick in a form has the same name.
  const owner = ownerOfKey(words);
  if (KEYS_OF.has(owner) || /^remember(?:me|web|user)/.test(joined)) return 'text';
  // Variables of the environment are no names of settings.
  if (MAYBE_KEYS_OF.has(owner)) return /[a-z]/.test(key) ? 'random' : 'text';
  if (WEAK_WORDS.has(last) || joined.endsWith('token')) return 'text';
  return words.some((word) => WEAK_WORDS.has(word)) ? 'weak' : undefined;
}

/** "OPENAI_KEY_2" → "openai", "masterkey" → "master"; empty where it is called otherwise. */
function ownerOfKey(words: string[]): string {
  const last = words.findLastIndex((word) => !/^\d+$/.test(word));
  const word = words[last] ?? '';
  return (word === 'key' ? words[last - 1] : /^(.+)key$/.exec(word)?.[1]) ?? '';
}

/** What stands under a key that may be the name of a setting, and is one. */
export function isSetting(key: string, verdict: KeyVerdict, value: string): boolean {
  if (verdict === 'secret') return /^credentials$/i.test(key) && /^(?:include|omit|same-origin)$/.test(value);
  return verdict === 'random' && value.length <= 24 && IN_WORDS.test(value);
}

/** `pass` is counted ("pass: 3") and typed in ("pass: 123456"). */
export function isHarmlessNumber(key: string, verdict: KeyVerdict, value: number): boolean {
  return verdict !== 'secret' && !(Math.abs(value) >= 1_000 && /pass$/i.test(key));
}

/** Own keys of the user: the same words in any case and with any separators, as a whole or as a part of the key. */
export function ownKeyTest(keys: readonly string[]): (key: string) => boolean {
  const wanted = keys.map((key) => wordsOfKey(key).join('')).filter((key) => key !== '');
  if (wanted.length === 0) return () => false;
  return (key) => {
    const joined = wordsOfKey(key.length > 256 ? key.slice(-256) : key).join('');
    return wanted.some((part) => joined.includes(part));
  };
}
