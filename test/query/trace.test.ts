import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTrace } from '../../src/query/trace.ts';
import type { HttpCallRow } from '../../src/record/row.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { errorLog } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const TRACE = '0e9cfbd2a1c34f6b8d7e5f4a3b2c1d00';

function callRow(given: Partial<HttpCallRow>): HttpCallRow {
  const { created_at = Date.now(), direction = 'inbound', service = 'gateway' } = given;
  return {
    event_id: uuidv7(),
    environment: 'test',
    weight: 1,
    tags: {},
    promoted: {},
    ...given,
    created_at,
    direction,
    service,
  };
}

for (const kind of KINDS)
  test(`${kind}: a request is found by trace, request and event, with its steps in all services in order`, async (t) => {
    const { sink, db } = await openSink(t, kind);
    const now = Date.now();
    const of = (service: string, after: number) => ({ service, created_at: now + after, trace_id: TRACE });
    const cause = errorLog({ ...of('billing', 30), message: 'no price', error_type: 'TypeError', request_id: 'r-2' });
    await sink.write(
      batch({
        logs: [
          errorLog({ ...of('gateway', 60), message: 'answered 500', request_id: 'r-1', user_id: 'ada' }),
          cause,
          errorLog({ ...of('billing', 31), message: 'told', level: 'INFO' }),
          errorLog({ message: 'another', created_at: now, trace_id: TRACE.replace('0e', '0f'), request_id: 'r-3' }),
        ],
        calls: [
          callRow({
            ...of('gateway', 0),
            direction: 'inbound',
            http_method: 'POST',
            route: '/checkout',
            request_id: 'r-1',
          }),
          callRow({
            ...of('gateway', 0),
            direction: 'outbound',
            http_method: 'GET',
            route: undefined,
            peer: 'billing:80',
          }),
          callRow({ ...of('shop', 0), trace_id: '1'.repeat(32), direction: 'inbound', request_id: 'r-4' }),
        ],
      }),
    );
    const since = new Date(now - 60_000);
    const read = async (id: string) =>
      (await readTrace(db, 'rowtrace', { id, since })).map((step) => [step.kind, step.service, step.what, step.issue]);
    const steps = [
      ['server', 'gateway', 'POST /checkout', null],
      ['client', 'gateway', 'GET billing:80', null],
      ['row', 'billing', 'no price', 'BILLING-1'],
      ['row', 'billing', 'told', null],
      ['row', 'gateway', 'answered 500', 'GATEWAY-1'],
    ];
    for (const id of [TRACE, TRACE.toUpperCase(), 'r-1', 'r-2', cause.event_id])
      assert.deepEqual(await read(id), steps, id);
    assert.equal((await read('r-4')).length, 1, 'a call without an error');
    for (const id of ['r-5', '', 'f'.repeat(32), '0190a1b2-c3d4-7000-8000-000000000001'])
      assert.deepEqual(await read(id), [], id);
    assert.deepEqual(await readTrace(db, 'rowtrace', { id: 'r-1', since: new Date(now + 1_000) }), []);
  });
