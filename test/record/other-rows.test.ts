import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedFactError } from '../../src/record/errors.ts';
import { toAmendmentRows, toHistogramRow, toHttpCallRow, toLedgerRow } from '../../src/record/to-rows.ts';
import { amendFact, callFact, histogramFact, ID, ledgerFact, resource, T } from './facts.ts';

const none = { columns: {} };

describe('the other rows', () => {
  it('makes one amendment a row, with the given columns only', () => {
    const other = ID.replace(/1$/, '2');
    assert.deepEqual(
      toAmendmentRows(
        amendFact({
          rows: [
            { id: ID, t: T },
            { id: other, t: T },
          ],
          status: 503,
          latency: 9,
        }),
      ),
      [
        { event_id: ID, created_at: T, http_status: 503, latency_ms: 9 },
        { event_id: other, created_at: T, http_status: 503, latency_ms: 9 },
      ],
    );
  });

  it('aligns a histogram to its minute', () => {
    assert.deepEqual(toHistogramRow(histogramFact(), resource), {
      bucket_start: T,
      process: 'p-1',
      seq: 1,
      service: 'shop',
      environment: 'production',
      release_version: '1.2.3',
      kind: 'server',
      operation: '/dogs/:id',
      http_method: 'GET',
      status_class: '2xx',
      ...histogramFact().h,
    });
  });

  it('refuses a histogram whose buckets do not add up', () => {
    const { h } = histogramFact();
    assert.throws(() => toHistogramRow(histogramFact({ h: { ...h, count: 99 } }), resource), MalformedFactError);
    assert.throws(() => toHistogramRow(histogramFact({ h: { ...h, counts: [-1, 4] } }), resource), MalformedFactError);
  });

  it('refuses buckets whose bounds are no doubles: a query could not compute with them', () => {
    const { h } = histogramFact();
    for (const offset of [2_000, -5_000, 2_147_483_647])
      assert.throws(
        () => toHistogramRow(histogramFact({ h: { ...h, scale: 0, offset } }), resource),
        MalformedFactError,
      );
  });

  it('makes a call row with its weight', () => {
    assert.deepEqual(toHttpCallRow(callFact({ peer: 'api', status: 200, tags: { a: 1 } }), resource, none), {
      event_id: ID,
      created_at: T,
      direction: 'inbound',
      service: 'shop',
      environment: 'production',
      release_version: '1.2.3',
      peer: 'api',
      http_status: 200,
      weight: 10,
      tags: { a: 1 },
      promoted: {},
    });
  });

  it('makes a ledger row and refuses counts that are none', () => {
    assert.deepEqual(toLedgerRow(ledgerFact(), resource), {
      process: 'p-1',
      service: 'shop',
      host: 'web-1',
      pid: 42,
      seq: 3,
      updated_at: T,
      accepted: 10,
      merged: 2,
      dropped: { storm: 5 },
    });
    assert.throws(() => toLedgerRow(ledgerFact({ accepted: -1 }), resource), MalformedFactError);
  });
});
