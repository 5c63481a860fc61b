// Lines of segments as entries: facts, damaged lines, and what is missing between them, each with the position behind it. In:
// lines in their order, whoever finds them. Knows whose journal it is and which frame comes next; opens no segment.

import type { Fact, ResourceFact } from '../record/fact.ts';
import { type Entry, FactEntry, type GarbageEntry, type LossEntry } from './entry.ts';
import { decodeFrame, type Frame, findFrame } from './frame.ts';
import { findResource, unknownResource } from './resource.ts';
import { type Loss, occurrencesIn, Sequence } from './sequence.ts';
import type { Position } from './shipped.ts';
import { Unplaced } from './unplaced.ts';

/** What one reader met; one that starts at an acknowledged place does not count again what is in front of it. */
export class ReaderCounts {
  /** Damaged lines. */
  garbage = 0;
  /** Unfinished ends of segments. */
  torn = 0;
  /** Frames that are missing, and the occurrences in them. */
  lostFrames = 0;
  lostOccurrences = 0;
  /** Frames in segments of an unknown version, which were put aside, and the occurrences in them. */
  quarantinedFrames = 0;
  quarantinedOccurrences = 0;
  /** Frames that were there twice. */
  repeated = 0;
}

export class LineEntries {
  readonly counts = new ReaderCounts();
  /** Of which the lines are. */
  segment: number;
  sequence: Sequence;
  readonly #dir: string;
  #resource: ResourceFact | undefined;
  /** Damaged lines with no frame behind them yet. */
  #unplaced = new Unplaced();

  constructor(journalDir: string, { segment, n, o }: Position) {
    this.#dir = journalDir;
    this.segment = segment;
    this.sequence = new Sequence(n, o);
  }

  /** Who writes this journal, as far as is known. */
  get resource(): ResourceFact {
    this.#resource ??= this.#findResource();
    return this.#resource;
  }

  at(offset: number): Position {
    return { segment: this.segment, offset, n: this.sequence.n, o: this.sequence.o };
  }

  /** `bytes` is absent of a line that is too long. */
  parse(bytes: Buffer | undefined, start: number, end: number, entries: Entry[]): void {
    if (bytes === undefined) {
      entries.push(this.#garbage('', 'line too long', end, end - start));
      return;
    }
    let frame = decodeFrame(bytes);
    if (!frame) {
      const found = findFrame(bytes);
      const raw = bytes.toString('utf8', 0, found?.start ?? bytes.length);
      // With a frame behind it on its line, its place is in front of the line: there is no other to begin at.
      entries.push(this.#garbage(raw, 'damaged line', found ? start : end, bytes.length));
      if (start > 0) this.#unplaced.add(raw);
      frame = found?.frame;
    }
    if (frame) this.#take(frame, start, end, entries);
  }

  #take({ n, o, json }: Frame, start: number, end: number, entries: Entry[]): void {
    let fact: Fact;
    try {
      fact = JSON.parse(json);
    } catch {
      entries.push(this.#garbage(json, 'not JSON', end, end - start));
      return;
    }
    if (fact.k === 'resource') {
      this.arrive(n, o, start, entries);
      this.#resource = fact;
      return;
    }
    if (this.sequence.isRepeated(n)) {
      this.counts.repeated++;
      this.#unplaced = new Unplaced();
      return;
    }
    this.arrive(n, o, start, entries);
    this.sequence.pass(occurrencesIn(fact));
    this.#resource ??= this.#findResource();
    entries.push(new FactEntry(fact, this.#resource, this.at(end), end - start));
  }

  /**
   * What stands behind the last whole line of a segment that gets no more: a frame that lacks its newline only is a frame.
   */
  torn(bytes: Buffer, offset: number): Entry[] {
    if (bytes.length === 0) return [];
    const entries: Entry[] = [];
    const frame = decodeFrame(bytes);
    if (frame) this.#take(frame, offset, offset, entries);
    else this.counts.torn++;
    return entries;
  }

  /** The same behind the last segment of all, and what is missing in front of `last`, the frame that will never come. */
  rest(bytes: Buffer, offset: number, last: Frame | undefined): Entry[] {
    const entries = this.torn(bytes, offset);
    if (last) {
      this.arrive(last.n, last.o, offset, entries);
      return entries;
    }
    if (bytes.length > 0 && entries.length === 0) {
      const text = bytes.toString('utf8');
      entries.push(this.#garbage(text, 'unfinished line', offset, bytes.length));
      // The first line is no frame.
      if (offset > 0) this.#unplaced.add(text);
    }
    const { frames, occurrences } = this.#unplaced.lost;
    this.arrive(this.sequence.n + frames, this.sequence.o + occurrences, offset, entries);
    return entries;
  }

  arrive(n: number, o: number, offset: number, entries: Entry[]): void {
    const loss = this.sequence.arrive(n, o);
    this.#unplaced = new Unplaced();
    if (!loss) return;
    this.counts.lostFrames += loss.frames;
    this.counts.lostOccurrences += loss.occurrences;
    entries.push(this.loss(loss, offset));
  }

  loss(loss: Loss, offset: number): LossEntry {
    return { loss, reason: 'damaged', process: this.#process, end: this.at(offset), sizeBytes: 0 };
  }

  #garbage(raw: string, reason: string, offset: number, sizeBytes: number): GarbageEntry {
    this.counts.garbage++;
    return { raw, reason, process: this.#process, end: this.at(offset), sizeBytes };
  }

  get #process(): string {
    return this.resource.process;
  }

  #findResource(): ResourceFact {
    return findResource(this.#dir) ?? unknownResource(this.#dir);
  }
}
