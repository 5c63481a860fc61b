import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { roughTemplate } from '../../src/capture/rough-template.ts';
import { messageTemplate } from '../../src/record/fingerprint/index.ts';

/** Every text of the labelled sets that is a message. */
function messages(): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'message' && typeof inner === 'string') found.push(inner);
        else walk(inner);
      }
  };
  for (const name of ['grouping-cases', 'own-grouping-cases'])
    walk(JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8')));
  return [...new Set(found)];
}

test('messages that are alike roughly have one template: the labelled messages, with other numbers in them', () => {
  const templates = new Map<string, string>();
  let alike = 0;
  for (const message of messages())
    for (const change of [0, 1, 2, 3, 17, 200, 4000]) {
      const varied = message.replace(/\d+/g, (digits) => String((Number(digits) + change) % 10 ** digits.length));
      const rough = roughTemplate(varied);
      const template = messageTemplate(varied);
      const known = templates.get(rough);
      if (known !== undefined) {
        alike++;
        assert.equal(template, known, varied);
      }
      templates.set(rough, template);
    }
  assert.ok(alike > 200, `${alike} were alike`);
});

test('what is counted up is masked; what names the bug is not', () => {
  assert.equal(roughTemplate('dog 17 of 230 is late'), 'dog # of # is late');
  assert.equal(roughTemplate('dog 0b9b2c1e-1c1c-4c1c-8c1c-0123456789ab is late'), 'dog # is late');
  for (const told of [
    'answered with 404',
    'exit code 3',
    'connect ECONNREFUSED 10.0.0.1:5432',
    'sha256 failed',
    '404 Not Found',
  ])
    assert.equal(roughTemplate(told), told);
});
