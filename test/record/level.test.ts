// What words of loggers mean.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownLevelOfText, levelNamed, levelOfRecord } from '../../src/record/level.ts';

const WORDS = {
  DEBUG: 'trace TRACE2 TRC trce T debug DEBUG3 DBG dbug D verbose VRB V silly finest FINER fine config notset'.split(
    ' ',
  ),
  INFO: 'info INFO4 INF I information notice success http LOG default'.split(' '),
  WARNING: 'warn WARN2 warning WRN W'.split(' '),
  ERROR: 'error ERROR3 ERR E SEVERE fail failure exception'.split(' '),
  CRITICAL: 'fatal FATAL4 FTL F crit critical C alert emerg emergency panic PNC dpanic fault'.split(' '),
};

for (const [level, words] of Object.entries(WORDS))
  test(`${words.join(', ')} are ${level}`, () => {
    for (const word of words)
      for (const given of [word, ` ${word}  `]) assert.equal(knownLevelOfText(given), level, word);
  });

test('a word that only begins with a letter of one is none', () => {
  for (const word of ['', 'wombat', 'figure', 'dog', 'constructor', '__proto__'])
    assert.equal(knownLevelOfText(word), undefined, word);
  assert.equal(levelNamed('wombat', 'ERROR'), 'ERROR');
  assert.equal(levelNamed('Information', 'ERROR'), 'INFO');
});

test('a record with an exception is an error where its severity says nothing', () => {
  assert.equal(levelOfRecord(0, 'wombat', true), 'ERROR');
  assert.equal(levelOfRecord(undefined, undefined, true), 'ERROR');
  assert.equal(levelOfRecord(0, 'wombat', false), 'INFO');
  assert.equal(levelOfRecord(0, 'warn', true), 'WARNING');
  assert.equal(levelOfRecord(9, 'wombat', true), 'INFO', 'the sender said so');
});
