// What does the scrubber cost the application's thread? Nanoseconds for a 2 KB stack whose frames were seen before, for one
// from a new place, clean or with secret-like words in its paths, and for one with secrets, beside a bare loop over the same characters and one
// regular expression for all words.
// The least of many rounds, since the machine does other things too.

import { createScrubber } from '../src/record/scrub/scrubber.ts';

const frames = (folder: string) =>
  Array.from(
    { length: 24 },
    (_, i) => `    at Object.handler${i} (/srv/app/node_modules/express/${folder}/layer${i}.js:${i * 3}:${i})`,
  ).join('\n');
/** As V8 makes stacks: one flat string, no slice of another. */
const flat = (text: string) => Buffer.from(text.slice(0, 2_048)).toString('latin1');
const stack = (folder: string) =>
  flat(`TypeError: Cannot read properties of undefined (reading 'name')\n${frames(folder)}`);
const CLEAN = stack('router');
/** More than are remembered. */
const PLACES = 2_000;
const NEW_PLACES = Array.from({ length: PLACES }, (_, i) => stack(`router${i}`));
const NEW_WORDS = Array.from({ length: PLACES }, (_, i) => stack(`auth/session${i}`));
const SECRETS = flat(
  `${CLEAN.slice(0, 1_900)}\nAuthorization: Bearer abcdef0123456789 postgres://app:hunter2@db/x password=hunter2`,
);
const ONE_REGEX =
  /pass|pwd|secret|token|auth|api.?key|private.?key|cookie|credential|sess|csrf|xsrf|otp|jwt|bearer|eyJ|-----BEGIN|AKIA|gh[pousr]_|sk_live|xox|npm_|AIza|:\/\/[^\s/]|\d{4}[ -]?\d{4}/i;

function nanos(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 300; i++) work();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 300);
  }
  return Math.round(least);
}

const scrubber = createScrubber();
let at = 0;
const bare = nanos(() => {
  let sum = 0;
  for (let i = 0; i < CLEAN.length; i++) sum ^= CLEAN.charCodeAt(i);
  return sum;
});
const rows: [string, number][] = [
  ['bare loop over 2 KB', bare],
  ['one regular expression', nanos(() => ONE_REGEX.test(CLEAN))],
  ['stack seen before', nanos(() => scrubber.text(CLEAN))],
  ['clean, a new place', nanos(() => scrubber.text(NEW_PLACES[at++ % PLACES]!))],
  ['with words, a new place', nanos(() => scrubber.text(NEW_WORDS[at++ % PLACES]!))],
  ['stack with secrets', nanos(() => scrubber.text(SECRETS))],
  ['one line', nanos(() => scrubber.text('user 17 logged in'))],
  ['six tags', nanos(() => scrubber.tags({ a: 'hello', b: 5, c: 'GET', d: 'some text', e: true, f: 'x-y-z' }))],
];
for (const [name, cost] of rows)
  console.log(`${name.padEnd(24)} ${String(cost).padStart(7)} ns  ${(cost / bare).toFixed(1)} x bare loop`);
