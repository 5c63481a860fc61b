// Which prefix of a journal is dealt with. In: positions in the order read, and word when each is done, in any order. Out:
// the position up to which everything is done. A held row keeps the frontier where it is, whatever is done behind it.

import type { Position } from '../journal/shipped.ts';

/** A class for the sake of V8: line-item.ts. */
export class Ticket {
  readonly end: Position;
  /** Counts from 1 in the order read. */
  readonly number: number;
  done = false;
  /** Of how many facts `done` has yet to be said. */
  parts: number;

  constructor(end: Position, number: number, parts: number) {
    this.end = end;
    this.number = number;
    this.parts = parts;
  }
}

export class Frontier {
  /** Behind the last of the done prefix; undefined before anything was done. */
  position: Position | undefined;
  #queue: Ticket[] = [];
  #head = 0;
  #issued = 0;

  /** `parts`: how many facts the line holds; it is done when each is. */
  add(end: Position, parts = 1): Ticket {
    const ticket = new Ticket(end, ++this.#issued, parts);
    this.#queue.push(ticket);
    return ticket;
  }

  done(ticket: Ticket): void {
    if (--ticket.parts > 0) return;
    ticket.done = true;
    while (this.#queue[this.#head]?.done) this.position = this.#queue[this.#head++]!.end;
    // Cutting the done prefix off now and then keeps this O(1) a ticket.
    if (this.#head < 1024 && this.#head < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  /** Tickets at or behind the first that is not done. */
  get open(): number {
    return this.#queue.length - this.#head;
  }

  /** Number of the last ticket issued. */
  get issued(): number {
    return this.#issued;
  }

  /** True when the tickets 1 to `number` are all done. */
  isDoneUpTo(number: number): boolean {
    return this.#issued - this.open >= number;
  }
}
