// Damaged lines behind which no frame tells what is missing: the last ones of a journal whose writer died. In: their text.
// Out: how many frames they are taken for. One damaged line is counted exactly, of several each that begins like a frame.

import type { Loss } from './sequence.ts';

/** Kinds of facts that are no occurrence. */
const NO_OCCURRENCE = /"k":"(?:amend|ledger|hist|call|resource)"/;
const LOG = /"k":"log"/g;
const HEAD_CHARS = 80;

export class Unplaced {
  #frames = 0;
  #occurrences = 0;
  /** Of the first line, which counts where none begins like a frame: damage may be a newline in the middle of one. */
  #first: number | undefined;

  add(text: string): void {
    const occurrences = occurrencesIn(text);
    this.#first ??= occurrences;
    if (!text.startsWith('{"c":"')) return;
    this.#frames++;
    this.#occurrences += occurrences;
  }

  get lost(): Omit<Loss, 'from'> {
    if (this.#first === undefined) return { frames: 0, occurrences: 0 };
    if (this.#frames === 0) return { frames: 1, occurrences: this.#first };
    return { frames: this.#frames, occurrences: this.#occurrences };
  }
}

/** By its kind, where that can be seen; else it is taken for an occurrence. */
function occurrencesIn(text: string): number {
  const head = text.slice(0, HEAD_CHARS);
  if (head.includes('"k":"pack"')) return text.match(LOG)?.length ?? 0;
  return NO_OCCURRENCE.test(head) ? 0 : 1;
}
