// Rows 21 to 23 and 33: what lies on the disk is not what was written.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from '../../src/journal/frame.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { seconds } from './gone.ts';
import type { RowContext } from './support/context.ts';
import { PATIENCE_MILLIS, until } from './support/context.ts';
import { LightProducer, postgresSink } from './support/light.ts';
import type { Outcome, Row } from './support/row.ts';

const SEGMENT = '00000001.ndjson';
const SHIPPED = 'shipped.json';

export const DAMAGED: Row[] = [
  {
    row: '21',
    fault: 'the last segment ends anywhere (each byte)',
    async run(context) {
      const { folder, bytes, ends } = segmentOf(context, 20);
      const step = context.scale(5, 1);
      const sums = { promised: 0, stored: 0, lost: 0, most: 0 };
      let trials = 0;
      for (let length = 0; length <= bytes.length; length += step, trials++) {
        const read = readJournal(folder, bytes.subarray(0, length));
        // A frame that lacks its newline only is whole.
        const whole = ends.filter((end) => end - 1 <= length).length;
        sums.promised += whole;
        sums.stored += read.seqs.size;
        for (let seq = 0; seq < whole; seq++) if (!read.seqs.has(seq)) sums.lost++;
        sums.most = Math.max(sums.most, read.seqs.size - whole);
        await othersTurn();
      }
      assert.equal(sums.most, 0, 'nothing was read that was not whole');
      return {
        ...outcome(sums.promised, sums.stored, sums.lost),
        figure: `${trials} lengths, each whole record read, 0 failures`,
      };
    },
  },
  {
    row: '22',
    fault: 'bit rot: one byte of a segment of 1,000 records is another',
    async run(context) {
      const { folder, bytes, ends } = segmentOf(context, 1000);
      const flips = context.scale(400, 4000, bytes.length);
      let lost = 0;
      let most = 0;
      let miscounted = 0;
      for (let n = 0; n < flips; n++) {
        const at = flips === bytes.length ? n : Math.floor(Math.random() * bytes.length);
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << (n % 8);
        const { seqs, counted } = readJournal(folder, flipped);
        const missing = ends.length - seqs.size;
        most = Math.max(most, missing);
        if (counted !== missing) miscounted++;
        // A newline that is none joins two frames: both are touched.
        const touched = ends.map((end, seq) => at >= (ends[seq - 1] ?? 0) - 1 && at < end);
        for (const [seq, mayBeLost] of touched.entries()) if (!mayBeLost && !seqs.has(seq)) lost++;
        await othersTurn();
      }
      assert.equal(miscounted, 0, 'what is missing is counted exactly');
      return {
        ...outcome(flips * ends.length, flips * ends.length, lost),
        figure: `${flips} of ${bytes.length} bytes, ${most} record lost at most, counted exactly, 0 failures`,
      };
    },
  },
  {
    row: '23',
    fault: 'shipped.json is missing, empty, old or garbage',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.light({ name: 'p', dir });
      let replayed = 0;
      let old: Buffer | undefined;
      const damages: ((path: string) => void)[] = [
        (path) => rmSync(path),
        (path) => writeFileSync(path, ''),
        (path) => writeFileSync(path, Buffer.alloc(100)),
        (path) => writeFileSync(path, old!),
        (path) => writeFileSync(path, `${readFileSync(path, 'utf8').slice(0, 40)}`),
        (path) => writeFileSync(path, '{"c":"00000000","n":9,"o":9,"segment":99999999,"offset":99}\n'),
      ];
      for (let round = 0; round < damages.length * context.scale(1, 5); round++) {
        for (let n = 0; n < 100; n++) app.record();
        const shipper = context.shipper(dir, postgresSink(server.url()), { own: app.journal.dir! });
        assert.ok(await shipper.flush(PATIENCE_MILLIS));
        replayed += shipper.stats().duplicates;
        await shipper.close();
        const path = join(app.journal.dir!, SHIPPED);
        old ??= readFileSync(path);
        damages[round % damages.length]!(path);
      }
      const account = await context.account(server, context.promises());
      assert.ok(replayed > 0);
      return { ...account, figure: `${replayed} records were replayed and changed nothing` };
    },
  },
  {
    row: '33',
    fault: 'a segment that cannot be read stands in front of others',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.light({ name: 'p', dir, journal: { segmentBytes: 4000 } });
      for (let n = 0; n < 100; n++) app.record();
      app.journal.close();
      const [journal] = readdirSync(join(dir, 'journal')).map((name) => join(dir, 'journal', name));
      const segments = readdirSync(journal!)
        .filter((name) => name.endsWith('.ndjson'))
        .sort()
        .map((name) => join(journal!, name));
      // The second is noise, the fourth of a version to come.
      const [, noisy, , future] = segments as [string, string, string, string];
      const gone = [...recordsIn(noisy), ...recordsIn(future)];
      writeFileSync(noisy, Buffer.alloc(4000, 'noise '));
      const [header, ...lines] = readFileSync(future, 'utf8').split('\n');
      const { n, o, json } = decodeFrame(Buffer.from(header!))!;
      const newer = encodeFrame(JSON.stringify({ ...JSON.parse(json), v: 99 }), n, o);
      writeFileSync(future, newer + lines.join('\n'));
      const began = performance.now();
      const shipper = context.shipper(dir, postgresSink(server.url()), { own: journal! });
      await until('the others are stored', () => shipper.stats().stored >= 100 - gone.length);
      const delay = performance.now() - began;
      assert.ok(await shipper.flush(PATIENCE_MILLIS));
      const { lostOccurrences, quarantinedOccurrences } = shipper.stats();
      assert.equal(lostOccurrences + quarantinedOccurrences, gone.length, 'what is not there is counted');
      const promised = context.promises();
      for (const seq of gone) promised.promised.delete(`p:${seq}`);
      const account = await context.account(server, promised);
      return {
        ...account,
        figure: `the others are stored after ${seconds(delay)}; ${lostOccurrences} damaged, ${quarantinedOccurrences} put aside, counted exactly`,
      };
    },
  },
];

