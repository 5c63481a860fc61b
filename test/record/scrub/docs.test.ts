// docs/privacy.md shows what is masked, what is left and what is missed: each of its texts is asked for here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/privacy.md'), 'utf8');
const rows = [...page.matchAll(/^\| `(.+?)` \|(?: `(.+)` \|)?$/gm)];
const scrubber = createScrubber();

it('shows texts that are masked, and texts that are not', () => {
  const shown = rows.filter(([, text, stored]) => stored !== undefined && stored !== text).length;
  assert.ok(shown > 8 && rows.length - shown > 5, `${shown} of ${rows.length}`);
});

for (const [, text, stored = text] of rows)
  it(text!, () => {
    assert.equal(scrubber.text(text!), stored);
  });
