// Follows one journal: lines in, items to be written out, acknowledgements back. Holds rows for their amendments, keeps the
// frontier. Loses nothing: what is not acknowledged is read again by whoever follows next.

import type { Archive } from '../journal/archive.ts';
import { type Entry, FactEntry, type GarbageEntry, type LossEntry } from '../journal/entry.ts';
import type { ReaderCounts } from '../journal/line-entries.ts';
import { JournalReader } from '../journal/reader.ts';
import type { Position } from '../journal/shipped.ts';
import type { AmendFact, PackFact } from '../record/fact.ts';
import type { AbsorbedRow } from '../record/row.ts';
import { Frontier, type Ticket } from './frontier.ts';
import { type Held, Hold, type HoldBudget } from './hold.ts';
import type { Item } from './item.ts';
import { LineItem, LogRows } from './line-item.ts';
import { rowsOf } from './rows-of.ts';
import type { RowRules } from './rules.ts';
import type { Batch } from './sink.ts';

/** Tickets behind a held row; beyond it the held rows go, so that a busy process cannot pile them up for 5 s. */
const MAX_OPEN = 20_000;

export interface FollowerOptions {
  rules: RowRules;
  budget: HoldBudget;
  holdMillis: number;
  /** Takes the segments that are shipped. */
  archive?: Archive | undefined;
  /** A row that was held turned out to be part of another one. */
  onAbsorbed: () => void;
  /** Whether no other journal of this process is left; asked at the end of a journal. */
  isLastOf: (process: string, journalDir: string) => boolean;
  /** Frames are missing. Called again for the same loss when delivery starts anew before it went on from there. */
  onLost?: (loss: LossEntry) => void;
}

export class Follower {
  readonly dir: string;
  readonly frontier = new Frontier();
  /** Everything that was there at the last look has been read. */
  drained = false;
  readonly #options: FollowerOptions;
  readonly #reader: JournalReader;
  readonly #hold: Hold;
  #noted: Position | undefined;
  #acked: Position | undefined;
  #writerGone: boolean;
  /** The end of the process was reported. */
  #ended = false;
  /** Nothing is read before this time, after a read that failed; 0 after one that did not. */
  #resumeAt = 0;

  constructor(journalDir: string, writerGone: boolean, options: FollowerOptions) {
    this.dir = journalDir;
    this.#writerGone = writerGone;
    this.#options = options;
    this.#reader = new JournalReader(journalDir, options.archive);
    this.#reader.abandoned = writerGone;
    this.#hold = new Hold(options.budget);
  }

  /** Nothing will be written any more: after the end nothing is held. */
  get isEnding(): boolean {
    return this.#writerGone || this.#reader.closed;
  }

  writerDied(): void {
    this.#writerGone = true;
    this.#reader.abandoned = true;
    // The end that was reached may not have been the last.
    this.drained = false;
  }

  /** All is stored and nothing will follow: `remove` may be called. */
  get isFinished(): boolean {
    return this.isEnding && this.drained && this.#ended && this.#hold.size === 0 && this.frontier.open === 0;
  }

  /** Its end was reached: all that it holds is on its way, in front of what is read from now on. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  get counts(): ReaderCounts {
    return this.#reader.counts;
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
    if (this.drained && this.isEnding) entries.push(...this.#reader.end());
    const items = this.#releaseDue(now);
    for (const entry of entries) items.push(...this.#take(entry, now));
    if ((this.drained && this.isEnding) || this.frontier.open > MAX_OPEN) items.push(...this.releaseHeld());
    else items.push(...this.#releaseDue(now));
    if (this.drained && this.isEnding && !this.#ended) items.push(...this.#end());
    return items;
  }

  /** The last read failed; also when the rest is over, until one succeeds. */
  get isFailing(): boolean {
    return this.#resumeAt > 0;
  }

  /** True for a while after a read that failed. */
  isResting(now: number): boolean {
    return now < this.#resumeAt;
  }

  releaseHeld(): Item[] {
    return this.#hold.takeAll().map((held) => this.#release(held));
  }

  /** Behind everything that is stored; nothing where nothing is. */
  get reached(): Position | undefined {
    const reached = this.frontier.open === 0 && this.drained ? this.#reader.position : this.frontier.position;
    return reached?.segment === 0 ? undefined : reached;
  }

