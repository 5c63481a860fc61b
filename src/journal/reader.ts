// Reads one journal, from the place that was shipped last to its end and on while it grows. In: a journal directory. Out:
// facts with the position behind each, and lines that are none. An unfinished last line of a dead journal is lost, counted.

import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FACT_VERSION, type Fact, type ResourceFact } from '../record/fact.ts';
import { removeJournal } from './adopt.ts';
import { CLOSED_FILE, describeJournal, namesIn, segmentName } from './layout.ts';
import { LineReader } from './line-reader.ts';
import { type Position, readShipped, segmentsOf, writeShipped } from './shipped.ts';

const CHUNK_BYTES = 256 * 1024;
/** Above what the writer lets through (1 Mi characters, three bytes each at worst). */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** One line that was read. */
export type Entry = FactEntry | GarbageEntry;

interface Place {
  /** Position behind the line: acknowledge this when it is stored. */
  end: Position;
  sizeBytes: number;
}

export interface FactEntry extends Place {
  fact: Exclude<Fact, ResourceFact>;
  resource: ResourceFact;
}

/** A line that is no fact; kept in its place, since it has to be put away before anything behind it is acknowledged. */
export interface GarbageEntry extends Place {
  fact?: undefined;
  raw: string;
  reason: string;
}

export class JournalReader {
  readonly dir: string;
  /** Lines that were no facts. */
  garbage = 0;
  /** Unfinished last lines that were skipped. */
  torn = 0;
  /** The writer is done with this journal, as of the last time its end was reached. */
  closed = false;
  #segment: number;
  #offset: number;
  #lines: LineReader | undefined;
  #resource: ResourceFact | undefined;
  #removed = false;

  constructor(journalDir: string) {
    this.dir = journalDir;
    const { segment, offset } = readShipped(journalDir);
    this.#segment = segment;
    this.#offset = offset;
  }

  /** Behind everything that was returned so far. */
  get position(): Position {
    return { segment: this.#segment, offset: this.#lines?.offset ?? this.#offset };
  }

  /** The next facts, about 256 KiB of them; none when nothing whole is there now. @throws on a failing disk */
  read(): Entry[] {
    for (;;) {
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
      this.#leave();
      this.#open(next);
    }
  }

  /** Bytes in the segments behind the position, read or not; a look at the folder. */
  pendingBytes(): number {
    const { segment, offset } = this.position;
    let sum = -offset;
    for (const number of segmentsOf(namesIn(this.dir)).filter((number) => number >= segment)) {
      try {
        sum += statSync(join(this.dir, segmentName(number))).size;
      } catch {}
    }
    return Math.max(0, sum);
  }

  /** Everything up to `position` is stored. */
  ack(position: Position): void {
    if (!this.#removed) writeShipped(this.dir, position);
  }

  /** Of a journal that nobody writes any more: counts what its last line lacks. */
  finish(): void {
    if (this.#lines && this.#lines.tornBytes > 0) this.torn++;
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
    removeJournal(this.dir);
  }

  /** The segment after the open one (or the one to begin with), if it is there yet. */
  #next(): number | undefined {
    const names = namesIn(this.dir);
    this.closed = names.includes(CLOSED_FILE);
    const from = this.#lines ? this.#segment + 1 : this.#segment;
    return segmentsOf(names).find((segment) => segment >= from);
  }

  #open(segment: number): void {
    const offset = segment === this.#segment ? this.#offset : 0;
    const path = join(this.dir, segmentName(segment));
    if (offset > 0) this.#readResource(path);
    this.#lines = new LineReader(path, offset, MAX_LINE_BYTES);
    this.#segment = segment;
  }

  #leave(): void {
    this.finish();
    this.close();
  }

  /** Undefined: nothing whole was there. An empty list never is an end. */
  #readChunk(): Entry[] | undefined {
    for (;;) {
      let start = this.#lines!.offset;
      const lines = this.#lines!.read(CHUNK_BYTES);
      if (lines.length === 0) return undefined;
      const entries: Entry[] = [];
      for (const { text, end } of lines) {
        const place = { end: { segment: this.#segment, offset: end }, sizeBytes: end - start };
        const entry = this.#parse(text, place);
        if (entry) entries.push(entry);
        start = end;
      }
      if (entries.length > 0) return entries;
    }
  }

  #parse(text: string | undefined, place: Place): Entry | undefined {
    if (text === undefined) return this.#garbage('', 'line too long', place);
    let fact: Fact;
    try {
      fact = JSON.parse(text);
    } catch {
      return this.#garbage(text, 'not JSON', place);
    }
    if (!fact || typeof fact !== 'object' || typeof fact.k !== 'string')
      return this.#garbage(text, 'not a fact', place);
    if (fact.k !== 'resource') return { fact, resource: this.#resource ?? this.#unknownResource(), ...place };
    this.#resource = fact;
    return undefined;
  }

  #garbage(raw: string, reason: string, place: Place): GarbageEntry {
    this.garbage++;
    return { raw, reason, ...place };
  }

  /** When reading goes on in the middle of a segment: its first line says who wrote it. */
  #readResource(path: string): void {
    const lines = new LineReader(path, 0, MAX_LINE_BYTES);
    try {
      const fact = JSON.parse(lines.read(4096)[0]?.text ?? 'null');
      if (fact?.k === 'resource') this.#resource = fact;
    } catch {
    } finally {
      lines.close();
    }
  }

  #unknownResource(): ResourceFact {
    const owner = describeJournal(this.dir, basename(this.dir))?.owner;
    this.#resource = {
      k: 'resource',
      v: FACT_VERSION,
      process: owner?.process ?? basename(this.dir),
      service: owner?.service ?? 'unknown',
      environment: 'unknown',
      host: owner?.hostname ?? 'unknown',
      pid: owner?.pid ?? 0,
    };
    return this.#resource;
  }
}
