// Where the journal's lines go: directory, current segment, rotation, the bound on disk. In: facts as JSON. Out: how many
// of them are in the file as frames, and why the others are not. Throws nothing; loses what somebody deletes, and says so.

import { join } from 'node:path';
import type { ResourceFact } from '../record/fact.ts';
import { makeJournalDir } from './directory.ts';
import type { JournalFiles } from './files.ts';
import { encodeFrame, frameRoom, writeFrame } from './frame.ts';
import { ORDINARY_SHARE } from './importance.ts';
import { writeReport } from './last-report.ts';
import { CLOSED_FILE, type ShippedBy, segmentNumber } from './layout.ts';
import { Segment } from './segment.ts';
import type { Piece, SyncCounts, SyncPolicy } from './syncer.ts';

/** How often the folder is looked at: still there? anything shipped and removed? A look costs 1 to 10 µs. */
export const LOOK_MILLIS = 200;

export type Trouble = 'disk_full' | 'write_failed' | 'too_long';

/** Only finished segments are removed or archived, so a quiet process finishes one now and then. */
const SEGMENT_MILLIS = 3_600_000;

/** Bytes kept between writes; a longer one is made for its write alone. */
const MAX_SCRATCH = 1024 * 1024;

/** What a frame adds to a fact, about. */
const FRAME_BYTES = 50;

export interface SegmentWriterOptions {
  dir: string;
  resource: ResourceFact;
  shippedBy: ShippedBy;
  maxBytes: number;
  segmentBytes: number;
  sync: SyncPolicy;
  /** What becomes of records there is no room for. */
  fate: string;
  files: JournalFiles;
  fallback?: boolean;
  onOpened?: (journalDir: string) => void;
  /** What was written since the last look went with the directory; a new one is made by the next write. */
  onRemoved: () => void;
  /** Something has to be written again: `write` is to be called soon, also without anything new. */
  onRewrite: () => void;
  onProblem: (kind: string, text: string, cause?: unknown) => void;
}

/** What waits to be written. */
export interface Lines {
  json: string[];
  /** For each of them, as `occurrencesIn` counts. */
  occurrences: number[];
}