  /** Says how far everything is stored, for those who wait for rows; the journal keeps it. True: there is news. */
  noteStored(): boolean {
    const { reached } = this;
    if (!reached || isSame(reached, this.#noted)) return false;
    this.#reader.note(reached);
    this.#noted = reached;
    return true;
  }

  /** Writes down how far everything is stored for good, and forgets it. */
  acknowledge(reached: Position | undefined): void {
    if (!reached || isSame(reached, this.#acked)) return;
    this.#reader.ack(reached);
    this.#acked = reached;
  }

  remove(): void {
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
    if (!entry.fact) {
      const ticket = this.frontier.add(entry.end);
      return entry.raw === undefined ? this.#lost(entry, ticket) : [this.#dead(entry, ticket, entry.reason)];
    }
    if (entry.fact.k === 'pack') return this.#unpack(entry, entry.fact, now);
    return this.#takeFact(entry, this.frontier.add(entry.end), now);
  }

  /** One line, one ticket: its facts are acknowledged together. */
  #unpack(entry: FactEntry, pack: PackFact, now: number): Item[] {
    const isPack = Array.isArray(pack.facts) && pack.facts.length > 0 && pack.facts.every(isPlainFact);
    if (!isPack) return [this.#dead(entry, this.frontier.add(entry.end), 'a pack without facts')];
    const { facts, resource } = pack;
    const ticket = this.frontier.add(entry.end, facts.length);
    const sizeBytes = Math.ceil(entry.sizeBytes / facts.length);
    return facts.flatMap((fact) => this.#takeFact(new FactEntry(fact, resource, entry.end, sizeBytes), ticket, now));
  }

  #takeFact(entry: FactEntry, ticket: Ticket, now: number): Item[] {
    const { rules } = this.#options;
    const { fact, resource, sizeBytes } = entry;
    try {
      switch (fact.k) {
        case 'log': {
          const known = this.#hold.get(fact.id);
          const absorbed = rules.absorbed(fact, resource);
          const log = fact.hold && !known ? undefined : rules.log(fact, resource);
          const tickets = this.#absorb(absorbed);
          if (log) return [this.#item(entry, ticket, new LogRows(log, absorbed), tickets)];
          const deadline = now + this.#options.holdMillis;
          this.#hold.add({ fact, resource, ticket, absorbed, tickets, sizeBytes, deadline });
          return [];
        }
        case 'amend':
          return this.#amend(entry, fact, ticket);
        default:
          return [this.#item(entry, ticket, rowsOf(fact, resource, rules))];
      }
    } catch (error) {
      return [this.#dead(entry, ticket, (error as Error).message)];
    }
  }

  /** Held rows take it in; the others become an UPDATE. Its place is behind theirs, so it is done once it is applied. */
  #amend(entry: FactEntry, fact: AmendFact, ticket: Ticket): Item[] {
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

  #lost(entry: LossEntry, ticket: Ticket): Item[] {
    this.#options.onLost?.(entry);
    this.frontier.done(ticket);
    return [];
  }

  /** Held rows that are part of the next one are not stored; their places are done when that one is. */
  #absorb(absorbed: AbsorbedRow[]): Ticket[] {
    const tickets: Ticket[] = [];
    // Grows while it is walked: what those had absorbed themselves comes along.
    for (const row of absorbed) {
      const held = this.#hold.take(row.event_id);
      if (!held) continue;
      row.held = true;
      row.ownAcceptance = held.resource.acceptance;
      absorbed.push(...held.absorbed.map((one) => ({ ...one, into: row.into })));
      tickets.push(held.ticket, ...held.tickets);
      this.#options.onAbsorbed();
    }
    return tickets;
  }

  #release({ fact, resource, ticket, absorbed, tickets, sizeBytes }: Held): Item {
    const entry = new FactEntry(fact, resource, ticket.end, sizeBytes);
    try {
      return this.#item(entry, ticket, new LogRows(this.#options.rules.log(fact, resource), absorbed), tickets);
    } catch (error) {
      const item = this.#item(entry, ticket, { absorbed }, tickets);
      item.deadReason = (error as Error).message;
      return item;
    }
  }

  /** Nothing of this journal is left, so what its process accepted and is nowhere by now was lost. */
  #end(): Item[] {
    this.#ended = true;
    const resource = this.#reader.resource;
    if (!this.#options.isLastOf(resource.process, this.dir)) return [];
    const ticket = this.frontier.add(this.#reader.position);
    const fact = { k: 'ledger' as const, t: Date.now(), seq: 0, accepted: 0, merged: 0, dropped: {} };
    const ledger = { ...this.#options.rules.ledger(fact, resource), seq: -1, ended: true as const };
    return [this.#item(new FactEntry(fact, resource, ticket.end, 0), ticket, { ledgers: [ledger] })];
  }

  #item(entry: FactEntry | GarbageEntry, ticket: Ticket, rows: Partial<Batch>, more: readonly Ticket[] = []): LineItem {
    return new LineItem(entry, rows, this.frontier, ticket, more);
  }

  #dead(entry: FactEntry | GarbageEntry, ticket: Ticket, deadReason: string): Item {
    const item = this.#item(entry, ticket, {});
    item.rowCount = 1;
    item.deadReason = deadReason;
    return item;
  }
}

function isSame({ segment, offset }: Position, other: Position | undefined): boolean {
  return segment === other?.segment && offset === other.offset;
}

function isPlainFact(fact: unknown): boolean {
  return typeof fact === 'object' && fact !== null && (fact as { k?: unknown }).k !== 'pack';
}
