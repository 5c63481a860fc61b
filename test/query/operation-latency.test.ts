import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LatencyQuery, latencyByOperation, latencyByRelease } from '../../src/query/latency.ts';
import { distributionOf, exemplarsOf, slowestCalls } from '../../src/query/operation-latency.ts';
import { histogramOf } from '../../src/record/histogram.ts';
import type { HttpCallRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

import { errorLog, histogram } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;
const TRACES = ['a', 'b'].map((digit) => digit.repeat(32)) as [string, string];

function call(given: Partial<HttpCallRow>): HttpCallRow {
  return {
    ...{ event_id: uuidv7(), created_at: Date.now(), direction: 'inbound', service: 'kennel', environment: 'test' },
    ...{ route: '/dogs/:id', http_method: 'GET', http_status: 200, weight: 1, tags: {}, promoted: {} },
    ...given,
  };
}

/** Each histogram that is merged is asked for its quantiles; merges themselves are not in the statistics. */
async function quantilesAsked(tx: Queryable): Promise<number> {
  const [found] = await tx.query<{ calls: number }>(
    `select calls from pg_stat_xact_user_functions where schemaname = 'rowtrace' and funcname = 'hist_quantiles'`,
  );
  return found?.calls ?? 0;
}

for (const kind of KINDS) {
  describe(`one operation on ${kind}`, () => {
    test('its trend is the 95th percentile in twelve parts of the span, 0 where there was nothing', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE;
      const at = (minute: number, seconds: number, operation = '/dogs/:id') =>
        histogram({ bucket_start: start + minute * MINUTE, operation, ...histogramOf([seconds]) });
      await sink.write(batch({ histograms: [at(0, 0.1), at(1, 0.2), at(23, 0.4), at(5, 9, '/cats')] }));
      const query = { since: new Date(start), until: new Date(start + 24 * MINUTE), operation: 'GET /dogs/:id' };
      const [row, ...others] = await latencyByOperation(db, 'rowtrace', query);
      assert.deepEqual(others, [], 'of no other operation');
      assert.equal(row!.p95_trend.length, 12);
      assert.deepEqual(row!.p95_trend.slice(1, 11), Array(10).fill(0));
      assert.ok(Math.abs(row!.p95_trend[0]! / 200 - 1) < 0.1, `${row!.p95_trend[0]}`);
      assert.ok(Math.abs(row!.p95_trend[11]! / 400 - 1) < 1e-9, `${row!.p95_trend[11]}`);
    });

    test('by release, each stands beside the one before, the newest first', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 30 * MINUTE;
      const of = (release_version: string, minute: number, seconds: number) =>
        histogram({ bucket_start: start + minute * MINUTE, release_version, ...histogramOf([seconds, seconds]) });
      await sink.write(batch({ histograms: [of('1.9', 1, 0.1), of('1.10', 2, 0.3)] }));
      const rows = await latencyByRelease(db, 'rowtrace', { since: new Date(start), operation: '/dogs/:id' });
      assert.deepEqual(
        rows.map((row) => [row.release_version, row.count, row.release_before]),
        [
          ['1.10', 2, '1.9'],
          ['1.9', 2, null],
        ],
      );
      assert.ok(Math.abs(rows[0]!.p95_change! - 2) < 0.01, `${rows[0]!.p95_change}`);
      assert.deepEqual(await latencyByRelease(db, 'rowtrace', { since: new Date(start), kind: 'db' }), []);
    });

    test('a limit changes nothing of what is within it, and what is beyond it is not merged', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE;
      // Operations of few calls and of many, two by two of the same number; one by two names of a method.
      const histograms = Array.from({ length: 12 * 8 * 3 }, (_, nr) => {
        const [part, operation, release] = [nr % 12, Math.floor(nr / 12) % 8, Math.floor(nr / 96)];
        return histogram({
          bucket_start: start + part * 5 * MINUTE,
          operation: `/${Math.floor(operation / 2)}`,
          http_method: operation % 2 === 0 ? 'GET' : undefined,
          release_version: release === 0 ? undefined : `1.${release}`,
          ...histogramOf(
            Array.from(
              { length: 5 + Math.floor(operation / 4) },
              (_, n) => (n + part + operation + 1) / (release + 10),
            ),
          ),
        });
      });
      await sink.write(batch({ histograms }));
      const query = { since: new Date(start), until: new Date(start + 60 * MINUTE) };
      for (const read of [latencyByOperation, latencyByRelease]) {
        const all: object[] = await read(db, 'rowtrace', query);
        assert.equal(all.length, read === latencyByOperation ? 8 : 24);
        for (const limit of [1, 2, 3, 4, 7]) {
          const merges = await db.transaction(async (tx) => {
            await tx.query(`set local track_functions = 'all'`);
            const before = await quantilesAsked(tx);
            assert.deepEqual(await read(tx, 'rowtrace', { ...query, limit }), all.slice(0, limit));
            return (await quantilesAsked(tx)) - before;
          });
          // Of those shown, and whatever has their name, the whole, and of those shown its parts; the same of the releases.
          const most = read === latencyByOperation ? 2 * limit + 12 * limit : 6 * Math.ceil(limit / 3);
          assert.ok(merges <= most, `${merges} merged for ${limit} of ${read.name}`);
        }
      }
    });

    test('its distribution counts every value once; exemplars tell the errors of their trace', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 5 * MINUTE;
      const values = [0.01, 0.011, 0.5, 2];
      const exemplars = TRACES.map((trace, nr) => ({
        ...{ v: nr ? 2 : 0.01, t: start + nr, trace, span: 'c'.repeat(16) },
      }));
      await sink.write(
        batch({
          histograms: [
            histogram({ bucket_start: start, ...histogramOf(values), exemplars }),
            histogram({ bucket_start: start, http_method: 'POST', ...histogramOf([0.02]) }),
            histogram({ bucket_start: start, operation: '/cats', ...histogramOf([0.02]) }),
          ],
          logs: [errorLog({ trace_id: TRACES[1] })],
        }),
      );
      const query = { since: new Date(start), operation: 'GET /dogs/:id' };
      const found = await distributionOf(db, 'rowtrace', query);
      assert.equal(found!.count, 4);
      for (const value of values.slice(2)) {
        const bucket = found!.buckets.find(
          ({ lower_ms, upper_ms }) => lower_ms < value * 1000 && value * 1000 <= upper_ms,
        );
        assert.equal(bucket?.count, 1, `${value}`);
      }
      assert.equal(
        found!.buckets.reduce((sum, bucket) => sum + bucket.count, 0),
        4,
      );
      assert.equal(found!.quantiles_ms.at(-1), 2000);
      assert.equal(
        (await distributionOf(db, 'rowtrace', { ...query, operation: '/dogs/:id' }))!.count,
        5,
        'all methods',
      );
      assert.equal(await distributionOf(db, 'rowtrace', { ...query, operation: 'GET' }), undefined);
      assert.deepEqual(
        (await exemplarsOf(db, 'rowtrace', query)).map((row) => [row.trace_id, row.latency_ms, row.errors]),
        [
          [TRACES[1], 2000, 1],
          [TRACES[0], 10, 0],
        ],
      );
    });

    test('an operation is found as rows of slow spans name it, too', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE;
      const histograms = [
        histogram({
          bucket_start: start,
          kind: 'db',
          operation: 'SELECT',
          http_method: undefined,
          peer: 'postgresql app',
        }),
        histogram({ bucket_start: start, kind: 'client', operation: 'http', peer: 'api:443' }),
      ];
      await sink.write(batch({ histograms }));
      const peer = async (operation: string) =>
        (await latencyByOperation(db, 'rowtrace', { since: new Date(start - MINUTE), operation })).map(
          (row) => row.peer,
        );
      for (const name of ['SELECT', 'SELECT postgresql app'])
        assert.deepEqual(await peer(name), ['postgresql app'], name);
      for (const name of ['GET http', 'GET http api:443', 'GET api:443'])
        assert.deepEqual(await peer(name), ['api:443'], name);
    });

    test('the slowest calls come first, of that operation only', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const calls = [
        call({ latency_ms: 10 }),
        call({ latency_ms: 900, request_id: 'req-9' }),
        call({ latency_ms: 950, http_method: 'POST' }),
        call({ latency_ms: 990, route: '/cats' }),
        call({ latency_ms: 70, direction: 'outbound', route: undefined, peer: 'api:443' }),
        call({
          latency_ms: 60,
          direction: 'outbound',
          route: undefined,
          http_method: undefined,
          tags: { 'span.name': 'charge' },
        }),
      ];
      await sink.write(batch({ calls }));
      const slowest = async (operation: string, limit = 10) =>
        (await slowestCalls(db, 'rowtrace', { since: new Date(Date.now() - MINUTE), operation, limit })).map(
          ({ latency_ms }) => latency_ms,
        );
      assert.deepEqual(await slowest('GET /dogs/:id'), [900, 10]);
      assert.deepEqual(await slowest('/dogs/:id', 2), [950, 900]);
      for (const name of ['GET', 'GET http', 'GET http api:443', 'GET api:443'])
        assert.deepEqual(await slowest(name), [70], name);
      assert.deepEqual(await slowest('charge'), [60]);
    });

    test('the slowest calls are of the kind that is asked for, and of the service', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const calls = [
        call({ latency_ms: 10 }),
        call({ latency_ms: 20, service: 'cattery' }),
        call({ latency_ms: 9999, direction: 'outbound' }),
      ];
      await sink.write(batch({ calls }));
      const slowest = async (given: Partial<LatencyQuery>) => {
        const query = { since: new Date(Date.now() - MINUTE), operation: 'GET /dogs/:id', ...given };
        return (await slowestCalls(db, 'rowtrace', query)).map(({ latency_ms }) => latency_ms);
      };
      assert.deepEqual(await slowest({}), [9999, 20, 10]);
      assert.deepEqual(await slowest({ kind: 'server' }), [20, 10]);
      assert.deepEqual(await slowest({ kind: 'client' }), [9999]);
      assert.deepEqual(await slowest({ kind: 'internal' }), [9999]);
      assert.deepEqual(await slowest({ kind: 'db' }), []);
      assert.deepEqual(await slowest({ kind: 'server', service: 'cattery' }), [20]);
      assert.deepEqual(await slowest({ until: new Date(Date.now() - MINUTE / 2) }), []);
    });

    test('exemplars of no operation in particular are those of all', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const start = Math.floor(Date.now() / MINUTE) * MINUTE - 5 * MINUTE;
      const exemplars = [{ v: 2, t: start, trace: TRACES[0], span: 'c'.repeat(16) }];
      await sink.write(batch({ histograms: [histogram({ bucket_start: start, ...histogramOf([2]), exemplars })] }));
      const traces = async (since: number) =>
        (await exemplarsOf(db, 'rowtrace', { since: new Date(since), operation: '' })).map((row) => row.trace_id);
      assert.deepEqual(await traces(start), [TRACES[0]]);
      assert.deepEqual(await traces(start + MINUTE), []);
    });
  });
}
