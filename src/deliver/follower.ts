// Follows one journal: lines in, items to be written out, acknowledgements back. Holds rows for their amendments, keeps the
// frontier. Loses nothing: what is not acknowledged is read again by whoever follows next.

import { type Entry, JournalReader } from '../journal/reader.ts';
import type { Position } from '../journal/shipped.ts';
import type { AmendFact, MergeFact } from '../record/fact.ts';
import { Frontier, type Ticket } from './frontier.ts';
import { type Held, Hold, type HoldBudget } from './hold.ts';
import type { Item } from './item.ts';
import type { RowRules } from './rules.ts';
import type { Batch } from './sink.ts';

/** Tickets behind a held row; beyond it the held rows go, so that a busy process cannot pile them up for 5 s. */
const MAX_OPEN = 20_000;

export interface FollowerOptions {
  rules: RowRules;
  budget: HoldBudget;
  holdMillis: number;
  /** A row turned out to be part of another occurrence. `written`: too late, its row is in the table. */
  onMerged: (written: boolean) => void;
}

export class Follower {
  readonly dir: string;
  readonly frontier = new Frontier();
  /** Everything that was there at the last look has been read. */
  drained = false;
  readonly #options: FollowerOptions;
  readonly #reader: JournalReader;
  readonly #hold: Hold;
  #acked: Position | undefined;
  #writerGone: boolean;
  /** Nothing is read before this time, after a read that failed. */
  #resumeAt = 0;

  constructor(journalDir: string, writerGone: boolean, options: FollowerOptions) {
    this.dir = journalDir;
    this.#writerGone = writerGone;
    this.#options = options;
    this.#reader = new JournalReader(journalDir);
    this.#hold = new Hold(options.budget);
  }

  /** Nothing will be written any more: after the end nothing is held. */
  get isEnding(): boolean {
    return this.#writerGone || this.#reader.closed;
  }

  writerDied(): void {
    this.#writerGone = true;
    // The end that was reached may not have been the last.
    this.drained = false;
  }

  /** All is stored and nothing will follow: `remove` may be called. */
  get isFinished(): boolean {
    return this.isEnding && this.drained && this.#hold.size === 0 && this.frontier.open === 0;
  }

  get counts(): { garbage: number; torn: number; held: number } {
    return { garbage: this.#reader.garbage, torn: this.#reader.torn, held: this.#hold.size };
  }

  pendingBytes(): number {
    return this.#reader.pendingBytes();
  }

  /** Items that are ready; reads at most one chunk. @throws on a failing disk, and rests for a second then */
  pump(now: number): Item[] {
    if (this.isResting(now)) return this.#releaseDue(now);
    this.drained = false;
    this.#resumeAt = now + 1000;
    const entries = this.#reader.read();
    this.#resumeAt = 0;
    this.drained = entries.length === 0;
    const items = this.#releaseDue(now);
    for (const entry of entries) items.push(...this.#take(entry, now));
    if ((this.drained && this.isEnding) || this.frontier.open > MAX_OPEN) items.push(...this.releaseHeld());
    else items.push(...this.#releaseDue(now));
    return items;
  }

  /** True for a while after a read that failed. */
  isResting(now: number): boolean {
    return now < this.#resumeAt;
  }

  releaseHeld(): Item[] {
    return this.#hold.takeAll().map((held) => this.#release(held));
  }

  /** Writes down how far everything is stored. */
  acknowledge(): void {
    const frontier = this.frontier.open === 0 && this.drained ? this.#reader.position : this.frontier.position;
    if (!frontier || frontier.segment === 0) return;
    if (frontier.segment === this.#acked?.segment && frontier.offset === this.#acked.offset) return;
    this.#reader.ack(frontier);
    this.#acked = frontier;
  }

  remove(): void {
    this.#reader.finish();
    this.#reader.remove();
  }

  close(): void {
    this.#hold.takeAll();
    this.#reader.close();
  }

  #releaseDue(now: number): Item[] {
    return this.#hold.takeDue(now).map((held) => this.#release(held));
  }

  #take(entry: Entry, now: number): Item[] {
    const ticket = this.frontier.add(entry.end);
    const { rules } = this.#options;
    if (!entry.fact) return [this.#dead(entry, ticket, entry.reason)];
    const { fact, resource, sizeBytes } = entry;
    try {
      switch (fact.k) {
        case 'log': {
          const known = this.#hold.get(fact.id);
          if (!fact.hold || known) return [this.#item(entry, ticket, { logs: [rules.log(fact, resource)] })];
          this.#hold.add({ fact, resource, ticket, sizeBytes, deadline: now + this.#options.holdMillis });
          return [];
        }
        case 'amend':
          return this.#amend(entry, fact, ticket);
        case 'merge':
          this.#merge(fact, ticket);
          return [];
        case 'hist':
          return [this.#item(entry, ticket, { histograms: [rules.histogram(fact, resource)] })];
        case 'call':
          return [this.#item(entry, ticket, { calls: [rules.call(fact, resource)] })];
        case 'ledger':
          return [this.#item(entry, ticket, { ledgers: [rules.ledger(fact, resource)] })];
        default:
          // Of a newer version, or no fact at all.
          return [this.#dead(entry, ticket, `unknown kind of record: ${String((fact as { k: unknown }).k)}`)];
      }
    } catch (error) {
      return [this.#dead(entry, ticket, (error as Error).message)];
    }
  }

  /** Held rows take it in; the others become an UPDATE. Its place is behind theirs, so it is done once it is applied. */
  #amend(entry: Entry, fact: AmendFact, ticket: Ticket): Item[] {
    const late = fact.rows.filter(({ id }) => !this.#hold.get(id));
    // First, since it throws on a malformed fact, which must not change anything then.
    const rows = late.length > 0 ? this.#options.rules.amendments({ ...fact, rows: late }) : [];
    const items: Item[] = [];
    for (const { id } of fact.rows) {
      const held = this.#hold.get(id);
      if (!held) continue;
      held.fact = this.#options.rules.amend(held.fact, fact);
      if (fact.final) items.push(this.#release(this.#hold.take(id)!));
    }
    if (rows.length > 0) items.push(this.#item(entry, ticket, { amendments: rows }));
    else this.frontier.done(ticket);
    return items;
  }

  #merge(fact: MergeFact, ticket: Ticket): void {
    const held = this.#hold.take(fact.row.id);
    if (held) this.frontier.done(held.ticket);
    this.frontier.done(ticket);
    this.#options.onMerged(held === undefined);
  }

  #release({ fact, resource, ticket, sizeBytes }: Held): Item {
    const entry = { fact, resource, end: ticket.end, sizeBytes };
    try {
      return this.#item(entry, ticket, { logs: [this.#options.rules.log(fact, resource)] });
    } catch (error) {
      return this.#dead(entry, ticket, (error as Error).message);
    }
  }

  #item(entry: Entry, ticket: Ticket, rows: Partial<Batch>): Item {
    const rowCount = Object.values(rows).reduce((sum, list) => sum + list.length, 0);
    const done = () => this.frontier.done(ticket);
    return { rows, rowCount, sizeBytes: entry.sizeBytes, source: { fact: entry.fact }, done };
  }

  #dead(entry: Entry, ticket: Ticket, deadReason: string): Item {
    const source = entry.fact ? { fact: entry.fact } : { raw: entry.raw };
    return { ...this.#item(entry, ticket, {}), rowCount: 1, deadReason, source };
  }
}
