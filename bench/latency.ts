// p50, p95 and p99 of 200 operations over an unaligned day and unaligned 30 days, from the histograms (the query of
// docs/latency.md, and the function latency()), against percentile_cont on the raw values of the same traffic (10 million
// rows each); the error beside it, and what an operation takes a day. Rounds interleaved; every way of asking has had its
// turn once before, with as much memory for sorting as it can use.

import { execFileSync } from 'node:child_process';
import type { Db } from '../src/store/db.ts';
import { migrate } from '../src/store/migrate.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { DAY, fill, MINUTE } from './latency/traffic.ts';
import { median, spread, table } from './statistics.ts';
import { startBenchServer } from './write/server.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 3 : 5;
const ROWS = short ? 400_000 : 10_000_000;
const OPERATIONS = short ? 50 : 200;
const SINCE = Date.UTC(2026, 4, 1) + 17 * MINUTE;
const QUANTILES = '{0.5,0.95,0.99}';

/** Each gives operation, q and count. */
const WAYS = {
  percentile_cont: `select operation, percentile_cont('${QUANTILES}'::float8[]) within group (order by seconds) as q, count(*)::float8 as count
    from raw where at >= $1 and at < $2 group by operation order by operation`,
  'hist_quantiles(hist_merge(h))': `select operation, rowtrace.hist_quantiles(rowtrace.hist_merge(h), '${QUANTILES}') as q, sum(count)::float8 as count
    from rowtrace.latency_between($1, $2) group by operation order by operation`,
  'latency()': `select operation, array[p50_ms, p95_ms, p99_ms] as q, count::float8 as count from rowtrace.latency($1, $2) order by operation`,
} as const;
type Way = keyof typeof WAYS;
const NAMES = Object.keys(WAYS) as Way[];

interface Row {
  operation: string;
  q: number[];
  count: number;
}

const server = await startBenchServer();
try {
  for (const days of [1, 30]) await run(days);
} finally {
  await server.stop();
}

async function run(days: number): Promise<void> {
  const url = new URL(server.url);
  url.pathname = `/days_${days}`;
  execFileSync('psql', ['-qX', server.url, '-c', `create database days_${days}`]);
  const db = openPostgres(url.href, { max: 1 });
  try {
    await migrate(db);
    await fill(db, url.href, { rows: ROWS, operations: OPERATIONS, since: SINCE, days, allMinutes: days === 1 });
    await db.query(`set work_mem = '512MB'`);
    const seconds = new Map<Way, number[]>(NAMES.map((way) => [way, []]));
    const found = new Map<Way, Row[]>();
    for (let round = 0; round <= ROUNDS; round++)
      for (const way of NAMES) {
        const start = performance.now();
        found.set(way, await ask(db, way, days));
        if (round > 0) seconds.get(way)!.push((performance.now() - start) / 1000);
      }
    report(days, seconds, found);
    console.log(await sizes(db));
  } finally {
    await db.close();
  }
}

function ask(db: Db, way: Way, days: number): Promise<Row[]> {
  const span = [new Date(SINCE).toISOString(), new Date(SINCE + days * DAY).toISOString()];
  return db.transaction((tx) => tx.query<Row>(WAYS[way], span), { statementTimeoutMillis: 600_000 });
}

function report(days: number, seconds: Map<Way, number[]>, found: Map<Way, Row[]>): void {
  const [raw, ours] = NAMES.map((way) => found.get(way)!) as [Row[], Row[]];
  const sum = (rows: Row[]) => rows.reduce((all, { count }) => all + count, 0);
  console.log(
    `\n${days === 1 ? '24 hours' : `${days} days`}, unaligned; ${sum(raw)} raw rows, ${sum(ours)} in the histograms`,
  );
  const theirs = seconds.get('percentile_cont')!;
  console.log(
    table(
      ['', 'seconds', 'times faster, paired by round'],
      [...seconds].map(([way, all]) => [
        way,
        spread(all, 3),
        spread(
          all.map((each, round) => theirs[round]! / each),
          1,
        ),
      ]),
    ),
  );
  const errors = [0, 1, 2].map((at) => ours.map(({ q }, row) => Math.abs(q[at]! / raw[row]!.q[at]! - 1) * 100));
  console.log(
    table(
      ['error', 'p50', 'p95', 'p99'],
      [
        ['median', ...errors.map((all) => `${median(all).toFixed(2)} %`)],
        ['worst operation', ...errors.map((all) => `${Math.max(...all).toFixed(2)} %`)],
      ],
    ),
  );
}

/** A row of each level with its part of the indexes, as many as a day has. */
async function sizes(db: Db): Promise<string> {
  const of = async (name: string, rowsADay: number) => {
    // Partitions that hold nothing still take their pages.
    const [found] = await db.query<{ bytes: number; rows: number }>(
      `select coalesce(sum(pg_total_relation_size(oid)), 0)::float8 as bytes, coalesce(sum(reltuples), 0)::float8 as rows
       from pg_class where reltuples > 0 and oid in (select relid from pg_partition_tree('rowtrace.${name}') where isleaf)`,
    );
    const { bytes, rows } = found!;
    return rows === 0 ? 'none' : `${((bytes / rows) * rowsADay).toFixed(0)} (${(bytes / rows).toFixed(0)} a row)`;
  };
  return `bytes an operation and day: minutes ${await of('latency_histograms', 1440)}, hours ${await of('latency_hours', 24)}, days ${await of('latency_days', 1)}`;
}
