import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeFrame } from '../../src/journal/frame.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { occurrencesIn } from '../../src/journal/sequence.ts';
import type { Fact } from '../../src/record/fact.ts';
import { logFact, readAll, resourceFact, temporaryFolder } from '../support/journals.ts';

// Long: 1,000 records, every bit of every byte (an hour). Short: a few records, one bit of every byte.
const LONG = process.env.ROWTRACE_TEST_LONG === '1';
const FACTS: Fact[] = Array.from({ length: LONG ? 1000 : 8 }, (_, n) =>
  n % 4 === 3
    ? { k: 'amend', rows: [{ id: `${n}`, t: 1 }], status: n }
    : logFact(`märz ${n}\n"quoted" \\ {"c":"${n}`, { tags: { a: { c: '00000000', n } } }),
);

/** Segment 1 has all facts but the last, segment 2 the last one. */
function segments(): [Buffer, Buffer] {
  let n = 1;
  let o = 0;
  const lines = FACTS.map((fact) => {
    const line = encodeFrame(JSON.stringify(fact), n++, o);
    o += occurrencesIn(fact);
    return line;
  });
  const last = occurrencesIn(FACTS.at(-1)!);
  const resource = JSON.stringify(resourceFact('p'));
  const first = encodeFrame(resource, 1, 0) + lines.slice(0, -1).join('');
  return [Buffer.from(first), Buffer.from(encodeFrame(resource, n - 1, o - last) + lines.at(-1))];
}

const [FIRST, SECOND] = segments();
const TEXTS = FACTS.map((fact) => JSON.stringify(fact));

/** Reads a journal of these two segments; whatever is damaged, what comes out is true and what is missing is counted. */
function check(dir: string, first: Buffer, what: string): { missing: number; reader: JournalReader } {
  writeFileSync(join(dir, '00000001.ndjson'), first);
  const reader = new JournalReader(dir);
  reader.abandoned = true;
  const entries = [...readAll(reader), ...reader.end()];
  const texts = entries.flatMap(({ fact }) => (fact ? [JSON.stringify(fact)] : []));
  assert.deepEqual(
    texts,
    TEXTS.filter((text) => texts.includes(text)),
    `${what}: facts as they were, in their order`,
  );
  const missing = FACTS.filter((_, index) => !texts.includes(TEXTS[index]!));
  const occurrences = missing.reduce((sum, fact) => sum + occurrencesIn(fact), 0);
  const { lostFrames, lostOccurrences } = reader.counts;
  assert.deepEqual([lostFrames, lostOccurrences], [missing.length, occurrences], what);
  for (const entry of entries) if (entry.fact && 'resource' in entry) assert.equal(entry.resource.process, 'p', what);
  reader.close();
  return { missing: missing.length, reader };
}

function journalDir(folder: string): string {
  const dir = join(folder, 'journal', 'p');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, '00000002.ndjson'), SECOND);
  return dir;
}

test('a segment that ends at any byte has lost what is not whole in it, counted exactly; the next one goes on', (t) => {
  const dir = journalDir(temporaryFolder(t));
  for (let cut = 0; cut <= FIRST.length; cut++) {
    const { missing } = check(dir, FIRST.subarray(0, cut), `cut at ${cut}`);
    // A frame without its newline is a frame.
    const before = FIRST.subarray(0, cut + 1).filter((byte) => byte === 0x0a).length;
    assert.equal(missing, FACTS.length - 1 - Math.max(0, before - 1), `cut at ${cut}`);
  }
});

test('a flipped bit anywhere costs one frame at the most, counted exactly, and never the start', (t) => {
  const dir = journalDir(temporaryFolder(t));
  let worst = 0;
  for (let at = 0; at < FIRST.length; at++) {
    for (const bit of LONG ? [0, 1, 2, 3, 4, 5, 6, 7] : [(at * 5) % 8]) {
      const damaged = Buffer.from(FIRST);
      damaged[at]! ^= 1 << bit;
      const { missing } = check(dir, damaged, `bit ${bit} of byte ${at}`);
      worst = Math.max(worst, missing);
    }
  }
  assert.equal(worst, 1);
});

test('zeros over any stretch cost what they cover and nothing else', (t) => {
  const dir = journalDir(temporaryFolder(t));
  for (let at = 0; at < FIRST.length; at += 61) {
    const damaged = Buffer.from(FIRST);
    damaged.fill(0, at, Math.min(damaged.length, at + 400));
    const covered =
      FIRST.toString('latin1', 0, at + 400).split('\n').length - FIRST.toString('latin1', 0, at).split('\n').length;
    const { missing } = check(dir, damaged, `zeros at ${at}`);
    assert.ok(missing <= covered + 1, `${missing} of ${covered} at ${at}`);
  }
});

test('damage in the last line of a process that died is counted as well, where no number stands behind it', (t) => {
  const dir = join(temporaryFolder(t), 'journal', 'p');
  mkdirSync(dir, { recursive: true });
  const resource = encodeFrame(JSON.stringify(resourceFact('p')), 1, 0);
  const lines = [0, 1, 2].map((n) => encodeFrame(JSON.stringify(logFact(`record ${n}`)), n + 1, n));
  const whole = Buffer.from(resource + lines.join(''));
  for (let at = whole.length - lines[2]!.length; at < whole.length; at++)
    for (const bit of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << bit;
      writeFileSync(join(dir, '00000001.ndjson'), damaged);
      const reader = new JournalReader(dir);
      reader.abandoned = true;
      const read = [...readAll(reader), ...reader.end()].filter(({ fact }) => fact).length;
      const { lostFrames, lostOccurrences } = reader.counts;
      assert.deepEqual([read + lostFrames, lostOccurrences], [3, lostFrames], `bit ${bit} of byte ${at}`);
      reader.close();
    }
});
