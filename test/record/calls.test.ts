import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyBytes, CallSampler, drawOf } from '../../src/record/calls.ts';
import { uniform } from '../support/distributions.ts';

test('draws are even, of ids that are counted up and of one that is the same in each trace', () => {
  const texts = {
    spans: Array.from(
      { length: 20_000 },
      (_, at) => `5b8efff798038103d269b633813fc60c${at.toString(16).padStart(16, '0')}`,
    ),
    traces: Array.from({ length: 20_000 }, (_, at) => `${at.toString(16).padStart(32, '0')}0000000000000001`),
  };
  for (const [what, given] of Object.entries(texts)) {
    const twentieths = new Array<number>(20).fill(0);
    for (const text of given) twentieths[Math.floor(drawOf(text) * 20)]!++;
    // 1,000 in each, with a standard deviation of 31; always the same texts, so always the same answer.
    for (const count of twentieths) assert.ok(Math.abs(count - 1_000) < 150, `${what}: ${twentieths}`);
  }
});

test('sums over the kept rows estimate the truth without bias, a rare route has a row in each minute it is called', () => {
  const random = uniform('calls');
  const routes = [
    { key: '/often', perMinute: 200 },
    { key: '/seldom', perMinute: 1 },
  ];
  const [rounds, minutes] = [400, 5];
  const sums = { count: 0, millis: 0, errors: 0 };
  const truth = { count: 0, millis: 0, errors: 0 };
  let seldomRows = 0;
  let rows = 0;
  for (let round = 0; round < rounds; round++) {
    const sampler = new CallSampler({ rate: 0.05, random });
    for (let minute = 0; minute < minutes; minute++)
      for (const { key, perMinute } of routes)
        for (let call = 0; call < perMinute; call++) {
          const millis = 10 + 90 * random();
          const failed = random() < 0.02;
          const weight = sampler.weight(key, failed || millis > 98, minute * 60_000 + call);
          truth.count++;
          truth.millis += millis;
          if (failed) truth.errors++;
          if (weight === 0) continue;
          rows++;
          sums.count += weight;
          sums.millis += weight * millis;
          if (failed) sums.errors += weight;
          if (key === '/seldom') seldomRows++;
        }
  }
  assert.equal(seldomRows, rounds * minutes, 'every call of the rare route');
  assert.equal(sums.errors, truth.errors, 'failed ones exactly');
  // 402,000 calls: the standard error of the estimate is 0.7 %.
  assert.ok(Math.abs(sums.count / truth.count - 1) < 0.025, `${sums.count} for ${truth.count}`);
  assert.ok(Math.abs(sums.millis / truth.millis - 1) < 0.025, `${sums.millis} for ${truth.millis}`);
  assert.ok(rows < truth.count * 0.12, `${rows} rows of ${truth.count}`);
});

test('a rate of 0 keeps failed and slow calls only', () => {
  const sampler = new CallSampler({ rate: 0, random: () => 0 });
  assert.equal(sampler.weight('/a', false, 0), 0);
  assert.equal(sampler.weight('/a', true, 0), 1);
});

test('sizes by old and new conventions, nothing where they are unknown', () => {
  assert.equal(bodyBytes({ 'http.response.body.size': 12 }, 'response'), 12);
  assert.equal(bodyBytes({ 'http.request_content_length': '7' }, 'request'), 7);
  assert.equal(bodyBytes({ 'http.response.header.content-length': ['345'] }, 'response'), 345);
  assert.equal(bodyBytes({ 'http.response.body.size': -1 }, 'response'), undefined);
  assert.equal(bodyBytes({}, 'response'), undefined);
});
