// What a journal could not keep, by reason: facts, and the occurrences among them of which it is certain that no file has
// them. In: losses as they happen. Out: counts for the ledger.

import type { Trouble } from './segment-writer.ts';

export type DropReason =
  | Exclude<Trouble, 'too_long'>
  | 'journal_full'
  | 'disk_slow'
  | 'unserialisable'
  | 'oversize'
  | 'removed';

type Counts = Partial<Record<DropReason, number>>;

export class Drops {
  readonly #facts: Counts = {};
  readonly #occurrences: Counts = {};

  add(reason: DropReason, facts: number, occurrences = 0): void {
    if (facts > 0) this.#facts[reason] = (this.#facts[reason] ?? 0) + facts;
    if (occurrences > 0) this.#occurrences[reason] = (this.#occurrences[reason] ?? 0) + occurrences;
  }

  counts(): { dropped: Counts; droppedOccurrences: Counts } {
    return { dropped: { ...this.#facts }, droppedOccurrences: { ...this.#occurrences } };
  }
}
