// Reads one journal, from the place that was shipped last to its end and on while it grows. In: a journal directory. Out:
// facts with the position behind each, damaged lines, and exact losses where frames are missing. Damage costs the frames
// it touches; a segment of an unknown version is put aside whole. Nothing blocks what stands behind it.

import { join } from 'node:path';
import type { ResourceFact } from '../record/fact.ts';
import { removeJournal } from './adopt.ts';
import type { Archive } from './archive.ts';
import { type Entry, FactEntry } from './entry.ts';
import { nodeFiles } from './files.ts';
import { decodeFrame } from './frame.ts';
import { readReport } from './last-report.ts';
import { CLOSED_FILE, namesIn, readSmall, segmentName } from './layout.ts';
import { LineEntries, type ReaderCounts } from './line-entries.ts';
import { LineReader } from './line-reader.ts';
import { quarantine } from './quarantine.ts';
import { isOfUnknownVersion } from './resource.ts';
import { Sequence } from './sequence.ts';
import { type Position, readShipped, segmentsOf, writeShipped, writeStored } from './shipped.ts';

const CHUNK_BYTES = 256 * 1024;
/** Above what the writer lets through (1 Mi characters, three bytes each at worst). */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

export class JournalReader {
  readonly dir: string;
  /** The writer is done with this journal, as of the last time its end was reached. */
  closed = false;
  /** Set by whoever knows it: the writer is dead. */
  abandoned = false;
  readonly #archive: Archive | undefined;
  readonly #entries: LineEntries;
  #offset: number;
  #lines: LineReader | undefined;
  #started = false;
  #ended = false;
  #removed = false;

  /** `archive` takes the segments that are shipped. */
  constructor(journalDir: string, archive?: Archive) {
    this.dir = journalDir;
    this.#archive = archive;
    const shipped = readShipped(journalDir);
    this.#offset = shipped.offset;
    this.#entries = new LineEntries(journalDir, shipped);
  }

  /** Behind everything that was returned so far. */
  get position(): Position {
    return this.#entries.at(this.#lines?.offset ?? this.#offset);
  }

  get counts(): ReaderCounts {
    return this.#entries.counts;
  }

  /** Who writes this journal, as far as is known. */
  get resource(): ResourceFact {
    return this.#entries.resource;
  }

  /** The next entries, about 256 KiB of them; none when nothing whole is there now. @throws on a failing disk */
  read(): Entry[] {
    for (;;) {
      // Only where it ends: a look at the folder for each chunk took 3 % of the delivery thread.
      const chunk = this.#lines && this.#readChunk();
      if (chunk) return chunk;
      const next = this.#next();
      if (!this.#lines) {
        if (next === undefined) return [];
        this.#open(next);
        continue;
      }
      const entries = this.#readChunk();
      if (entries) return entries;
      // `next` was seen before this end was read: its writer had finished this segment by then.
      if (next === undefined) return [];
      const rest = this.#entries.torn(this.#torn, this.position.offset);
      this.close();
      this.#open(next);
      if (rest.length > 0) return rest;
    }
  }

  /** Of a journal that nobody writes any more, behind its last whole line: what is unfinished or missing there. */
  end(): Entry[] {
    if (this.#ended) return [];
    this.#ended = true;
    const closed = readSmall(join(this.dir, CLOSED_FILE));
    const last = closed && decodeFrame(closed.subarray(0, closed.length - 1));
    const entries = this.#entries.rest(this.#torn, this.position.offset, last);
    const report = readReport(this.dir);
    if (report !== undefined) entries.push(new FactEntry(report, this.resource, this.position, 0));
    return entries;
  }

  get #torn(): Buffer {
    return this.#lines?.torn(MAX_LINE_BYTES) ?? Buffer.alloc(0);
  }

  /** Bytes in the segments behind the position, read or not; a look at the folder. */
  pendingBytes(): number {
    const { segment, offset } = this.position;
    let sum = -offset;
    for (const number of segmentsOf(namesIn(this.dir)).filter((number) => number >= segment)) {
      try {
        sum += nodeFiles.statSync(join(this.dir, segmentName(number))).size;
      } catch {}
    }
    return Math.max(0, sum);
  }

