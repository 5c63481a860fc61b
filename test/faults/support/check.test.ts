// The judge of the fault matrix: it must see what it is there to see.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compare } from './check.ts';
import { readPromises } from './producer.ts';

const set = (...keys: string[]) => new Set(keys);
const tables = (rows: string[], deadLetters: string[] = [], counted = rows.length) => ({
  rows,
  deadLetters,
  countable: rows.length,
  counted,
});

test('a record that was promised and is nowhere is lost, whatever else is there instead', () => {
  const account = compare({ produced: set('a:1', 'a:2', 'a:3'), promised: set('a:1', 'a:2') }, tables(['a:1', 'a:3']));
  assert.equal(account.lost, 1);
  assert.equal(account.duplicates, 0);
});

test('a record that was begun and not promised may be there or not', () => {
  const promised = { produced: set('a:1', 'a:2'), promised: set('a:1') };
  assert.equal(compare(promised, tables(['a:1'])).lost, 0);
  assert.equal(compare(promised, tables(['a:1', 'a:2'])).duplicates, 0);
});

test('a second row, a row beside a dead letter, and an issue that counts wrong are duplicates', () => {
  const promised = { produced: set('a:1'), promised: set('a:1') };
  assert.equal(compare(promised, tables(['a:1', 'a:1'])).duplicates, 1);
  assert.equal(compare(promised, tables(['a:1'], ['a:1'])).duplicates, 1);
  assert.equal(compare(promised, tables(['a:1'], [], 2)).duplicates, 1);
  assert.equal(compare(promised, tables(['a:1'], [], 0)).duplicates, 1);
});

test('a dead letter is not lost, nor are exactly as many as were counted as dropped', () => {
  const promised = { produced: set('a:1', 'a:2'), promised: set('a:1', 'a:2') };
  assert.equal(compare(promised, tables(['a:1'], ['a:2'])).lost, 0);
  assert.equal(compare(promised, tables(['a:1']), 1).lost, 0);
  assert.equal(compare(promised, tables(['a:1', 'a:2']), 1).lost, 1);
});

test('a row that nobody produced is no account at all', () => {
  assert.throws(() => compare({ produced: set(), promised: set() }, tables(['b:9'])), /nobody produced: b:9/);
});

test('a warning is promised once an error follows, once a later record sees the time over, or long before the kill', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-promises-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'app');
  const promised = (lines: string[], endedAt?: number) => {
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return [...readPromises('app', path, endedAt).promised];
  };
  assert.deepEqual(promised(['w1 1000', 'w2 1100'], 1_250), []);
  assert.deepEqual(promised(['w1 1000', 'a2'], 1_001), ['app:2', 'app:1']);
  assert.deepEqual(promised(['w1 1000', 'w2 1100', 'w3 1250'], 1_300), ['app:1']);
  assert.deepEqual(promised(['w1 1000', 'w2 2000'], 3_500), ['app:1']);
  assert.deepEqual(promised(['w1 1000']), ['app:1']);
});
