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

test('a warning is promised once it is said to be on disk, an error follows, or a later call came when its time was over', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-promises-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'app');
  const promised = (...lines: string[]) => {
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return [...readPromises('app', path).promised];
  };
  assert.deepEqual(promised('w1 1000 1001', 'w2 1100 1900'), []);
  assert.deepEqual(promised('w1 1000 1001', 'a2'), ['app:2', 'app:1']);
  assert.deepEqual(promised('w1 1000 1050', 'w2 1240 1260'), [], 'the journal may have seen 190 ms');
  assert.deepEqual(promised('w1 1000 1001', 'w2 1100 1101', 'w3 1250 1251'), ['app:1']);
  assert.deepEqual(promised('w1 1000 1001', 'w2 1100 1101', 'a1'), ['app:1'], 'not those behind it');
});
