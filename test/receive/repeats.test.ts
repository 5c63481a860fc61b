// What a sender repeats to another receiver, or to the same one after a restart, is stored already: each receiver's account
// closes all the same.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadOptions } from '../../src/options/options.ts';
import { serve } from '../../src/serve.ts';
import type { Db } from '../../src/store/db.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { attributes, exceptionEvent, logs, nanos, record, span, TRACE, traces } from '../support/otlp.ts';

interface Life {
  dir?: string;
  stormRows?: number;
  /** Each is stored before the next one comes. */
  apart?: boolean;
}

/** A receiver from start to end: what it is sent is stored when it comes back. */
async function life(t: TestContext, databaseUrl: string, bodies: object[], given: Life = {}) {
  const { dir = folderFor(t), apart = false, ...more } = given;
  const receiver = await serve(loadOptions({ databaseUrl, dir, ...more }, {}, dir), {
    host: '127.0.0.1',
    port: 0,
    onProblem: () => {},
  });
  try {
    for (const body of bodies) {
      const { status } = await fetch(
        `http://127.0.0.1:${receiver.port}/v1/${'resourceLogs' in body ? 'logs' : 'traces'}`,
        {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        },
      );
      assert.equal(status, 200);
      if (apart) assert.ok(await receiver.flush(30_000));
    }
    assert.ok(await receiver.flush(30_000));
    return { dir };
  } finally {
    await receiver.close(30_000);
  }
}

const balance = (db: Db) =>
  db.query<Record<string, number>>(
    `select accepted, stored, merged, aggregated, dropped, pending, closes from rowtrace.ledger_balance
     order by stored desc, aggregated desc, accepted`,
  );
const all = { aggregated: 0, dropped: {}, pending: 0, closes: true };

test('a record that another receiver stored already, or the same before a restart, counts as merged', async (t) => {
  const { db, url } = await databaseFor(t);
  const body = logs([record('one'), record('two')]);
  const { dir } = await life(t, url, [body]);
  await life(t, url, [body], { dir });
  await life(t, url, [body, logs([record('three')])]);
  assert.deepEqual(await balance(db), [
    { ...all, accepted: 2, stored: 2, merged: 0 },
    { ...all, accepted: 3, stored: 1, merged: 2 },
    { ...all, accepted: 2, stored: 0, merged: 2 },
  ]);
});

test('an exception that is one row of span event and log record: the repeat of either counts as merged', async (t) => {
  const { db, url } = await databaseFor(t);
  const now = Date.now();
  const event = exceptionEvent('TypeError', 'no dog', undefined, now);
  const at = { startTimeUnixNano: nanos(now - 50), endTimeUnixNano: nanos(now + 50) };
  const told = { 'exception.type': 'TypeError', 'exception.message': 'no dog' };
  const log = record('it broke', {
    traceId: TRACE,
    spanId: '1'.repeat(16),
    attributes: attributes(told),
    timeUnixNano: nanos(now),
  });
  const bodies = [traces([span('1', { ...at, kind: 2, events: [event] })]), logs([log])];
  await life(t, url, bodies);
  await life(t, url, bodies);
  assert.deepEqual(await balance(db), [
    { ...all, accepted: 2, stored: 1, merged: 1 },
    { ...all, accepted: 2, stored: 0, merged: 2 },
  ]);
});

test('a failure that is part of the exception that came after it: where both are repeated both count as merged', async (t) => {
  const now = Date.now();
  const at = { startTimeUnixNano: nanos(now - 50), endTimeUnixNano: nanos(now) };
  const told = { 'exception.type': 'TypeError', 'exception.message': 'no dog' };
  const of = { traceId: TRACE, spanId: '1'.repeat(16), timeUnixNano: nanos(now), attributes: attributes(told) };
  // Delivery holds the failure of a span whose request is unknown; that of a request (kind 2) may be stored and is taken back.
  for (const [kind, apart] of [
    [1, false],
    [2, false],
    [2, true],
  ] as const) {
    const { db, url } = await databaseFor(t);
    const bodies = [traces([span('1', { ...at, kind, status: { code: 2 } })]), logs([record('it broke', of)])];
    for (let receiver = 0; receiver < 2; receiver++) await life(t, url, bodies, { apart });
    assert.deepEqual(await balance(db), [
      { ...all, accepted: 2, stored: 1, merged: 1 },
      { ...all, accepted: 2, stored: 0, merged: 2 },
    ]);
  }
});

test('what a storm only counted, and is repeated, counts as merged', async (t) => {
  const { db, url } = await databaseFor(t);
  const body = logs(
    Array.from({ length: 60 }, (_, n) => record(`dog ${n} is missing`, { timeUnixNano: nanos(1_795_000_000_000 + n) })),
  );
  const one = logs([record('first', { timeUnixNano: nanos(1_795_000_000_000) })]);
  await life(t, url, [one, body], { stormRows: 1 });
  await life(t, url, [one, body], { stormRows: 1 });
  const [a, b] = (await balance(db)) as [Record<string, number>, Record<string, number>];
  for (const entry of [a, b])
    assert.deepEqual([entry.accepted, entry.dropped, entry.pending, entry.closes], [61, {}, 0, true]);
  assert.ok(a.aggregated! > 0);
  assert.deepEqual([a.merged, b.merged], [0, 61]);
});
