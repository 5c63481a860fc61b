// The keys a receiver knows, kept in memory and read anew now and then: a request costs no query, a revoked key works for
// `REFRESH_MILLIS` at most. While the database is away the keys known stay good.

import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/http-error.ts';
import { readKey } from './api-key.ts';

export type Scope = 'ingest' | 'read';

export interface StoredKey {
  id: string;
  /** SHA-256 of the whole key, hex. */
  digest: string;
  scopes: readonly string[];
  /** Those it may send for; null is all. */
  services: readonly string[] | null;
}

const REFRESH_MILLIS = 10_000;
/** A key that is not known may be new: asked for, but not by every request of somebody who guesses. */
const UNKNOWN_MILLIS = 1_000;
/** How often a use of the same key is told. */
const USED_MILLIS = 60_000;
/** Compared with where there is no such key, so that both take as long. */
const NOBODY = '0'.repeat(64);

export class KeyRing {
  readonly #load: () => Promise<StoredKey[]>;
  readonly #onUsed: (id: string) => void;
  #keys = new Map<string, StoredKey>();
  readonly #usedAt = new Map<string, number>();
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  /**
   * @param load all keys that are not revoked
   * @param onUsed told of a key at its first use, then once a minute
   */
  constructor(load: () => Promise<StoredKey[]>, onUsed: (id: string) => void = () => {}) {
    this.#load = load;
    this.#onUsed = onUsed;
  }

  /** @throws HttpError 401 (one answer for no key, a wrong one and a revoked one), 403 */
  async check(request: IncomingMessage, scope: Scope): Promise<StoredKey> {
    const given = readKey(keyOf(request));
    const age = performance.now() - this.#loadedAt;
    const isUnknown = given !== undefined && !this.#keys.has(given.id);
    if (age > REFRESH_MILLIS || (isUnknown && age > UNKNOWN_MILLIS)) await this.#refresh();
    const key = given && this.#keys.get(given.id);
    const same = timingSafeEqual(Buffer.from(given?.digest ?? NOBODY), Buffer.from(key?.digest ?? NOBODY));
    if (key === undefined || !same)
      throw new HttpError(401, 'a valid API key is needed (header X-API-Key, or Authorization: Bearer)', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    if (!key.scopes.includes(scope)) throw new HttpError(403, `this key has no scope "${scope}"`);
    this.#noteUse(key.id);
    return key;
  }

  #noteUse(id: string): void {
    const now = performance.now();
    if (now - (this.#usedAt.get(id) ?? Number.NEGATIVE_INFINITY) < USED_MILLIS) return;
    this.#usedAt.set(id, now);
    this.#onUsed(id);
  }

  #refresh(): Promise<void> {
    this.#loading ??= this.#load()
      .then((keys) => {
        this.#keys = new Map(keys.map((key) => [key.id, key]));
      })
      .catch(() => {})
      .finally(() => {
        this.#loadedAt = performance.now();
        this.#loading = undefined;
      });
    return this.#loading;
  }
}

function keyOf({ headers }: IncomingMessage): string {
  const own = headers['x-api-key'];
  if (typeof own === 'string') return own.trim();
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}
