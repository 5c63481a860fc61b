// One at a time: PGlite is one backend, so whoever is inside a transaction (the shipper, or one client on the socket) has
// it alone until the transaction is over. First come, first served.

export class Gate {
  /** How many wait; whoever holds the gate idly looks at this. */
  waiting = 0;
  #tail: Promise<void> = Promise.resolve();

  /** Resolves when it is our turn, with the function that ends it (calling it twice does no harm). */
  async enter(): Promise<() => void> {
    const before = this.#tail;
    let leave!: () => void;
    this.#tail = new Promise((resolve) => {
      leave = resolve;
    });
    this.waiting++;
    await before;
    this.waiting--;
    return leave;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
