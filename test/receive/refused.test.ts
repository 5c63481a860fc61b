// A request that the store refuses comes again: it finds what it found the first time, and its rows are counted once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters } from '../../src/receive/counters.ts';
import { decode } from '../../src/receive/decode/decode.ts';
import { type FactStore, StoreFullError } from '../../src/receive/fact-store.ts';
import { CumulativeStreams } from '../../src/receive/facts/cumulative.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import type { HistogramPoint } from '../../src/receive/signals.ts';
import type { PackFact } from '../../src/record/fact.ts';
import { mapRules } from '../support/map-rules.ts';
import { exceptionEvent, logs, metrics, nanos, record, span, TRACE, traces } from '../support/otlp.ts';

function receiverOn(write: FactStore['write']) {
  const counters = new Counters();
  const store = { write, fill: () => 0, isStuck: () => false };
  const receiver = new Receiver({ process: 'p', rules: mapRules(), store, counters });
  const send = (signal: 'traces' | 'logs' | 'metrics', body: object) =>
    receiver.accept(signal, decode(signal, 'json', Buffer.from(JSON.stringify(body))).groups as never);
  return { send, counters };
}

/** Takes nothing while it is full; what it took, as "kind of fact and what it is about". */
function store() {
  const taken: string[] = [];
  const state = { full: false, taken };
  const write = async (packs: PackFact[]) => {
    if (state.full) throw new StoreFullError('full');
    for (const fact of packs.flatMap(({ facts }) => facts))
      if (fact.k === 'log') taken.push(`log ${fact.error?.type ?? fact.message} absorbs ${fact.absorbs?.length ?? 0}`);
      else if (fact.k === 'amend') taken.push(`amend ${fact.rows.length}`);
  };
  return { state, write };
}

/** As the tables know rows: by id, and by the request that brought them first. What another one brings is a repeat. */
class Tables {
  readonly rows = new Map<string, number | undefined>();
  readonly repeats = new Set<string>();

  take({ resource: { acceptance }, facts }: PackFact): void {
    for (const fact of facts) {
      if (fact.k !== 'log') continue;
      if (!this.rows.has(fact.id)) this.rows.set(fact.id, acceptance);
      else if (this.rows.get(fact.id) !== acceptance) this.repeats.add(`${fact.id} ${acceptance}`);
    }
  }

  /** Accepted, and in none of the places of the account. */
  missing({ accepted, repeated }: Counters): number {
    return accepted - repeated - this.rows.size - this.repeats.size;
  }
}

const now = Date.now();
const between = (from: number, to: number) => ({
  startTimeUnixNano: nanos(now + from),
  endTimeUnixNano: nanos(now + to),
});
const server = span('4', { kind: 2, status: { code: 2 }, name: 'GET /dogs', ...between(0, 100) });

test('a failed span makes its row when it comes again', async () => {
  const { state, write } = store();
  const { send, counters } = receiverOn(write);
  state.full = true;
  await assert.rejects(send('traces', traces([server])), StoreFullError);
  assert.equal(counters.accepted, 0);
  state.full = false;
  assert.equal((await send('traces', traces([server]))).taken, 1);
  assert.deepEqual(state.taken, ['log GET /dogs failed absorbs 0']);
  assert.equal(counters.accepted, 1);
});

test('what comes again absorbs the failure it explains; rows that waited for their request still do', async () => {
  const { state, write } = store();
  const { send } = receiverOn(write);
  await send(
    'logs',
    logs([record('broken', { traceId: TRACE, spanId: '1'.repeat(16), timeUnixNano: nanos(now + 50) })]),
  );
  const inner = span('1', {
    parentSpanId: '4'.repeat(16),
    events: [exceptionEvent('TypeError', 'no dog')],
    ...between(10, 20),
  });
  for (const one of [server, inner])
    for (const full of [true, false]) {
      state.full = full;
      const sent = send('traces', traces([one]));
      await (full ? assert.rejects(sent, StoreFullError) : sent);
    }
  assert.deepEqual(state.taken, [
    'log broken absorbs 0',
    'log GET /dogs failed absorbs 0',
    'amend 1',
    'log TypeError absorbs 1',
  ]);
});

