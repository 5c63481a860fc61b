// How many operations one process may name. What comes beyond is counted under one operation that says so, so that an
// application with values in its span names fills neither memory nor tables, and nobody takes a part for the whole.

import type { Operation } from './fact.ts';
import { LIMITS } from './limits.ts';
import { clean } from './scrub/clean.ts';
import type { Scrubber } from './scrub/scrubber.ts';

/** Name of the operation that stands for all that came after the bound was reached. */
export const OVERFLOW = '(other)';

/** 200 routes with four status classes each, with room to spare. */
const MAX_OPERATIONS = 2000;

export class OperationBound {
  readonly #known = new Map<string, Operation>();
  readonly #scrubber: Scrubber;
  readonly #max: number;

  constructor(scrubber: Scrubber, max = MAX_OPERATIONS) {
    this.#scrubber = scrubber;
    this.#max = max;
  }

  /** The operation with its names scrubbed and cut, or the one that stands for those beyond the bound. */
  bound(operation: Operation): Operation {
    const key = operationKey(operation);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#max) return overflowOf(operation);
    const cleaned = { ...operation, name: clean(operation.name, this.#scrubber, LIMITS.name) };
    if (operation.peer !== undefined) cleaned.peer = clean(operation.peer, this.#scrubber, LIMITS.name);
    this.#known.set(key, cleaned);
    return cleaned;
  }
}

export function overflowOf({ kind, statusClass }: Operation): Operation {
  return { kind, name: OVERFLOW, statusClass };
}

export function operationKey({ kind, name, method, statusClass, peer }: Operation): string {
  return `${kind}\n${name}\n${method ?? ''}\n${statusClass ?? ''}\n${peer ?? ''}`;
}
