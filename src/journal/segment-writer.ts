// Where the journal's text goes: directory, current segment, rotation, the bound on disk. In: whole lines. Out: the lines
// that could not be written, and why. Throws nothing; loses what somebody deletes, and says how many lines that were.

import { join } from 'node:path';
import type { ResourceFact } from '../record/fact.ts';
import { makeJournalDir } from './directory.ts';
import type { JournalFiles } from './files.ts';
import { CLOSED_FILE, type ShippedBy, segmentNumber } from './layout.ts';
import { Segment } from './segment.ts';

/** How often the folder is looked at: still there? anything shipped and removed? A look costs 1 to 10 µs. */
export const LOOK_MILLIS = 200;

export type Trouble = 'journal_full' | 'disk_full' | 'write_failed';

export interface SegmentWriterOptions {
  dir: string;
  resource: ResourceFact;
  shippedBy: ShippedBy;
  maxBytes: number;
  segmentBytes: number;
  files: JournalFiles;
  onOpened?: (journalDir: string) => void;
  onProblem: (kind: string, text: string, cause?: unknown) => void;
}

export class SegmentWriter {
  /** The directory in use; undefined before the first line. */
  dir: string | undefined;
  /** Bytes written so far. */
  bytes = 0;
  readonly #options: SegmentWriterOptions;
  readonly #header: string;
  #segment: Segment | undefined;
  #lastSegment = 0;
  /** Bytes in the directory as far as known; delivery makes it less behind our back. */
  #onDisk = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#header = `${JSON.stringify(options.resource)}\n`;
  }

  /** Returns what is left of the text, with the reason. */
  write(text: string): { rest: string; trouble?: Trouble } {
    let segment: Segment;
    try {
      segment = this.#segment ?? this.#open();
    } catch (error) {
      return this.#trouble(error, text);
    }
    const header = segment.sizeBytes === 0 ? this.#header : '';
    if (!this.#hasRoom(header.length + text.length)) {
      const why = `it holds ${this.#onDisk} bytes, its bound is ${this.#options.maxBytes}`;
      return this.#trouble(Object.assign(new Error(why), { code: 'FULL' }), text);
    }
    const { bytes, rest, error } = segment.write(header + text);
    this.bytes += bytes;
    this.#onDisk += bytes;
    const left = bytes === 0 ? text : rest;
    if (segment.broken || segment.sizeBytes >= this.#options.segmentBytes) this.#leave();
    return error === undefined ? { rest: left } : this.#trouble(error, left);
  }

  /** True when the directory was removed under us since the last look; a new one is made by the next write. */
  wasRemoved(now: number): boolean | undefined {
    if (now - this.#lookedAt < LOOK_MILLIS) return undefined;
    this.#lookedAt = now;
    if (!this.#segment?.isUnlinked()) return false;
    this.#options.onProblem('removed', `the directory ${this.dir} was removed, a new one is made`);
    this.#leave();
    this.dir = undefined;
    return true;
  }

  /** Marks the directory as complete; the next write begins a new one. */
  close(): void {
    this.#leave();
    if (this.dir === undefined) return;
    try {
      this.#options.files.writeFileSync(join(this.dir, CLOSED_FILE), '', { mode: 0o600 });
    } catch {}
    this.dir = undefined;
    this.#lastSegment = 0;
  }

  #open(): Segment {
    const { dir, resource, shippedBy, files } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        if (this.dir === undefined) {
          const made = makeJournalDir(dir, resource, shippedBy, files);
          this.dir = made.path;
          this.#onDisk = 0;
          if (made.fallbackOf)
            this.#options.onProblem(
              'fallback',
              `${dir} cannot be written, using ${made.path} instead`,
              made.fallbackOf,
            );
          this.#options.onOpened?.(made.path);
        }
        this.#segment = new Segment(this.dir, this.#lastSegment + 1, files);
        this.#lastSegment++;
        return this.#segment;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') this.dir = undefined;
        else if (code === 'EEXIST') this.#lastSegment++;
        else throw error;
        if (attempt === 2) throw error;
      }
    }
  }

  #hasRoom(more: number): boolean {
    const { maxBytes, files } = this.#options;
    if (this.#onDisk + more <= maxBytes) return true;
    const now = performance.now();
    if (now - this.#countedAt < LOOK_MILLIS) return false;
    this.#countedAt = now;
    try {
      const folder = this.dir!;
      const segments = files.readdirSync(folder).filter((name) => segmentNumber(name) !== undefined);
      this.#onDisk = segments.reduce((sum, name) => sum + files.statSync(join(folder, name)).size, 0);
    } catch {}
    return this.#onDisk + more <= maxBytes;
  }

  #trouble(error: unknown, rest: string): { rest: string; trouble: Trouble } {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const trouble = code === 'FULL' ? 'journal_full' : full ? 'disk_full' : 'write_failed';
    // Any other error may be of this file alone (EIO, EBADF): the next attempt gets a new one.
    if (trouble === 'write_failed') this.#leave();
    this.#options.onProblem(
      trouble,
      'cannot write, new records are dropped and counted once the buffer is full',
      error,
    );
    return { rest, trouble };
  }

  #leave(): void {
    this.#segment?.close();
    this.#segment = undefined;
  }
}