  /** Everything up to `position` is stored, and not yet safe there. */
  note(position: Position): void {
    if (!this.#removed) writeStored(this.dir, position);
  }

  /** Everything up to `position` is stored. */
  ack(position: Position): void {
    if (!this.#removed) writeShipped(this.dir, position, this.#archive);
  }

  close(): void {
    this.#offset = this.position.offset;
    this.#lines?.close();
    this.#lines = undefined;
  }

  /** Everything is stored and nobody writes any more. */
  remove(): void {
    this.close();
    this.#removed = true;
    if (this.#archive) for (const segment of segmentsOf(namesIn(this.dir))) this.#archiveAndRemove(segment);
    removeJournal(this.dir);
  }

  /** One by one: after a crash in between the next one to come begins where this one ended. */
  #archiveAndRemove(segment: number): void {
    const path = join(this.dir, segmentName(segment));
    try {
      this.#archive?.add(path);
      nodeFiles.unlinkSync(path);
    } catch {}
  }

  /** The segment after the open one (or the one to begin with), if it is there yet. */
  #next(): number | undefined {
    const names = namesIn(this.dir);
    this.closed = names.includes(CLOSED_FILE);
    const from = this.#lines ? this.#entries.segment + 1 : this.#entries.segment;
    return segmentsOf(names).find((segment) => segment >= from);
  }

  #open(segment: number): void {
    if (segment !== this.#entries.segment) {
      // The first one is not where the state said: the state is old, and what is not there was shipped. A segment that is
      // missing between others was not: segments are removed in order.
      if (!this.#started) this.#entries.sequence = segment === 1 ? new Sequence(1) : new Sequence();
      this.#offset = 0;
      this.#entries.segment = segment;
    }
    try {
      this.#lines = new LineReader(join(this.dir, segmentName(segment)), this.#offset, MAX_LINE_BYTES);
      this.#started = true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // The state belongs to another file of that name. Reading all again is safe, skipping is not.
      this.#entries.segment = 0;
      this.#offset = 0;
      this.#entries.sequence = new Sequence();
    }
  }

  /** Undefined: nothing whole was there. An empty list never is an end. */
  #readChunk(): Entry[] | undefined {
    for (;;) {
      let start = this.#lines!.offset;
      const lines = this.#lines!.read(CHUNK_BYTES);
      if (lines.length === 0) return undefined;
      if (start === 0 && isOfUnknownVersion(lines[0]!.bytes, lines[1]?.bytes)) return this.#putAside(lines[0]!.bytes);
      const entries: Entry[] = [];
      for (const { bytes, end } of lines) {
        this.#entries.parse(bytes, start, end, entries);
        start = end;
      }
      if (entries.length > 0) return entries;
    }
  }

  #putAside(first: Buffer | undefined): Entry[] {
    const segment = this.#entries.segment;
    const header = first && decodeFrame(first);
    this.#lines!.close();
    this.#lines = undefined;
    this.#offset = 0;
    // Known is what was so when the end was reached last.
    this.closed = namesIn(this.dir).includes(CLOSED_FILE);
    if (!this.abandoned && !this.closed)
      throw new Error(`${join(this.dir, segmentName(segment))} is being written by a newer version of Rowtrace`);
    const entries: Entry[] = [];
    if (header) this.#entries.arrive(header.n, header.o, 0, entries);
    const { path, frames, occurrences } = quarantine(this.dir, segment);
    this.counts.quarantinedFrames += frames;
    this.counts.quarantinedOccurrences += occurrences;
    const loss = { from: this.#entries.sequence.n, frames, occurrences };
    this.#entries.segment++;
    // How many numbers it took is not known: lines of another version need not be frames.
    this.#entries.sequence = new Sequence();
    entries.push({ ...this.#entries.loss(loss, 0), reason: 'quarantined', path });
    return entries;
  }
}
