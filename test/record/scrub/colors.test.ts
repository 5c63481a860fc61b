// What is printed in colours is masked as without them, the colours kept.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';
const [RED, GREEN, PLAIN] = ['\u001b[31m', '\u001b[32m', '\u001b[39m'];
const colored = (value: unknown) => inspect(value, { colors: true });

describe('masks', () => {
  const table: [string, string][] = [
    [colored({ password: 'abc', n: 'x' }), colored({ password: M, n: 'x' })],
    [colored({ rawHeaders: ['X-Api-Key', 'abc', 'Accept'] }), colored({ rawHeaders: ['X-Api-Key', M, 'Accept'] })],
    [colored({ path: 'password', value: 'abc' }), colored({ path: 'password', value: M })],
    [colored(new Map([['password', 'abc']])), colored(new Map([['password', M]]))],
    [colored({ auth: { x: 'abc', y: ['abc'] }, n: 'x' }), `{ auth: ${M}, n: ${GREEN}'x'${PLAIN} }`],
    [colored({ password: Buffer.from('abc'), n: 'x' }), `{ password: ${M}, n: ${GREEN}'x'${PLAIN} }`],
    [inspect(colored({ password: 'abc' })), inspect(colored({ password: M }))],
    [JSON.stringify({ m: colored({ password: 'abc' }) }), JSON.stringify({ m: colored({ password: M }) })],
    [`at ${GREEN}"password"${PLAIN}: ${RED}"abc"${PLAIN}, x`, `at ${GREEN}"password"${PLAIN}: ${RED}"${M}"${PLAIN}, x`],
    [`password=${RED}abc${PLAIN} x`, `password=${RED}${M}${PLAIN} x`],
    // Joi's annotate(), which assert() puts into its message.
    [
      `ValidationError: {\n  "password" ${RED}[1, 2]\u001b[0m: "abc"\n}`,
      `ValidationError: {\n  "password" ${RED}[1, 2]\u001b[0m: "${M}"\n}`,
    ],
  ];
  for (const [given, expected] of table) it(JSON.stringify(given), () => assert.equal(scrubber.text(given), expected));
});

describe('leaves', () => {
  for (const clean of [
    `auth: ${RED}timeout${PLAIN}`,
    `${RED}auth${PLAIN}: timeout`,
    `[${RED}Auth${PLAIN}] failed`,
    `password: ${RED}must be at least 8 characters${PLAIN}`,
    colored({ author: 'Ida', sortKey: 'a', token_count: 5 }),
  ])
    it(JSON.stringify(clean), () => assert.equal(scrubber.text(clean), clean));
});
