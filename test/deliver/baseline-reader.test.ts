import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBaselines } from '../../src/deliver/baseline-reader.ts';
import type { Place, Sink } from '../../src/deliver/sink.ts';
import type { Baseline } from '../../src/record/baseline.ts';

const baseline = (p50_ms: number): Baseline => ({
  kind: 'server',
  operation: '/dogs/:id',
  http_method: 'GET',
  peer: null,
  source: 'week',
  count: 1200,
  hours: 4,
  p50_ms,
  p90_ms: 60,
  p99_ms: 90,
});

test('baselines are asked for soon until there are some, then now and then, and handed on when they have changed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers: (Baseline[] | undefined | Error)[] = [
    undefined,
    [baseline(40)],
    [baseline(40)],
    new Error('down'),
    [baseline(50)],
  ];
  let asked = 0;
  const sink = {
    async baselines() {
      const answer = answers[asked++];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Sink;
  const handed: number[] = [];
  readBaselines(sink, { service: 'shop', environment: 'test' }, (read) => handed.push(read[0]!.p50_ms));
  const settle = () => new Promise((turn) => setImmediate(turn));
  const steps: [wait: number, asked: number, handed: number[]][] = [
    [0, 1, []],
    [10_000, 2, [40]],
    [179_999, 2, [40]],
    [1, 3, [40]],
    [180_000, 4, [40]],
    [10_000, 5, [40, 50]],
  ];
  for (const [wait, times, expected] of steps) {
    t.mock.timers.tick(wait);
    await settle();
    assert.deepEqual([asked, handed], [times, expected], `after ${wait} ms more`);
  }
});

test('a place that is known better later is the one that is asked for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const asked: string[] = [];
  const baselines = async ({ service, environment }: Place) => void asked.push(`${service} ${environment}`);
  const place = { service: 'of-package-json', environment: 'development' };
  readBaselines({ baselines } as unknown as Sink, place, () => {});
  Object.assign(place, { service: 'shop', environment: 'test' });
  await new Promise((turn) => setImmediate(turn));
  t.mock.timers.tick(10_000);
  assert.deepEqual(asked, ['of-package-json development', 'shop test']);
});