test('sent again while the first still waits for the disk: one row, the second a repeat, answered after the first', async () => {
  const done: (() => void)[] = [];
  const { send, counters } = receiverOn(() => new Promise<void>((resolve) => done.push(resolve)));
  const body = logs([record('broken')]);
  const answered: number[] = [];
  const first = send('logs', body).then(() => answered.push(1));
  const second = send('logs', body).then(() => answered.push(2));
  assert.deepEqual([counters.accepted, counters.repeated], [2, 1]);
  done[1]!();
  await new Promise((later) => setImmediate(later));
  assert.deepEqual(answered, []);
  done[0]!();
  await Promise.all([first, second]);
  assert.deepEqual(answered.sort(), [1, 2]);
});

test('a request that repeats a part of one that fails is refused; what is its own stays taken', async () => {
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const { send, counters } = receiverOn(() => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })));
  const [known, own] = [record('known'), record('own')];
  const first = send('logs', logs([known]));
  const second = send('logs', logs([known, own]));
  ends[1]!.resolve();
  ends[0]!.reject(new StoreFullError('full'));
  await assert.rejects(first, StoreFullError);
  await assert.rejects(second, StoreFullError);
  // The second's two, of which one repeats.
  assert.deepEqual([counters.accepted, counters.repeated], [2, 1]);
  const again = send('logs', logs([known, own]));
  ends[2]!.resolve();
  assert.equal((await again).taken, 2);
  assert.deepEqual([counters.accepted - counters.repeated], [2]);
});

const point = (count: number, time: number, start = 10): HistogramPoint => ({
  kind: 'explicit',
  start,
  time,
  noRecordedValue: false,
  attributes: {},
  count,
  sum: undefined,
  min: undefined,
  max: undefined,
  bounds: [1],
  counts: [count, 0],
});
const countOf = (given: HistogramPoint | undefined) => given?.count ?? 0;

test('cumulative points of one stream count from one another before anything is stored', () => {
  const streams = new CumulativeStreams(0);
  const total = [point(20, 20), point(50, 30), point(20, 20)].reduce(
    (sum, one) => sum + countOf(streams.delta('s', one)),
    0,
  );
  assert.equal(total, 50);
});

test('a point that could not be stored is new again', () => {
  const streams = new CumulativeStreams(0);
  streams.delta('s', point(20, 20));
  streams.undo.take();
  assert.equal(countOf(streams.delta('s', point(50, 30))), 30);
  streams.undo.take()();
  assert.equal(countOf(streams.delta('s', point(50, 30))), 30);
});

test('a stream that was forgotten is not stored a second time', () => {
  const streams = new CumulativeStreams(0, 2);
  const first = ['a', 'b', 'c'].map((stream) => countOf(streams.delta(stream, point(10, 20))));
  assert.deepEqual(first, [10, 10, 10]);
  assert.equal(countOf(streams.delta('a', point(11, 30))), 0);
  assert.equal(countOf(streams.delta('a', point(13, 40))), 2);
});

test('streams are bounded by their buckets too: of many wide ones the oldest is forgotten', () => {
  const streams = new CumulativeStreams(0);
  const wide = (count: number, time: number): HistogramPoint => ({
    ...point(count, time),
    counts: Array.from({ length: 4_000 }, (_, at) => (at === 0 ? count : 0)),
  });
  const first = wide(10, 20);
  // 2,000 have room.
  for (let stream = 0; stream < 2_010; stream++) streams.delta(`${stream}`, { ...first, time: 20 + stream });
  const next = (stream: number) => countOf(streams.delta(`${stream}`, wide(15, 10_000)));
  assert.deepEqual([next(2_009), next(1_000), next(0)], [5, 5, 0]);
});

