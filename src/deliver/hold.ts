// Rows that wait for the end of their request. In: log facts with `hold`. Out: the same with amendments in them, when the
// request ended, the time is over or the bound is reached (oldest first). Loses nothing: an amendment that comes too late
// becomes an UPDATE.

import type { LogFact, ResourceFact } from '../record/fact.ts';
import type { AbsorbedRow } from '../record/row.ts';
import type { Ticket } from './frontier.ts';

export interface Held {
  fact: LogFact;
  resource: ResourceFact;
  ticket: Ticket;
  /** Rows that this one replaces, and the places of those that were held themselves: dealt with when this one is. */
  absorbed: AbsorbedRow[];
  tickets: Ticket[];
  sizeBytes: number;
  /** performance.now() at which it is released whatever happens. */
  deadline: number;
}

/** What all journals of a shipper hold together. */
export class HoldBudget {
  rows = 0;
  bytes = 0;
  readonly maxRows: number;
  readonly maxBytes: number;

  constructor(maxRows: number, maxBytes: number) {
    this.maxRows = maxRows;
    this.maxBytes = maxBytes;
  }

  get isExceeded(): boolean {
    return this.rows > this.maxRows || this.bytes > this.maxBytes;
  }
}

export class Hold {
  readonly #budget: HoldBudget;
  /** In the order read, so the first is the oldest. */
  readonly #held = new Map<string, Held>();

  constructor(budget: HoldBudget) {
    this.#budget = budget;
  }

  get size(): number {
    return this.#held.size;
  }

  get(id: string): Held | undefined {
    return this.#held.get(id);
  }

  add(held: Held): void {
    this.#held.set(held.fact.id, held);
    this.#budget.rows++;
    this.#budget.bytes += held.sizeBytes;
  }

  take(id: string): Held | undefined {
    const held = this.#held.get(id);
    if (!held) return undefined;
    this.#held.delete(id);
    this.#budget.rows--;
    this.#budget.bytes -= held.sizeBytes;
    return held;
  }

  /** Whose time is over, and the oldest as long as the bound is exceeded. */
  takeDue(now: number): Held[] {
    const due: Held[] = [];
    for (const [id, held] of this.#held) {
      if (held.deadline > now && !this.#budget.isExceeded) break;
      due.push(this.take(id)!);
    }
    return due;
  }

  takeAll(): Held[] {
    return [...this.#held.keys()].map((id) => this.take(id)!);
  }
}
