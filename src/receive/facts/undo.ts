// What a mapping changes in memory before its facts are safe, and how that is taken back when they cannot be written: the
// sender comes again with the same, which must find what it found the first time.

export class UndoLog {
  #steps: (() => void)[] = [];

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** All since the last call. Mapping is synchronous, so those are the changes of one request. */
  take(): () => void {
    const steps = this.#steps;
    this.#steps = [];
    return () => {
      for (const step of steps.reverse()) step();
    };
  }
}
