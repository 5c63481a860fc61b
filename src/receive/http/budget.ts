// How many bytes of bodies may be in memory at once, all requests together. Beyond it senders are asked to come again.

import { HttpError } from './http-error.ts';

/** What a body costs before its first byte: buffers of the socket and of decompression. */
export const OPEN_BYTES = 128 * 1024;

export class Budget {
  readonly #maxBytes: number;
  #taken = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @throws HttpError 503 */
  open(): Share {
    let mine = 0;
    const share: Share = {
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
    share.take(OPEN_BYTES);
    return share;
  }
}

export interface Share {
  /** @throws HttpError 503 */
  take(bytes: number): void;
  release(): void;
}
