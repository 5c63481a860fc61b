// One open segment file. In: bytes made of whole lines. Out: how much of it is in the file; a short or failed write is cut
// back to the last whole line, so that a reader never meets half a line followed by another one.

import { join } from 'node:path';
import type { JournalFiles } from './files.ts';
import { segmentName } from './layout.ts';
import { type Piece, type SyncCounts, Syncer, type SyncPolicy } from './syncer.ts';

export interface Written {
  /** Bytes of whole lines that are in the file now. */
  bytes: number;
  /** How many lines are not in it. */
  linesLeft: number;
  error?: unknown;
}

export class Segment {
  readonly number: number;
  sizeBytes = 0;
  /** Nothing more may be written: a torn piece at its end could not be cut off. */
  broken = false;
  readonly #files: JournalFiles;
  readonly #fd: number;
  readonly #syncer: Syncer;

  /** @throws what openSync throws; EEXIST where another writer has that number */
  constructor(
    journalDir: string,
    number: number,
    files: JournalFiles,
    sync: SyncPolicy,
    counts: SyncCounts,
    onSyncFailed: (pieces: Piece[], error: unknown) => void,
  ) {
    this.number = number;
    this.#files = files;
    this.#fd = files.openSync(join(journalDir, segmentName(number)), 'ax', 0o600);
    this.#syncer = new Syncer(this.#fd, sync, files, counts, onSyncFailed);
  }

  /** Tells what is in the file, for the case that the disk loses it. */
  wrote(piece: Piece, urgent: boolean): void {
    this.#syncer.wrote(piece, urgent, performance.now());
  }

  /** @param all valid during the call */
  write(all: Buffer): Written {
    let done = 0;
    try {
      done = this.#files.writeSync(this.#fd, all);
    } catch (error) {
      return { bytes: 0, linesLeft: countLines(all, 0), error };
    }
    if (done < all.length) return this.#finish(all, done);
    this.sizeBytes += done;
    return { bytes: done, linesLeft: 0 };
  }

  /** A short write is how a disk says that it is nearly full: the next one tells the reason. */
  #finish(all: Buffer, written: number): Written {
    let done = written;
    let error: unknown;
    while (done < all.length && error === undefined) {
      try {
        const more = this.#files.writeSync(this.#fd, all, done, all.length - done);
        if (more === 0) error = Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
        done += more;
      } catch (caught) {
        error = caught;
      }
    }
    const whole = done === 0 || done === all.length ? done : all.lastIndexOf(0x0a, done - 1) + 1;
    if (done > whole) {
      try {
        this.#files.ftruncateSync(this.#fd, this.sizeBytes + whole);
      } catch {
        // The torn piece stays: whoever reads skips it, as long as this segment gets nothing more.
        this.broken = true;
      }
    }
    this.sizeBytes += whole;
    return { bytes: whole, linesLeft: countLines(all, whole), error };
  }

  /** True when somebody removed the file (or its directory) while it was open. */
  isUnlinked(): boolean {
    try {
      return this.#files.fstatSync(this.#fd).nlink === 0;
    } catch {
      return true;
    }
  }

  /** Once what is in it is as safe as it has to be; `now`: at the end of the process. */
  close(now: boolean): void {
    const close = () => {
      try {
        this.#files.closeSync(this.#fd);
      } catch {}
    };
    if (now) this.#syncer.finishNow(close);
    else this.#syncer.finish(close);
  }
}

function countLines(bytes: Buffer, from: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a, from); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return lines;
}
