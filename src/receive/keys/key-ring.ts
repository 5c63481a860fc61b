// The keys a receiver knows, kept in memory and read anew now and then: a request costs no query, a revoked key works for
// `REFRESH_MILLIS` at most. While the database is away, or hangs, the keys known stay good, and nobody else's is refused
// for good.

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
/** How long a request with a known key waits for it to be read anew. */
const PATIENCE_MILLIS = 250;
/** How often a use of the same key is told. */
const USED_MILLIS = 60_000;
/** Compared with where there is no such key, so that both take as long. */
const NOBODY = '0'.repeat(64);

export class KeyRing {
  readonly #load: () => Promise<StoredKey[]>;
  readonly #onUsed: (id: string) => void;
  readonly #now: () => number;
  #keys = new Map<string, StoredKey>();
  readonly #usedAt = new Map<string, number>();
  #loadedAt = Number.NEGATIVE_INFINITY;
  #loading: { done: Promise<void>; doneOrLate: Promise<void> } | undefined;
  /** The last attempt to read them. */
  #failed = false;

  /**
   * @param load all keys that are not revoked
   * @param onUsed told of a key at its first use, then once a minute
   * @param now monotonic milliseconds
   */
  constructor(
    load: () => Promise<StoredKey[]>,
    onUsed: (id: string) => void = () => {},
    now: () => number = () => performance.now(),
  ) {
    this.#load = load;
    this.#onUsed = onUsed;
    this.#now = now;
  }

  /**
   * @throws HttpError 401 (one answer for no key, a wrong one and a revoked one), 403, 503 (a key that is not known, while
   * none can be read)
   */
  async check(request: IncomingMessage, scope: Scope): Promise<StoredKey> {
    const given = readKey(keyOf(request));
    const age = this.#now() - this.#loadedAt;
    const isKnown = given !== undefined && this.#keys.has(given.id);
    if (isKnown && age > REFRESH_MILLIS) await this.#refresh().doneOrLate;
    else if (given !== undefined && age > UNKNOWN_MILLIS && !isKnown) await this.#refresh().done;
    const key = given && this.#keys.get(given.id);
    const same = timingSafeEqual(Buffer.from(given?.digest ?? NOBODY), Buffer.from(key?.digest ?? NOBODY));
    // It may be a new one, and whoever is refused by 401 does not come again.
    if (given !== undefined && key === undefined && this.#failed)
      throw new HttpError(503, 'API keys cannot be read now', { retryAfter: 5 });
    if (key === undefined || !same)
      throw new HttpError(401, 'a valid API key is needed (header X-API-Key, or Authorization: Bearer)', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    if (!key.scopes.includes(scope)) throw new HttpError(403, `this key has no scope "${scope}"`);
    this.#noteUse(key.id);
    return key;
  }

  #noteUse(id: string): void {
    const now = this.#now();
    if (now - (this.#usedAt.get(id) ?? Number.NEGATIVE_INFINITY) < USED_MILLIS) return;
    this.#usedAt.set(id, now);
    this.#onUsed(id);
  }

  #refresh(): { done: Promise<void>; doneOrLate: Promise<void> } {
    if (this.#loading !== undefined) return this.#loading;
    const done = this.#load()
      .then(
        (keys) => {
          this.#keys = new Map(keys.map((key) => [key.id, key]));
          this.#failed = false;
        },
        () => {
          this.#failed = true;
        },
      )
      .finally(() => {
        this.#loadedAt = this.#now();
        this.#loading = undefined;
      });
    const late = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MILLIS).unref());
    this.#loading = { done, doneOrLate: Promise.race([done, late]) };
    return this.#loading;
  }
}

function keyOf({ headers }: IncomingMessage): string {
  const own = headers['x-api-key'];
  if (typeof own === 'string') return own.trim();
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}
