// What a journal is given, does and tells.

import type { Fact, ResourceFact } from '../record/fact.ts';
import type { DropReason } from './drops.ts';
import type { JournalFiles } from './files.ts';
import type { ShippedBy } from './layout.ts';
import type { SyncPolicy } from './syncer.ts';

export interface JournalOptions {
  /** Folder of all journals; nothing is created before the first fact. */
  dir: string;
  resource: ResourceFact;
  /** Bound of this journal on disk, in bytes; one flush more at the most. The last tenth is for errors. */
  maxBytes: number;
  shippedBy: ShippedBy;
  /** What has to survive the death of the machine. Default `never`. */
  sync?: SyncPolicy;
  /** `append` is in the file after this many milliseconds at the latest. Default 200. */
  flushMillis?: number;
  /** … or when this many characters are buffered. Default 64 Ki. */
  bufferBytes?: number;
  /** The most kept in memory, in characters, while the disk is away, full or slow. Default 1 Mi. */
  memoryBytes?: number;
  /** A segment of this size is finished and the next begun. Default 4 MiB. */
  segmentBytes?: number;
  /** Three writes in a row that take so long make `appendNow` wait in memory for a while. Default 50. */
  slowMillis?: number;
  /** Whether it may be below the system's temporary folder where `dir` cannot be written. Default true. */
  fallback?: boolean;
  /** Called with each directory made; it is not below `dir` when that cannot be written. */
  onOpened?: (journalDir: string) => void;
  /** What becomes of records there is no room for, in words. Default: they are dropped and counted. */
  fate?: string;
  /** At most once per kind of trouble. */
  onProblem?: (message: string) => void;
  /** For tests that inject failures. */
  files?: JournalFiles;
}

export interface JournalStats {
  /** Facts that are in a file. */
  written: number;
  /** Facts that wait in memory. */
  buffered: number;
  /** Bytes written by this process. */
  bytes: number;
  /** Facts lost, by reason; written + buffered + dropped is what was given. */
  dropped: Partial<Record<DropReason, number>>;
  /** Occurrences among them, for the ledger: those of which it is certain that no file has them. */
  droppedOccurrences: Partial<Record<DropReason, number>>;
  /** How often the disk was so slow that records had to wait, and how many `appendNow` returned for before they were written. */
  slow: { opened: number; deferred: number };
  /** fdatasync calls. After a failure what may be lost is written again. */
  sync: { syncs: number; failures: number };
}

export interface Journal {
  /** Written within 200 ms. */
  append(fact: Fact): void;
  /** Written before the call returns, after all that was appended before. */
  appendNow(fact: Fact): void;
  /** Whether all of them could be appended now, as far as the bound goes. */
  hasRoomFor(facts: readonly Fact[]): boolean;
  flushSync(): void;
  /** Says that nothing more will follow, so that delivery may remove the directory. A later fact begins a new one. */
  close(): void;
  stats(): JournalStats;
  /** The directory in use; undefined before the first fact. */
  readonly dir: string | undefined;
}
