// Texts with their secrets between « and ».

import assert from 'node:assert/strict';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();

export function masks(text: string): void {
  assert.equal(scrubber.text(text.replaceAll(/[«»]/g, '')), text.replaceAll(/«[^»]*»/g, '[scrubbed]'));
}