test('a request that is refused in the middle: what was written of it is accounted for, whether it comes again or not', async () => {
  const tables = new Tables();
  let room = 1;
  const { send, counters } = receiverOn(async (packs, _ledger, onKept) => {
    for (const pack of packs) {
      if (room-- <= 0) throw new StoreFullError('full');
      tables.take(pack);
      onKept(pack);
    }
  });
  const long = 'x '.repeat(3_000);
  const body = logs(Array.from({ length: 60 }, (_, n) => record(`${n} ${long}`)));
  const balance = () => tables.missing(counters);
  const stored = tables.rows;
  for (const packs of [1, 1, 0]) {
    room = packs;
    await assert.rejects(send('logs', body), StoreFullError);
    assert.equal(balance(), 0);
  }
  assert.ok(stored.size > 0 && stored.size < 60, `${stored.size} of 60 written`);
  for (let time = 0; time < 2; time++) {
    room = 10;
    assert.equal((await send('logs', body)).taken, 60);
    assert.equal(stored.size, 60);
    assert.equal(balance(), 0);
  }
});

/** Keeps what it is told to of each request, and then takes nothing more of it. */
function brokenStore() {
  const stored = new Set<string>();
  const tables = new Tables();
  const state = { packs: 0, fails: true, stored, tables };
  const write: FactStore['write'] = async (packs, _ledger, onKept) => {
    for (const pack of packs.slice(0, state.packs)) {
      tables.take(pack);
      for (const fact of pack.facts) stored.add(fact.k === 'hist' ? JSON.stringify(fact) : (fact as { id: string }).id);
      onKept(pack);
    }
    if (state.fails) throw new StoreFullError('full');
  };
  return { state, write };
}

test('records without a time are the same rows when what was written of them is refused and comes again', async () => {
  const { state, write } = brokenStore();
  const { send, counters } = receiverOn(write);
  const long = 'x '.repeat(3_000);
  const body = logs(Array.from({ length: 60 }, (_, n) => record(`${n} ${long}`, { timeUnixNano: undefined })));
  state.packs = 1;
  await assert.rejects(send('logs', body), StoreFullError);
  const kept = state.stored.size;
  assert.ok(kept > 0 && kept < 60, `${kept} of 60`);
  // Their ids hold the millisecond.
  await nextMillisecond();
  Object.assign(state, { packs: 100, fails: false });
  assert.equal((await send('logs', body)).taken, 60);
  assert.equal(state.stored.size, 60);
  assert.equal(state.tables.missing(counters), 0);
  assert.equal(counters.accepted, 60 + kept);
  // Accepted: what comes now is new.
  await nextMillisecond();
  await send('logs', body);
  assert.equal(state.stored.size, 120);
});

test('a cumulative point that was written whole, and refused, is not counted again by the next one', async () => {
  const { state, write } = brokenStore();
  const { send } = receiverOn(write);
  const points = (count: number, seconds: number) =>
    metrics([
      {
        name: 'http.server.request.duration',
        unit: 's',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              startTimeUnixNano: nanos(now),
              timeUnixNano: nanos(now + seconds * 1000),
              count,
              sum: count,
              bucketCounts: [count, 0],
              explicitBounds: [10],
            },
          ],
        },
      },
    ]);
  state.packs = 100;
  await assert.rejects(send('metrics', points(5, 10)), StoreFullError);
  state.fails = false;
  await send('metrics', points(8, 20));
  const counted = [...state.stored].map((fact) => (JSON.parse(fact) as { h: { count: number } }).h.count);
  assert.deepEqual(counted, [5, 3]);
});

async function nextMillisecond(): Promise<void> {
  const before = Date.now();
  while (Date.now() === before) await new Promise((later) => setImmediate(later));
}
