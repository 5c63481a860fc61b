// Who waits for "all that is in the journals now is stored". In: which journals there are, when the end of each was reached,
// what was stored. Out: true on each waiting promise, or false when its time is over.

import type { Follower } from './follower.ts';

interface Request {
  releaseHeld: boolean;
  /** Journals of which the end was not reached since the call; undefined before the next look at the folder. */
  reading: Set<Follower> | undefined;
  /** Journals of which all up to this ticket has to be done. */
  writing: Map<Follower, number>;
  resolve: (complete: boolean) => void;
}

export class FlushRequests {
  readonly #requests = new Set<Request>();

  add(timeoutMillis: number, releaseHeld: boolean): Promise<boolean> {
    return new Promise((done) => {
      const timer = setTimeout(() => request.resolve(false), timeoutMillis);
      const resolve = (complete: boolean) => {
        clearTimeout(timer);
        this.#requests.delete(request);
        done(complete);
      };
      const request: Request = { releaseHeld, reading: undefined, writing: new Map(), resolve };
      this.#requests.add(request);
    });
  }

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.#requests.size === 0;
  }

  /** The journals that requests made since the last round are about. */
  begin(followers: readonly Follower[]): void {
    for (const request of this.#requests) request.reading ??= new Set(followers);
  }

  /** The end of this journal was reached. True when somebody wants its held rows released. */
  reachedEnd(follower: Follower): boolean {
    let release = false;
    for (const request of this.#requests) {
      if (!request.reading?.delete(follower)) continue;
      request.writing.set(follower, follower.frontier.issued);
      release ||= request.releaseHeld;
    }
    return release;
  }

  /** All of this journal is stored. Its end may not have been reached again since the call, where batches were full before it. */
  removed(follower: Follower): void {
    for (const { reading } of this.#requests) reading?.delete(follower);
  }

  answer(): void {
    for (const request of [...this.#requests]) {
      if (request.reading?.size !== 0) continue;
      const open = [...request.writing].some(([follower, number]) => !follower.frontier.isDoneUpTo(number));
      if (!open) request.resolve(true);
    }
  }

  rejectAll(): void {
    for (const request of [...this.#requests]) request.resolve(false);
  }
}
