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

it('with built-in rules alone what is plain stays: an id of digits, too, that would pass for a card', () => {
  const scrubber = createScrubber();
  for (const id of ['rex@acme.com', '4111111111111111', '17', '3f2504e0-4f89-11d3-9a0c-0305e82c3301'])
    assert.equal(cleanId(id, scrubber), id);
});
