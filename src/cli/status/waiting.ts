// The journals of a folder that hold what is not stored yet, with who is to ship each.

import { type Backlog, backlogOf } from '../../journal/backlog.ts';
import { isDead } from '../../journal/identity.ts';
import { type FoundJournal, isOrphan, listJournals } from '../../journal/layout.ts';
import { lockHolder } from '../owner/lock.ts';

export interface WaitingJournal extends Backlog {
  service: string;
  process: string;
  pid: number;
  /** Whether the process that writes it lives, as far as can be told. */
  alive: boolean;
  /** Who ships it. */
  shippedBy: string;
}

export async function waitingJournals(dir: string): Promise<WaitingJournal[]> {
  const owner = (await lockHolder(dir))?.pid;
  return listJournals(dir)
    .map((journal) => ({ journal, backlog: backlogOf(journal.path) }))
    .filter(({ backlog }) => backlog.records > 0)
    .map(({ journal, backlog }) => ({
      service: journal.owner.service,
      process: journal.owner.process,
      pid: journal.owner.pid,
      alive: !isDead(journal.owner),
      shippedBy: shipperOf(journal, owner),
      ...backlog,
    }));
}

function shipperOf(journal: FoundJournal, owner: number | undefined): string {
  if (isOrphan(journal)) return 'the next process or command with a database';
  if (journal.holder) return `process ${journal.holder.split('.')[0]}, which took it over`;
  if (journal.owner.shippedBy === 'self') return 'its own process';
  return owner === undefined ? 'the embedded database, when a command starts it' : `the embedded database (${owner})`;
}
