import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { latencyByOperation } from '../../src/query/latency.ts';
import { histogramOf, quantileOf } from '../support/reference-histogram.ts';
import { histogram } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;

for (const kind of KINDS) {
  describe(`latency() on ${kind}`, () => {
    test('gives rate, share of errors and percentiles in milliseconds per operation', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
      const values = Array.from({ length: 100 }, (_, nr) => (nr + 1) / 1000);
      const part = (from: number, to: number, scale: number) => histogramOf(values.slice(from, to), scale);
      const histograms = [
        histogram({ bucket_start: start, ...part(0, 50, 8) }),
        histogram({ bucket_start: start + MINUTE, process: 'process-2', ...part(50, 90, 5) }),
        histogram({ bucket_start: start + MINUTE, status_class: '5xx', ...part(90, 100, 5) }),
        histogram({ bucket_start: start, kind: 'client', operation: 'GET', peer: 'api:443', status_class: '4xx' }),
        histogram({ bucket_start: start - MINUTE, ...part(0, 1, 5) }), // before the time asked for
      ];
      await sink.write(batch({ histograms }));

      const [server, client, ...none] = await latencyByOperation(db, 'rowtrace', {
        since: new Date(start),
        until: new Date(start + 2 * MINUTE),
      });
      assert.deepEqual(none, []);
      assert.deepEqual([server!.operation, server!.count, server!.error_share], ['/dogs/:id', 100, 0.1]);
      assert.equal(server!.per_second, 100 / 120);
      const whole = histogramOf(values, 5);
      for (const [column, q] of [
        ['p50_ms', 0.5],
        ['p95_ms', 0.95],
        ['p99_ms', 0.99],
      ] as const)
        assert.ok(Math.abs(server![column] / (1000 * quantileOf(whole, q)) - 1) < 1e-9, column);
      assert.ok(Math.abs(server!.mean_ms - 50.5) < 1e-9);
      assert.equal(server!.max_ms, 100);
      assert.deepEqual([client!.peer, client!.count, client!.error_share], ['api:443', 1, 1]);
    });
  });
}
