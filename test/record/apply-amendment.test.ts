import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amendFact as amend, amendRow } from '../../src/record/apply-amendment.ts';
import { toAmendmentRows, toErrorLogRow } from '../../src/record/to-rows.ts';
import { amendFact, logFact, resource } from './facts.ts';

describe('an amendment', () => {
  it('sets given fields, raises the level, adds tags and ends the hold when it is final', () => {
    const fact = logFact({ hold: true, level: 'WARNING', tags: { a: 1 } });
    const merged = amend(
      fact,
      amendFact({ status: 500, latency: 20, level: 'ERROR', tags: { a: 2, b: 3 }, final: true }),
    );
    assert.deepEqual(merged, logFact({ level: 'ERROR', status: 500, latency: 20, tags: { a: 1, b: 3 } }));
    assert.equal(fact.hold, true);
  });

  it('never lowers the level', () =>
    assert.equal(amend(logFact({ level: 'CRITICAL' }), amendFact({ level: 'INFO' })).level, 'CRITICAL'));

  it('keeps the hold until it is final', () =>
    assert.equal(amend(logFact({ hold: true }), amendFact({ status: 200 })).hold, true));

  it('changes a row the same, given as a fact or as a row', () => {
    const row = toErrorLogRow(logFact({ level: 'WARNING', tags: { a: 1 } }), resource, { columns: {} });
    const late = amendFact({ status: 502, level: 'CRITICAL', route: '/x', tags: { a: 9, c: 1 } });
    const expected = { ...row, http_status: 502, route: '/x', level: 'CRITICAL', tags: { a: 1, c: 1 } };
    assert.deepEqual(amendRow(row, late), expected);
    assert.deepEqual(amendRow(row, toAmendmentRows(late)[0]!), expected);
  });

  it('gives the same row before and after toErrorLogRow', () => {
    const fact = logFact({ level: 'WARNING', tags: { a: 1 } });
    const late = amendFact({ status: 502, level: 'ERROR', tags: { b: 'x' } });
    const before = toErrorLogRow(amend(fact, late), resource, { columns: {} });
    assert.deepEqual(amendRow(toErrorLogRow(fact, resource, { columns: {} }), late), before);
  });
});
