import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { latencyByOperation } from '../../src/query/latency.ts';
import { histogramOf, mergeHistograms } from '../../src/record/histogram.ts';
import type { HistogramRow } from '../../src/record/row.ts';
import type { Db, Queryable } from '../../src/store/db.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { untilLocked } from '../support/database.ts';
import { uniform } from '../support/distributions.ts';
import { quantileOf } from '../support/reference-histogram.ts';
import { histogram } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Three whole days and a bit, that ended long ago. */
const START = Math.floor(Date.now() / DAY) * DAY - 6 * DAY;

/** A row each 20 minutes, two processes and releases, so that each level has something to merge. */
function traffic(seed: string): HistogramRow[] {
  const random = uniform(seed);
  const rows: HistogramRow[] = [];
  for (let t = START; t < START + 3 * DAY + 5 * HOUR; t += 20 * MINUTE) {
    const values = Array.from({ length: 5 }, () => 0.01 * Math.exp(3 * random()));
    const process = `process-${1 + (rows.length % 2)}`;
    const release = t < START + DAY ? '1' : '2';
    rows.push(histogram({ bucket_start: t, process, release_version: release, ...histogramOf(values) }));
  }
  return rows;
}

/** Until nothing is left: the sink may be rolling up at the same time, and then a call returns at once. */
async function rollUp(db: Db): Promise<void> {
  const open = `select from rowtrace.latency_levels where level = 'hours' and done_until < date_trunc('hour', now() - interval '10 minutes', 'UTC')
    union all select from rowtrace.latency_late`;
  while ((await db.query(open)).length > 0) await db.query('select rowtrace.roll_up_latency()');
}

async function read(db: Queryable, since: number, until: number) {
  const [row] = await db.query<{ count: number; p50: number; p99: number; max: number }>(
    `select rowtrace.hist_count(h)::int as count, rowtrace.hist_quantile(h, 0.5) as p50, rowtrace.hist_quantile(h, 0.99) as p99, (h).max
     from (select rowtrace.hist_merge(h) as h from rowtrace.latency_between($1, $2)) x`,
    [new Date(since).toISOString(), new Date(until).toISOString()],
  );
  return row!;
}

function expected(rows: readonly HistogramRow[], since: number, until: number) {
  const merged = mergeHistograms(rows.filter((row) => row.bucket_start >= since && row.bucket_start < until));
  return { merged, count: merged?.count ?? null, width: merged ? 2 ** (2 ** -merged.scale) : 1 };
}

/** Borders on days, on hours, on neither; inside one hour; beyond what there is. */
const SPANS: readonly [from: number, to: number][] = [
  [0, 3 * DAY],
  [7 * MINUTE, 2 * DAY + 13 * MINUTE],
  [5 * HOUR, 9 * HOUR + 25 * MINUTE],
  [DAY - 40 * MINUTE, DAY + 40 * MINUTE],
  [2 * HOUR + MINUTE, 2 * HOUR + 59 * MINUTE],
  [2 * DAY + 50 * MINUTE, 9 * DAY],
];

async function agrees(db: Db, rows: readonly HistogramRow[], spans = SPANS): Promise<void> {
  for (const [from, to] of spans) {
    const found = await read(db, START + from, START + to);
    const { merged, count, width } = expected(rows, START + from, START + to);
    assert.equal(found.count, count, `${from / MINUTE} to ${to / MINUTE} min`);
    if (merged === undefined) continue;
    assert.equal(found.max, merged.max);
    for (const [q, value] of [
      [0.5, found.p50],
      [0.99, found.p99],
    ] as const) {
      const ratio = value / quantileOf(merged, q);
      assert.ok(ratio < width && ratio > 1 / width, `q ${q}: ${value} for ${quantileOf(merged, q)}`);
    }
  }
}

