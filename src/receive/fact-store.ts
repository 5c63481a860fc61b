// Where accepted facts go before anybody is told that they are accepted. The journal is one; a queue could be another.

import type { LedgerFact, PackFact } from '../record/fact.ts';

export interface FactStore {
  /**
   * Resolves when all is safe from the death of this process and of the machine. May be called again before it has.
   *
   * @param onKept told of packs that will become rows, whatever becomes of the others and of the call
   * @throws StoreFullError, FactTooLargeError, or whatever went wrong: then nothing may be taken for accepted
   */
  write(packs: PackFact[], ledger: LedgerFact, onKept: (pack: PackFact) => void): Promise<void>;
  /** 0 to 1: how much of its room is taken. */
  fill(): number;
  /** The disk takes nothing now: what came before still waits for it. */
  isStuck(): boolean;
}

/** One record alone is more than the store takes; coming again does not help. */
export class FactTooLargeError extends Error {
  constructor() {
    super('a record is too large');
    this.name = 'FactTooLargeError';
  }
}

/** There is no room now; the sender should come again. */
export class StoreFullError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreFullError';
  }
}
