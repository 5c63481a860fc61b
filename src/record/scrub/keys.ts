// Decides by its name whether a value is a secret. A key in, 'secret' (whatever the value), 'text' (unless it is a number
// or boolean) or undefined out. Source: Sentry's deny-lists (scrubber of sentry-python, data scrubbing of the server).

export type KeyVerdict = 'secret' | 'text' | undefined;

/** Secret wherever they stand in a key, separators and case ignored ("x-api-key", "dbPassword", "MYSQL_PWD"). */
const ANYWHERE =
  /passw|passphrase|passcode|secret|apikey|privatekey|accesskey|credential|mysqlpwd|authori[sz]ation|setcookie|signingkey|encryptionkey|accesstoken|refreshtoken|idtoken|authtoken|bearertoken|csrf|xsrf|phpsessid|jsessionid|aspsessionid|connectsid|symfony|cardnumber|creditcard/;

/** Secret as a word of a key ("auth_header", "user.pwd"), not as part of a longer word ("author", "optional"). */
const WORDS = new Set(
  'password passwd pwd pass secret secrets auth oauth bearer cookie cookies session sessions sid otp totp pin cvv cvc jwt pan iban sso saml apikey'.split(
    ' ',
  ),
);
const TEXT_WORDS = new Set(['token', 'tokens']);

/** A last word that says the value is about the secret and is not the secret ("token_count", "passwordExpiresAt"). */
const HARMLESS_LAST = new Set(
  'count counts length size total type kind expiry expires expired expiration ttl age limit limits usage used budget status state enabled disabled required valid invalid error errors exception missing method mode url uri endpoint host name version at in issuer provider scheme strategy policy policies service handler middleware module controller file path js ts mjs cjs jsx tsx map json html py rb go java id duration latency ms seconds timeout'.split(
    ' ',
  ),
);
/** Names whose last word looks harmless and whose value is the secret all the same. */
const HARMLESS_NOT = /phpsessid|jsessionid|aspsessionid|connectsid|accesskeyid|secretid$|tokenid$|authid$/;

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

/** "dbPassword", "DB-PASSWORD" → ["db", "password"]. */
export function wordsOfKey(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

function judge(key: string): KeyVerdict {
  const words = wordsOfKey(key);
  const joined = words.join('');
  const last = words.at(-1) ?? '';
  if (words.length > 1 && HARMLESS_LAST.has(last) && !HARMLESS_NOT.test(joined)) return undefined;
  if (ANYWHERE.test(joined)) return 'secret';
  if (words.some((word) => WORDS.has(word))) return 'secret';
  return words.some((word) => TEXT_WORDS.has(word)) || joined.endsWith('token') ? 'text' : undefined;
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
