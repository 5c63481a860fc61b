import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordRules } from '../../src/deliver/rules.ts';
import { MalformedFactError } from '../../src/record/errors.ts';
import type { CountFact, LogFact } from '../../src/record/fact.ts';
import { ID, logFact, resource, T } from './facts.ts';

const error = {
  type: 'TypeError',
  message: 'no dog 7',
  stack: 'TypeError: no dog 7\n    at find (/app/dogs.js:1:2)',
  cause: { type: 'Error', message: 'connection lost' },
};
const like = { level: 'ERROR' as const, message: 'request failed', error, module: 'api' };
const count = (given: Partial<CountFact> = {}): CountFact => ({
  k: 'count',
  id: ID,
  t: T,
  to: T + 900,
  count: 12,
  like,
  ...given,
});
const rules = recordRules({});

test('a count has the key, title and place that each of its occurrences would have had', () => {
  const one = rules.log(logFact({ ...like, tags: { dog: 7 } } as Partial<LogFact>), resource);
  const row = rules.count(count({ routes: { '/dogs': 12, '/cats': -1 } }), resource);
  for (const name of ['fingerprint', 'fingerprint_version', 'issue_title', 'culprit', 'error_type', 'service'] as const)
    assert.equal(row[name], one[name], name);
  assert.deepEqual(row, {
    event_id: ID,
    created_at: T,
    last_seen: T + 900,
    count: 12,
    level: 'ERROR',
    fingerprint: one.fingerprint,
    fingerprint_version: 1,
    message_template: 'request failed',
    service: 'shop',
    environment: 'production',
    process: 'p-1',
    error_type: 'TypeError',
    release_version: '1.2.3',
    issue_title: 'no dog <*>: connection lost',
    culprit: 'find (app/dogs.js)',
    routes: { '/dogs': 12 },
  });
});

test('a count edited by hand is refused by name, or mended where it can be', () => {
  assert.throws(() => rules.count(count({ count: -1 }), resource), MalformedFactError);
  assert.throws(() => rules.count(count({ count: 1.5 }), resource), MalformedFactError);
  assert.throws(() => rules.count(count({ like: undefined as never }), resource), MalformedFactError);
  assert.equal(rules.count(count({ to: T - 5 }), resource).last_seen, T);
});