for (const kind of KINDS) {
  describe(`levels of latencies on ${kind}`, () => {
    test('any span of time reads the same before and after the roll-up, and from the coarsest level', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const rows = traffic('levels');
      await sink.write(batch({ histograms: rows }));
      await agrees(db, rows);
      await rollUp(db);
      await agrees(db, rows);
      const [levels] = await db.query<{ minutes: number; hours: number; days: number }>(
        `select (select count(*) from rowtrace.latency_histograms)::int as minutes, (select count(*) from rowtrace.latency_hours)::int as hours,
           (select count(*) from rowtrace.latency_days)::int as days`,
      );
      assert.deepEqual(levels, { minutes: rows.length, hours: 77, days: 4 });
      // What is read of a whole day is one row of it a release.
      const [{ read: fromDays }] = (await db.query(
        'select count(*)::int as read from rowtrace.latency_between($1, $2)',
        [new Date(START).toISOString(), new Date(START + 3 * DAY).toISOString()],
      )) as [{ read: number }];
      assert.equal(fromDays, 3);
      const again = await db.query('select rowtrace.roll_up_latency() as made');
      assert.deepEqual(again, [{ made: 0 }], 'a second time there is nothing to do');
    });

    test('trend and heat map show each part of a day that was rolled up, whatever the time zone of the session', async (t) => {
      const { sink, db } = await openSink(t, kind);
      // The clocks of Berlin go forward within it.
      const from = Date.parse('2026-03-28T00:00:00Z');
      const rows = Array.from({ length: 72 }, (_, hour) =>
        histogram({ bucket_start: from + hour * HOUR, ...histogramOf([0.01]) }),
      );
      await sink.write(batch({ histograms: rows }));
      const period = { since: new Date(from), until: new Date(from + 3 * DAY) };
      const shown = async () => {
        const [{ p95_trend: trend, count, count_before: before }] = (await latencyByOperation(
          db,
          'rowtrace',
          period,
        )) as [Awaited<ReturnType<typeof latencyByOperation>>[number]];
        const columns = await db.query<{ n: number }>(
          `select sum(count)::int as n from rowtrace.latency_heatmap($1, $2, '6 hours') group by at order by at`,
          [period.since.toISOString(), period.until.toISOString()],
        );
        return { parts: trend.map((millis) => Math.round(millis)), count, before, columns: columns.map(({ n }) => n) };
      };
      const even = { parts: Array(12).fill(10), count: 72, before: null, columns: Array(12).fill(6) };
      assert.deepEqual(await shown(), even);
      await rollUp(db);
      assert.deepEqual(await shown(), even);
      for (const zone of ['UTC', 'Europe/Berlin'])
        await db.transaction(async (tx) => {
          await tx.query(`set local time zone '${zone}'`);
          const [begin, end] = [Date.parse('2026-03-29T00:20Z'), Date.parse('2026-03-30T23:00Z')];
          assert.equal((await read(tx, begin, end)).count, 46, zone);
          const [{ before }] = (await tx.query(
            `select count_before::int as before from rowtrace.latency_change('2026-03-30T00:00Z', '2026-03-31T00:00Z')`,
          )) as [{ before: number }];
          assert.equal(before, 24, zone);
        });
    });

    test('the trend of half a day and more reads minutes at its ends only', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const from = Date.parse('2026-03-28T00:00:00Z');
      const rows = Array.from({ length: 13 }, (_, hour) =>
        histogram({ bucket_start: from + hour * HOUR + 30 * MINUTE, ...histogramOf([0.01]) }),
      );
      await sink.write(batch({ histograms: rows }));
      await rollUp(db);
      const period = { since: new Date(from + 20 * MINUTE), until: new Date(from + 12 * HOUR + 40 * MINUTE) };
      await db.query('delete from rowtrace.latency_histograms where bucket_start >= $1 and bucket_start < $2', [
        new Date(from + HOUR).toISOString(),
        new Date(from + 12 * HOUR).toISOString(),
      ]);
      const [row] = await latencyByOperation(db, 'rowtrace', period);
      assert.equal(row!.count, 13);
      assert.deepEqual(
        row!.p95_trend.map((millis) => Math.round(millis)),
        Array(12).fill(10),
      );
    });

    test('minutes that arrive late are rolled up again, a repeat of them changes nothing', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const rows = traffic('late');
      const late = rows.filter((_, nr) => nr % 7 === 3);
      await sink.write(batch({ histograms: rows.filter((row) => !late.includes(row)) }));
      await rollUp(db);
      await sink.write(batch({ histograms: late }));
      await rollUp(db);
      await agrees(db, rows);
      await sink.write(batch({ histograms: rows }));
      await rollUp(db);
      await agrees(db, rows);
    });

    test('of many hours in which minutes arrived late some are rolled up at a time, until there are none', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const rows = traffic('many late');
      const late = rows.filter((_, nr) => nr % 7 === 3);
      await sink.write(batch({ histograms: rows.filter((row) => !late.includes(row)) }));
      await rollUp(db);
      await sink.write(batch({ histograms: late }));
      const hours = new Set(late.map(({ bucket_start }) => Math.floor(bucket_start / HOUR))).size;
      const made: number[] = [];
      while (made.at(-1) !== 0) {
        const [row] = await db.query<{ made: number }>('select rowtrace.roll_up_latency(4) as made');
        made.push(row!.made);
      }
      assert.equal(
        made.reduce((sum, n) => sum + n),
        hours,
      );
      assert.ok(Math.max(...made) <= 4, `${made}`);
      await agrees(db, rows);
    });

    test('dropping minutes and hours that are rolled up loses no count; a later straggler is added to what is kept', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const rows = traffic('retention');
      const late = rows.filter((_, nr) => nr % 11 === 5);
      await sink.write(batch({ histograms: rows.filter((row) => !late.includes(row)) }));
      await rollUp(db);
      await db.query('select rowtrace.apply_retention(0, 0, 1, 0)');
      const minutesLeft = () => db.query<{ n: number }>('select count(*)::int as n from rowtrace.latency_histograms');
      assert.equal((await minutesLeft())[0]!.n, 0);
      const onHours = SPANS.filter(([from, to]) => from % HOUR === 0 && to % HOUR === 0);
      await agrees(
        db,
        rows.filter((row) => !late.includes(row)),
        onHours,
      );
      await sink.write(batch({ histograms: late }));
      await rollUp(db);
      await agrees(db, rows, onHours);
      assert.equal((await minutesLeft())[0]!.n, 0, 'what was added is not added again');
      assert.equal((await read(db, START + 2 * HOUR + MINUTE, START + 3 * HOUR)).count, null, 'its minutes are gone');
    });

    test('an exemplar leads from a cell of the heat map to a trace and to the errors of that trace', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const trace = 'ab'.repeat(16);
      const start = Math.floor(Date.now() / HOUR) * HOUR;
      const exemplars = [{ v: 0.8, t: start + 5000, trace, span: 'cd'.repeat(8) }];
      await sink.write(
        batch({ histograms: [histogram({ bucket_start: start, ...histogramOf([0.01, 0.8, 0.82]), exemplars })] }),
      );
      const cells = await db.query<{ lower_ms: number; upper_ms: number; count: number; trace_id: string | null }>(
        `select lower_ms, upper_ms, count::int, trace_id from rowtrace.latency_heatmap($1, $2, '10 minutes', '/dogs/:id') order by lower_ms`,
        [new Date(start).toISOString(), new Date(start + HOUR).toISOString()],
      );
      assert.deepEqual(
        cells.map(({ count, trace_id }) => [count, trace_id]),
        [
          [1, null],
          [2, trace],
        ],
      );
      assert.ok(cells[1]!.lower_ms < 800 && cells[1]!.upper_ms >= 820, JSON.stringify(cells[1]));
    });
  });
}

test('who reads while the first roll-up of a month makes its partition sees all that was there', async (t) => {
  const { sink, db, url } = await openSink(t, 'postgres');
  const rows = traffic('meanwhile');
  await sink.write(batch({ histograms: rows }));
  const reader = openPostgres(url, { max: 1 });
  t.after(() => reader.close());
  await reader.query('select 1');
  let read: Promise<void> | undefined;
  await db.transaction(async (tx) => {
    // Until it is this transaction that makes one: the sink rolls up at times, too.
    await tx.query(`update rowtrace.latency_levels set done_until = '-infinity'`);
    await tx.query('delete from rowtrace.latency_hours');
    await tx.query('delete from rowtrace.latency_days');
    for (const { name } of await tx.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits
       where inhparent in ('rowtrace.latency_hours'::regclass, 'rowtrace.latency_days'::regclass) and inhrelid::regclass::text not like '%default'`,
    ))
      await tx.query(`drop table ${name}`);
    await tx.query('select rowtrace.roll_up_latency()');
    read = agrees(reader, rows);
    await untilLocked(tx);
  });
  await read;
});
