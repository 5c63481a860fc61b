// JSON is masked in place: what is no secret stays as it was written.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { maskJson } from '../../../src/record/scrub/json.ts';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

for (const [given, expected] of [
  [
    '{"id":12345678901234567890, "amount" : 1.10,"token": "x" }',
    `{"id":12345678901234567890, "amount" : 1.10,"token": "${M}" }`,
  ],
  ['{"password":{"a":[1,"}"]},"x":1e3}', `{"password":"${M}","x":1e3}`],
  ['{"a":1,"a":2,"pin":1234,"session":5,"token":null}', `{"a":1,"a":2,"pin":"${M}","session":5,"token":null}`],
  ['{"a":"{\\"token\\":\\"x\\",\\"n\\":1.0}"}', `{"a":"{\\"token\\":\\"${M}\\",\\"n\\":1.0}"}`],
  ['{"to\\u006ben":"x","__proto__":{"password":"y"}}', `{"to\\u006ben":"${M}","__proto__":{"password":"${M}"}}`],
  [
    '[{"name":"X-Api-Key","value":"x"},{"name":"a","value":"b"}]',
    `[{"name":"X-Api-Key","value":"${M}"},{"name":"a","value":"b"}]`,
  ],
  ['{"rawHeaders":["X-Api-Key","x","Accept","y"]}', `{"rawHeaders":["X-Api-Key","${M}","Accept","y"]}`],
  [
    '{"password":"x","a":[4111111111111111, -4036586162176808400,4111111111111111.5],"id":1234567890123456789}',
    `{"password":"${M}","a":["${M}", "${M}","${M}"],"id":1234567890123456789}`,
  ],
  [`${'{"a":'.repeat(40)}"password=x"${'}'.repeat(40)}`, `${'{"a":'.repeat(40)}"password=${M}"${'}'.repeat(40)}`],
] as const)
  it(`masks ${given.slice(0, 60)}`, () => assert.equal(scrubber.text(given), expected));

it('any JSON stays JSON, the same but for its secrets', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (inner) => {
      const masked = scrubber.text(`{"password":"x","inner":${inner}}`);
      const { password, inner: kept } = JSON.parse(masked);
      assert.equal(password, M);
      // Random keys may be secret by chance.
      if (!masked.slice(24).includes(M)) assert.deepEqual(kept, JSON.parse(inner));
    }),
    { numRuns: 300 },
  );
});

it('judges the columns of a statement once, not for each value beside it', () => {
  let judged = 0;
  const isSecret = (key: string) => {
    judged++;
    return key === 'password';
  };
  const columns = Array.from({ length: 1_000 }, (_, nr) => `c${nr}`).join();
  const values = '"values":["x"],'.repeat(1_000);
  for (const [column, mask] of [
    ['name', '"values":["x"]'],
    ['password', '"values":"M"'],
  ] as const) {
    judged = 0;
    const json = `{"sql":"select ${columns},${column}",${values}"z":1}`;
    const masked = maskJson(json, { isSecret, isSecretItem: () => false, text: (text) => text, mask: 'M' })!;
    assert.ok(masked.includes(mask), masked.slice(-100));
    assert.ok(judged < 20_000, `${judged} times`);
  }
});
