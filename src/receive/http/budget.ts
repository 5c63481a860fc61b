// How many bytes of bodies may be in memory at once, all requests together. Beyond it senders are asked to come again.

import { HttpError } from './http-error.ts';

export class Budget {
  readonly #maxBytes: number;
  #taken = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get taken(): number {
    return this.#taken;
  }

  open(): Share {
    let mine = 0;
    return {
      take: (bytes) => {
        if (this.#taken + bytes > this.#maxBytes)
          throw new HttpError(503, 'too many bytes are being received at once', { retryAfter: 1 });
        mine += bytes;
        this.#taken += bytes;
      },
      release: () => {
        this.#taken -= mine;
        mine = 0;
      },
    };
  }
}

export interface Share {
  /** @throws HttpError 503 */
  take(bytes: number): void;
  release(): void;
}
