// API keys: rt_<id>_<secret><checksum>. The id finds the key, the secret is 160 random bits, the checksum tells a typo from
// a wrong key without asking anybody. Only the SHA-256 of the whole is stored.

import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface NewKey {
  key: string;
  id: string;
  /** SHA-256, hex. */
  digest: string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const KEY = /^rt_([a-z2-7]{8})_[a-z2-7]{32}([0-9a-f]{8})$/;

export function makeKey(): NewKey {
  const id = randomText(8);
  const body = `rt_${id}_${randomText(32)}`;
  const key = body + checksum(body);
  return { key, id, digest: digestOfKey(key) };
}

/** Nothing where it is no key, or mistyped. */
export function readKey(text: string): { id: string; digest: string } | undefined {
  const [, id, sum] = KEY.exec(text) ?? [];
  if (id === undefined || sum !== checksum(text.slice(0, -8))) return undefined;
  return { id, digest: digestOfKey(text) };
}

function digestOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** Five bits a character: 256 is a multiple of 32, so all are equally likely. */
function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte & 31]).join('');
}
