// Facts into the receiver's journal, and from there onto the disk before anybody hears of it. Requests that come while a
// sync is running share the next one. Loses nothing that it confirmed.

import { close, fdatasync, open } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Journal } from '../journal/journal-options.ts';
import { namesIn, OWNER_FILE, segmentName } from '../journal/layout.ts';
import { segmentsOf } from '../journal/shipped.ts';
import type { LedgerFact, PackFact } from '../record/fact.ts';
import { syncPath } from '../util/sync-path.ts';
import { type FactStore, FactTooLargeError, StoreFullError } from './fact-store.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const syncData = promisify(fdatasync);

export function createJournalStore(journal: Journal, maxBytes: number, pendingBytes: () => number): FactStore {
  const disk = new Disk();
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();

  /** A sync that begins after this call. */
  function synced(): Promise<void> {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        running = disk.sync(journal.dir);
        return running;
      });
    return next;
  }

  return {
    async write(packs, ledger, onKept) {
      if (!journal.hasRoomFor([...packs, ledger])) throw new StoreFullError('the journal has no room for it now');
      for (const pack of packs) append(journal, pack, onKept);
      append(journal, ledger);
      await synced();
    },
    fill: () => Math.min(1, pendingBytes() / maxBytes),
    isStuck: () => journal.stats().buffered > 0,
  };
}

/** A line has a bound: a pack that exceeds it is written in halves. */
function append(journal: Journal, fact: PackFact | LedgerFact, onKept?: (pack: PackFact) => void): void {
  const before = journal.stats().dropped;
  journal.appendNow(fact);
  const { dropped, buffered } = journal.stats();
  const isTooLong = (dropped.oversize ?? 0) > (before.oversize ?? 0);
  if (isTooLong && fact.k === 'pack' && fact.facts.length > 1) {
    const middle = Math.ceil(fact.facts.length / 2);
    append(journal, { ...fact, facts: fact.facts.slice(0, middle) }, onKept);
    append(journal, { ...fact, facts: fact.facts.slice(middle) }, onKept);
    return;
  }
  if (isTooLong) throw new FactTooLargeError();
  const reason = Object.keys(dropped).find((name) => dropped[name as 'oversize'] !== before[name as 'oversize']);
  // What waits in memory is written when the disk takes it, whatever is answered now.
  if (reason === undefined && fact.k === 'pack') onKept?.(fact);
  if (reason !== undefined || buffered > 0)
    throw new StoreFullError(`the journal takes nothing now (${reason ?? 'disk'})`);
}

/**
 * Syncs the segments that were written since the last time, through descriptors of its own: what is synced is the file,
 * whoever wrote it.
 */
class Disk {
  #dir: string | undefined;
  #segment = 0;
  #fd: number | undefined;
  /** Whose way from the folder of Rowtrace is on the disk. */
  #rooted: string | undefined;

  async sync(dir: string | undefined): Promise<void> {
    if (dir === undefined) return;
    if (dir !== this.#dir) await this.#leave(dir);
    // The open one first: the writer may have gone on to the next since.
    if (this.#fd !== undefined) await syncData(this.#fd);
    for (const segment of segmentsOf(namesIn(dir)).filter((number) => number > this.#segment)) {
      await this.#leave(dir);
      try {
        this.#fd = await openFile(join(dir, segmentName(segment)), 'r+');
      } catch (error) {
        // Stored and removed already.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        continue;
      }
      this.#segment = segment;
      await syncData(this.#fd);
      await syncPath(dir);
      if (dir === this.#rooted) continue;
      // What leads to it, too: after a power cut a journal without its owner would be nobody's.
      for (const path of [join(dir, OWNER_FILE), dirname(dir), dirname(dirname(dir))]) await syncPath(path);
      this.#rooted = dir;
    }
  }

  async #leave(dir: string): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (dir !== this.#dir) this.#segment = 0;
    this.#dir = dir;
    if (fd !== undefined) await closeFile(fd);
  }
}