export class SegmentWriter {
  /** The directory in use; undefined before the first line. */
  dir: string | undefined;
  /** Bytes written so far. */
  bytes = 0;
  readonly syncCounts: SyncCounts = { syncs: 0, failures: 0 };
  readonly #options: SegmentWriterOptions;
  #written: string | undefined;
  #segment: Segment | undefined;
  #segmentBytes: number;
  /** Of the directory in use. */
  #maxBytes: number;
  /** Where frames are made; grows to what a usual write takes. */
  #scratch = Buffer.alloc(0);
  #lastSegment = 0;
  /** What a failed fdatasync may have lost: goes first into the next segment, under the numbers it had. */
  #again: Piece[] = [];
  /** Numbers of the next frame of this directory. */
  #n = 1;
  #o = 0;
  /** Bytes in the directory as far as known; delivery makes it less behind our back. */
  #onDisk = 0;
  #wasRemoved = false;
  #openedAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
    this.#segmentBytes = options.segmentBytes;
  }

  /** As it was when the first directory was made: all segments tell the same. */
  get #resource(): string {
    return this.#written ?? JSON.stringify(this.#options.resource);
  }

  /** Writes from the front; numbers are given here, so that a line that never comes into a file leaves no gap. */
  write(lines: Lines, urgent: boolean): { written: number; trouble?: Trouble } {
    let segment: Segment;
    try {
      segment = this.#segment ?? this.#open();
    } catch (error) {
      return { written: 0, trouble: this.#trouble(error) };
    }
    const piece = this.#frame(lines, segment.sizeBytes === 0);
    const { bytes, linesLeft, error } = segment.write(piece.bytes);
    this.bytes += bytes;
    this.#onDisk += bytes;
    const written = bytes === 0 ? 0 : Math.max(0, lines.json.length - linesLeft);
    this.#n += written;
    for (let index = 0; index < written; index++) this.#o += lines.occurrences[index]!;
    if (error === undefined) {
      this.#again = [];
      segment.wrote(piece, urgent);
      if (segment.sizeBytes >= this.#segmentBytes) this.#leave();
      return { written };
    }
    if (bytes > 0) segment.wrote({ ...piece, bytes: piece.bytes.subarray(0, bytes) }, urgent);
    if ((error as NodeJS.ErrnoException).code === 'EFBIG') return this.#limitReached(segment, written);
    if (segment.broken) this.#leave();
    return { written, trouble: this.#trouble(error) };
  }

  /** Whether so much more may be kept. `vital`: up to the bound itself. */
  hasRoom(jsonChars: number, count: number, vital: boolean): boolean {
    const limit = this.#maxBytes * (vital ? 1 : ORDINARY_SHARE);
    const more = jsonChars + count * FRAME_BYTES + (this.#segment ? 0 : this.#resource.length + FRAME_BYTES);
    if (this.#onDisk + more <= limit) return true;
    const now = performance.now();
    if (now - this.#countedAt < LOOK_MILLIS) return false;
    this.#countedAt = now;
    this.#onDisk = this.#count();
    return this.#onDisk + more <= limit;
  }

  /**
   * The first line of a segment has the numbers of the first frame behind it: what the segment before lacks shows here.
   *
   * @returns bytes that the next call overwrites
   */
  #frame({ json, occurrences }: Lines, isFirst: boolean): Piece {
    let n = this.#n;
    let o = this.#o;
    const first = (isFirst && this.#again[0]) || { n, o };
    const again = isFirst ? this.#again : [];
    const head = isFirst ? this.#resource : '';
    let room = frameRoom(head.length);
    for (const line of json) room += frameRoom(line.length);
    for (const piece of again) room += piece.bytes.length;
    const bytes = this.#bytesFor(room);
    let end = isFirst ? writeFrame(bytes, 0, head, first.n, first.o) : 0;
    for (const piece of again) end += piece.bytes.copy(bytes, end);
    for (let index = 0; index < json.length; index++) {
      end = writeFrame(bytes, end, json[index]!, n++, o);
      o += occurrences[index]!;
    }
    return { bytes: bytes.subarray(0, end), n: first.n, o: first.o };
  }

  #bytesFor(room: number): Buffer {
    if (room <= this.#scratch.length) return this.#scratch;
    // Its own memory: only what is written to is taken from the machine.
    const bytes = Buffer.allocUnsafeSlow(room * 2);
    if (room <= MAX_SCRATCH) this.#scratch = bytes;
    return bytes;
  }

  /** RLIMIT_FSIZE, or the file system's own: segments end before it from now on. */
  #limitReached(segment: Segment, written: number): { written: number; trouble?: Trouble } {
    const isFresh = segment.sizeBytes <= this.#resource.length + FRAME_BYTES;
    this.#segmentBytes = Math.min(this.#segmentBytes, Math.max(1, segment.sizeBytes >> 1));
    this.#leave();
    return written === 0 && isFresh ? { written, trouble: 'too_long' } : { written };
  }

  /** Notices when the directory was removed under us. @returns false: it is too early for a look */
  look(now: number, atOnce: boolean): boolean {
    if (!atOnce && now - this.#lookedAt < LOOK_MILLIS) return false;
    this.#lookedAt = now;
    if (this.#isRemoved()) this.#removed();
    else if (this.#segment && now - this.#openedAt >= SEGMENT_MILLIS) this.#leave();
    return true;
  }

  /** Where no segment has room for it; nowhere before there is a directory. */
  report(json: string): void {
    if (this.dir !== undefined) writeReport(this.dir, json, this.#options.files);
  }

  /** Marks the directory as complete, with the number of the frame that will never come; the next write begins a new one. */
  close(): void {
    this.#leave(true);
    if (this.#again.length > 0) this.write({ json: [], occurrences: [] }, true);
    this.#leave(true);
    if (this.dir === undefined) return;
    try {
      const end = encodeFrame('{"k":"closed"}', this.#n, this.#o);
      this.#options.files.writeFileSync(join(this.dir, CLOSED_FILE), end, { flag: 'wx', mode: 0o600 });
    } catch {}
    this.dir = undefined;
  }

  #open(): Segment {
    const { dir, resource, shippedBy, files, sync, fallback = true } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#written ??= this.#resource;
        if (this.dir === undefined) {
          const made = makeJournalDir(dir, resource, shippedBy, files, { wasRemoved: this.#wasRemoved, fallback });
          this.dir = made.path;
          this.#maxBytes = Math.min(this.#options.maxBytes, made.maxBytes ?? Number.POSITIVE_INFINITY);
          this.#onDisk = 0;
          this.#lastSegment = 0;
          this.#n = 1;
          this.#o = 0;
          this.#again = [];
          if (made.fallbackOf)
            this.#options.onProblem(
              'fallback',
              `${dir} cannot be written, using ${made.path} instead`,
              made.fallbackOf,
            );
          this.#options.onOpened?.(made.path);
        }
        const onSyncFailed = (pieces: Piece[], error: unknown) => this.#writeAgain(pieces, error);
        const number = this.#lastSegment + 1;
        this.#segment = new Segment(this.dir, number, files, sync, this.syncCounts, onSyncFailed);
        this.#lastSegment++;
        this.#openedAt = performance.now();
        return this.#segment;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') {
          if (this.dir !== undefined) this.#removed();
        } else if (code === 'EEXIST') this.#lastSegment++;
        else throw error;
        if (attempt === 2) throw error;
      }
    }
  }

  #isRemoved(): boolean {
    if (this.#segment !== undefined) return this.#segment.isUnlinked();
    if (this.dir === undefined) return false;
    try {
      return this.#options.files.statSync(this.dir, { throwIfNoEntry: false }) === undefined;
    } catch {
      return false;
    }
  }

  #removed(): void {
    this.#options.onProblem('removed', `the directory ${this.dir} was removed, a new one is made`);
    this.#leave();
    this.dir = undefined;
    // The next one by another name, as readers know the old one.
    this.#wasRemoved = true;
    this.#options.onRemoved();
  }

  #count(): number {
    const { files } = this.#options;
    try {
      const folder = this.dir!;
      const segments = files.readdirSync(folder).filter((name) => segmentNumber(name) !== undefined);
      return segments.reduce((sum, name) => sum + files.statSync(join(folder, name)).size, 0);
    } catch {
      return this.#onDisk;
    }
  }

  #trouble(error: unknown): Trouble {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const trouble = full ? 'disk_full' : 'write_failed';
    // Any other error may be of this file alone (EIO, EBADF): the next attempt gets a new one. On a full disk what is
    // shipped makes room, and only finished segments are removed; an empty one is kept for the next attempt.
    if (trouble === 'write_failed' || (this.#segment?.sizeBytes ?? 0) > 0) this.#leave();
    this.#options.onProblem(
      trouble,
      `cannot write (ROWTRACE_DIR names another folder), new records ${this.#options.fate} once the buffer is full`,
      error,
    );
    return trouble;
  }

  #leave(now = false): void {
    const segment = this.#segment;
    this.#segment = undefined;
    segment?.close(now);
  }

  #writeAgain(pieces: Piece[], error: unknown): void {
    this.#options.onProblem('sync_failed', 'the disk failed to store records, they are written again', error);
    this.#again.push(...pieces);
    // Also the segment that came behind it: its first line would claim as lost what comes now.
    this.#leave();
    this.#options.onRewrite();
  }
}
