// Private members of JSON Web Keys, whose names say nothing elsewhere.

import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

const KEYS: Record<string, JsonWebKey> = {
  RSA: generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ format: 'jwk' }),
  EC: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  // The kind of key stands last here.
  OKP: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
  oct: createSecretKey(randomBytes(32)).export({ format: 'jwk' }),
};
const PUBLIC = ['kty', 'n', 'e', 'crv', 'x', 'y'];

for (const [kind, key] of Object.entries(KEYS))
  it(`${kind}: the secret is masked, what is public stays`, () => {
    const forms = [
      JSON.stringify(scrubber.tags({ keys: [key] })),
      scrubber.text(JSON.stringify({ keys: [key] })),
      scrubber.text(JSON.stringify({ password: 'x', keys: [key] })),
      scrubber.text(`refused: ${JSON.stringify(key, null, 2)}`),
      scrubber.text(`refused: ${JSON.stringify(JSON.stringify(key))}`),
      scrubber.text(`refused: ${inspect(key)}`),
      scrubber.text(
        `refused: map[${Object.entries(key)
          .map(([name, value]) => `${name}:${value}`)
          .join(' ')}]`,
      ),
    ];
    for (const form of forms)
      for (const [name, value] of Object.entries(key) as [string, string][])
        assert.equal(form.includes(value), PUBLIC.includes(name), `${name} in ${form}`);
  });

it('other primes of RSA', () => {
  assert.deepEqual(scrubber.tags({ key: { kty: 'RSA', oth: [{ r: 'a', d: 'b', t: 'c' }] } }), {
    key: { kty: 'RSA', oth: M },
  });
});

describe('leaves', () => {
  const long = 'abcdefghijklmnopqrst';
  for (const clean of [`{ d: '${long}', k: '${long}' }`, `q=${long}&p=2`, `kty: 'RSA', kid: '${long}', q: 'dogs'`])
    it(clean, () => assert.equal(scrubber.text(clean), clean));

  it('in tags', () => {
    const tags = { k: long, point: { d: 1, p: 'x', q: 'y' }, other: { kty: 5, d: 'x' } };
    assert.deepEqual(scrubber.tags(tags), tags);
  });
});
