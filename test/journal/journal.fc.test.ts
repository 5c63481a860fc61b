// The journal's state machine against a model: a list of records, of which some are promised. The disk fails as it likes,
// processes die in the middle of a write, readers come, acknowledge and go; at the end every promise is checked.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../../src/journal/entry.ts';
import { type JournalFiles, nodeFiles } from '../../src/journal/files.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/journal-options.ts';
import { segmentName } from '../../src/journal/layout.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { segmentsOf } from '../../src/journal/shipped.ts';
import { filesOf, logFact, readAll, resourceFact } from '../support/journals.ts';

const errno = (code: string) => Object.assign(new Error(code), { code });

/** A disk that can be full, short of room, broken for one call, or gone with its process. */
class Disk {
  dead = false;
  room = Number.POSITIVE_INFINITY;
  eio = 0;
  truncateFails = false;
  dieAfterBytes = Number.POSITIVE_INFINITY;
  /** What a call did that should have stayed undone. */
  readonly files: JournalFiles;

  constructor() {
    const alive = <F extends (...args: never[]) => unknown>(call: F): F =>
      ((...args) => {
        if (this.dead) throw errno('EIO');
        return call(...args);
      }) as F;
    const files = Object.fromEntries(
      Object.entries(nodeFiles).map(([name, call]) => [name, alive(call as never)]),
    ) as unknown as JournalFiles;
    files.writeSync = alive(((fd: number, data: string | Buffer, from?: number | null, length?: number) => {
      if (this.eio > 0) {
        this.eio--;
        throw errno('EIO');
      }
      if (this.room === 0) throw errno('ENOSPC');
      const bytes = typeof data === 'string' ? Buffer.from(data) : data.subarray(from ?? 0, (from ?? 0) + length!);
      const size = Math.min(bytes.length, this.room, this.dieAfterBytes);
      const done = size === 0 ? 0 : nodeFiles.writeSync(fd, bytes, 0, size);
      this.room -= done;
      this.dieAfterBytes -= done;
      if (this.dieAfterBytes === 0) {
        this.dead = true;
        throw errno('EIO');
      }
      return done;
    }) as typeof nodeFiles.writeSync);
    files.ftruncateSync = alive((fd, size) => {
      if (this.truncateFails) throw errno('EIO');
      nodeFiles.ftruncateSync(fd, size);
    });
    // Closing is what the kernel does for a dead process.
    files.closeSync = nodeFiles.closeSync;
    this.files = files;
  }
}

class System {
  readonly folder = mkdtempSync(join(tmpdir(), 'rowtrace-fc-'));
  readonly disk = new Disk();
  readonly journal: Journal;
  given = 0;
  /** Records that appendNow returned for and that were in the file then, by number. */
  readonly promised = new Set<number>();
  readonly delivered = new Set<number>();
  acked = -1;
  reader: JournalReader | undefined;
  unacked: Entry[] = [];

  constructor() {
    this.journal = openJournal({
      dir: this.folder,
      resource: resourceFact('p'),
      maxBytes: 1e9,
      shippedBy: 'self',
      segmentBytes: 1500,
      memoryBytes: 3000,
      flushMillis: 1e9,
      slowMillis: Number.POSITIVE_INFINITY,
      files: this.disk.files,
    });
  }

  give(way: 'append' | 'appendNow', size: number): void {
    const number = this.given++;
    this.journal[way](logFact(`${number} ${'ä'.repeat(size)}`));
    this.#notePromise();
  }

  flush(): void {
    this.journal.flushSync();
    this.#notePromise();
  }

