// Ids are short and many: plain ones are not looked at, unless a rule could find something in them.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cleanId } from '../../../src/record/scrub/clean.ts';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const M = '[scrubbed]';
const EMAIL = /[\w.]+@[\w.]+/;

it('own patterns and the own function see each id', () => {
  assert.equal(cleanId('rex@acme.com', createScrubber({ patterns: [EMAIL] })), M);
  assert.equal(cleanId('rex', createScrubber({ custom: (value) => value.toUpperCase() })), 'REX');
});

it('a card is no id, and what is plain stays', () => {
  const scrubber = createScrubber();
  for (const card of ['4111111111111111', '4111-1111-1111-1111']) assert.equal(cleanId(card, scrubber), M);
  for (const id of ['rex@acme.com', '4111111111111112', '17', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', '1700000000000'])
    assert.equal(cleanId(id, scrubber), id);
});