/** Rows beside this one share its event loop: half a minute without a turn, and their connections are over time. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A segment as a journal writes it; where each record ends. */
function segmentOf(context: RowContext, count: number): { folder: string; bytes: Buffer; ends: number[] } {
  const dir = context.folder();
  const app = new LightProducer({ name: 'p', dir });
  for (let n = 0; n < count; n++) app.record();
  const journal = app.journal.dir!;
  const bytes = readFileSync(join(journal, SEGMENT));
  const ends: number[] = [];
  for (let at = bytes.indexOf('\n') + 1; at < bytes.length; at = ends.at(-1)!) ends.push(bytes.indexOf('\n', at) + 1);
  assert.equal(ends.length, count);
  const folder = join(dir, 'damaged');
  mkdirSync(folder);
  renameSync(join(journal, 'owner.json'), join(folder, 'owner.json'));
  return { folder, bytes, ends };
}

/** What a reader makes of it, and how many records it says are missing. */
function readJournal(folder: string, bytes: Buffer): { seqs: Set<number>; counted: number } {
  rmSync(join(folder, SHIPPED), { force: true });
  writeFileSync(join(folder, SEGMENT), bytes);
  const reader = new JournalReader(folder);
  reader.abandoned = true;
  const seqs = new Set<number>();
  const take = (entries: ReturnType<JournalReader['read']>) => {
    for (const entry of entries)
      if (entry.fact?.k === 'log') {
        const seq = entry.fact.tags!.seq as number;
        assert.ok(!seqs.has(seq), `record ${seq} was read twice`);
        seqs.add(seq);
      }
  };
  for (let entries = reader.read(); entries.length > 0; entries = reader.read()) take(entries);
  take(reader.end());
  reader.close();
  return { seqs, counted: reader.counts.lostOccurrences + reader.counts.quarantinedOccurrences };
}

function recordsIn(path: string): number[] {
  return [...readFileSync(path, 'utf8').matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
}

function outcome(promised: number, stored: number, lost: number): Omit<Outcome, 'figure'> {
  return { promised, produced: promised, stored, dropped: 0, lost, duplicates: 0 };
}