  /** Nothing waits: all that was taken is in the file. Those that were dropped were counted instead. */
  #notePromise(): void {
    const { buffered, dropped } = this.journal.stats();
    if (this.disk.dead || buffered > 0) return;
    if (Object.keys(dropped).length === 0) for (let n = 0; n < this.given; n++) this.promised.add(n);
  }

  read(ackUpTo: number): void {
    if (!this.journal.dir) return;
    this.reader ??= new JournalReader(this.journal.dir);
    this.#take(readAll(this.reader));
    const entry = this.unacked[Math.min(ackUpTo, this.unacked.length - 1)];
    if (!entry) return;
    this.reader.ack(entry.end);
    const behind = this.unacked.slice(0, this.unacked.indexOf(entry) + 1);
    for (const one of behind) if (one.fact) this.acked = Math.max(this.acked, numberOf(one));
    this.unacked = this.unacked.slice(behind.length);
  }

  restartReader(): void {
    this.reader?.close();
    this.reader = undefined;
    this.unacked = [];
  }

  #take(entries: Entry[]): void {
    const facts = entries.filter(({ fact }) => fact).map(numberOf);
    assert.deepEqual(
      facts,
      [...facts].sort((a, b) => a - b),
      'order is kept',
    );
    for (const number of facts) {
      assert.ok(number > this.acked, `${number} was acknowledged and comes again`);
      this.delivered.add(number);
    }
    this.unacked.push(...entries);
  }

  /** The next process reads what is left, after a flip of one bit somewhere in what is not shipped yet. */
  end(flip: { at: number; bit: number } | undefined): void {
    if (!this.disk.dead) {
      this.disk.room = Number.POSITIVE_INFINITY;
      this.disk.eio = 0;
      this.journal.close();
    }
    const crash = this.disk.dead;
    const dir = this.dir;
    if (dir === undefined) return;
    this.restartReader();
    const reader = new JournalReader(dir);
    reader.abandoned = true;
    const from = reader.position;
    const flipped = flip && this.#flip(dir, from, flip);
    const before = new Set(this.delivered);
    const entries = [...readAll(reader), ...reader.end()];
    this.#take(entries);
    const { written, buffered, dropped } = this.journal.stats();
    const lost = reader.counts.lostFrames;
    // The record that was being written when the process died was promised to nobody.
    assert.ok(lost <= (flipped ? 1 : 0) + (crash ? 1 : 0), `${lost} lost`);
    if (!crash) {
      assert.equal(written + buffered + sum(dropped), this.given, 'the account of the writer closes');
      const facts = entries.filter(({ fact }) => fact).length;
      assert.equal(facts + lost, written - Math.max(0, from.n - 1), 'the account of the reader closes');
    }
    const missing = [...this.promised].filter((number) => !this.delivered.has(number));
    assert.ok(missing.length <= (flipped ? 1 : 0), `promised and lost: ${missing}, delivered before: ${before.size}`);
    reader.close();
  }

  get dir(): string | undefined {
    return this.journal.dir ?? this.#closedDir;
  }

  get #closedDir(): string | undefined {
    const path = join(this.folder, 'journal', 'p');
    return filesIn(path).length > 0 ? path : undefined;
  }

  #flip(dir: string, from: { segment: number; offset: number }, { at, bit }: { at: number; bit: number }): boolean {
    const places = segmentsOf(filesIn(dir)).flatMap((segment) => {
      const path = join(dir, segmentName(segment));
      const size = readFileSync(path).length;
      const start = segment === from.segment ? from.offset : 0;
      return segment < from.segment
        ? []
        : Array.from({ length: size - start }, (_, index) => ({ path, offset: start + index }));
    });
    const place = places[at % Math.max(1, places.length)];
    if (!place) return false;
    const bytes = readFileSync(place.path);
    bytes[place.offset]! ^= 1 << bit;
    writeFileSync(place.path, bytes);
    return true;
  }

  remove(): void {
    this.restartReader();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const numberOf = (entry: Entry): number => (entry.fact?.k === 'log' ? Number.parseInt(entry.fact.message, 10) : -1);
const sum = (counts: object): number => Object.values(counts).reduce((a, b) => a + b, 0);

function filesIn(dir: string): string[] {
  try {
    return filesOf(dir);
  } catch {
    return [];
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('appendNow' as const), size: fc.integer({ min: 0, max: 200 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), size: fc.integer({ min: 0, max: 200 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('room' as const), bytes: fc.integer({ min: 0, max: 900 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('plenty' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('eio' as const), times: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('noTruncate' as const), on: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), ack: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restartReader' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('dieAfter' as const), bytes: fc.integer({ min: 1, max: 900 }) }),
  },
);
const flip = fc.option(fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) }), { nil: undefined });

test('whatever disk, processes and readers do: promises are kept, order is kept, the accounts close', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), flip, (steps, flip) => {
      const system = new System();
      try {
        for (const step of steps) {
          if (step.do === 'append' || step.do === 'appendNow') system.give(step.do, step.size);
          else if (step.do === 'flush') system.flush();
          else if (step.do === 'room') system.disk.room = step.bytes;
          else if (step.do === 'plenty') system.disk.room = Number.POSITIVE_INFINITY;
          else if (step.do === 'eio') system.disk.eio = step.times;
          else if (step.do === 'noTruncate') system.disk.truncateFails = step.on;
          else if (step.do === 'read') system.read(step.ack);
          else if (step.do === 'restartReader') system.restartReader();
          else system.disk.dieAfterBytes = step.bytes;
          if (system.disk.dead) break;
        }
        system.end(flip);
      } finally {
        system.remove();
      }
    }),
    { numRuns: process.env.ROWTRACE_TEST_LONG === '1' ? 50_000 : 400 },
  );
});
