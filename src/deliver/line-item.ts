// What one line of a journal, or one fact of its pack, has to be written. In: an entry, its rows, its places in the journal.
// Out: an item that says `done` there.
//
// Objects of classes, as the entry and the tickets are, and rows and lists of no literal: what comes of a literal V8 makes in its
// old space once it has seen most of it live on, and there each dead one keeps all that it refers to until the next full
// collection. Rows were such in 7 of 10 runs: 17 to 20 full collections for 100,000 errors, 6 to 8 without it, and 1 to 2 of
// 28 µs an error (whole process, net; Node 24).

import type { FactEntry, GarbageEntry } from '../journal/entry.ts';
import type { AbsorbedRow, ErrorLogRow } from '../record/row.ts';
import type { Frontier, Ticket } from './frontier.ts';
import type { Item } from './item.ts';
import { countRows } from './rows-of.ts';
import type { Batch } from './sink.ts';

export class LineItem implements Item {
  readonly rows: Partial<Batch>;
  rowCount: number;
  readonly sizeBytes: number;
  deadReason?: string;
  source: Item['source'];
  readonly #frontier: Frontier;
  readonly #ticket: Ticket;
  readonly #more: readonly Ticket[];

  /** @param more places that are dealt with along with its own */
  constructor(
    entry: FactEntry | GarbageEntry,
    rows: Partial<Batch>,
    frontier: Frontier,
    ticket: Ticket,
    more: readonly Ticket[],
  ) {
    this.rows = rows;
    this.rowCount = countRows(rows);
    this.sizeBytes = entry.sizeBytes;
    this.source = entry;
    this.#frontier = frontier;
    this.#ticket = ticket;
    this.#more = more;
  }

  done(): void {
    for (const one of this.#more) this.#frontier.done(one);
    this.#frontier.done(this.#ticket);
  }
}

/** The rows of a log record. */
export class LogRows implements Partial<Batch> {
  readonly logs: ErrorLogRow[];
  readonly absorbed: AbsorbedRow[];

  constructor(log: ErrorLogRow, absorbed: AbsorbedRow[]) {
    this.logs = Array.of(log);
    this.absorbed = absorbed;
  }
}
