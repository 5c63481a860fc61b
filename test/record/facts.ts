// Facts for the tests of this room: whole and valid, so that a test names only what it is about.

import type { AmendFact, CallFact, HistogramFact, LedgerFact, LogFact, ResourceFact } from '../../src/record/fact.ts';

export const T = Date.UTC(2025, 4, 1, 12, 0, 0);
export const ID = '0190a1b2-c3d4-7000-8000-000000000001';

export const resource: ResourceFact = {
  k: 'resource',
  v: 1,
  process: 'p-1',
  service: 'shop',
  environment: 'production',
  release: '1.2.3',
  host: 'web-1',
  pid: 42,
};

export function logFact(given: Partial<LogFact> = {}): LogFact {
  return { k: 'log', id: ID, t: T, level: 'ERROR', message: 'order 17 failed', ...given };
}

export function amendFact(given: Partial<AmendFact> = {}): AmendFact {
  return { k: 'amend', rows: [{ id: ID, t: T }], ...given };
}

export function callFact(given: Partial<CallFact> = {}): CallFact {
  return { k: 'call', id: ID, t: T, direction: 'inbound', weight: 10, ...given };
}

export function ledgerFact(given: Partial<LedgerFact> = {}): LedgerFact {
  return { k: 'ledger', t: T, seq: 3, accepted: 10, merged: 2, dropped: { storm: 5 }, ...given };
}

export function histogramFact(given: Partial<HistogramFact> = {}): HistogramFact {
  return {
    k: 'hist',
    t: T + 1_234,
    seq: 1,
    op: { kind: 'server', name: '/dogs/:id', method: 'GET', statusClass: '2xx' },
    h: { scale: 3, zeroCount: 1, offset: -4, counts: [1, 2], count: 4, sum: 1.5, min: 0.1, max: 0.9 },
    ...given,
  };
}
