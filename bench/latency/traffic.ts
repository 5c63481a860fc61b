// The same traffic twice: raw rows for percentile_cont, and the histograms that Rowtrace would hold of it (minutes as the
// processes write them, hours and days as the roll-up makes them), written by COPY.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExponentialHistogram } from '../../src/record/fact.ts';
import { histogramOf, mergeHistograms } from '../../src/record/histogram.ts';
import type { Db } from '../../src/store/db.ts';
import { gauss, uniform } from '../../test/support/distributions.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** As the processes write them: capture/histogram-facts.ts. */
const MAX_BUCKETS = 80;
const COLUMNS =
  'bucket_start, service, environment, kind, operation, http_method, status_class, scale, zero_count, bucket_offset, counts, count, sum, min, max';

export interface Traffic {
  rows: number;
  operations: number;
  since: number;
  days: number;
  /** Of every minute, and not only where a span that begins or ends inside an hour reads minutes. */
  allMinutes: boolean;
}

/** Log-normal, each operation around a middle of its own from 2 ms to 1 s. */
export async function fill(db: Db, url: string, { rows, operations, since, days, allMinutes }: Traffic): Promise<void> {
  await db.query('create table raw (at timestamptz, operation text, seconds float8)');
  const until = since + days * DAY;
  const midnight = Math.floor(since / DAY) * DAY;
  for (let day = midnight; day < until; day += DAY) await makePartitions(db, day);
  const perMinute = rows / (days * 24 * 60 * operations);
  const random = uniform(`${days}`);
  const raw = copyInto(url, 'raw');
  const minutes = copyInto(url, `rowtrace.latency_histograms (${COLUMNS}, process, seq)`);
  const hours = copyInto(url, `rowtrace.latency_hours (${COLUMNS})`);
  const coarse = copyInto(url, `rowtrace.latency_days (${COLUMNS})`);
  let seq = 0;
  let owed = 0;
  for (let day = midnight; day < until; day += DAY) {
    const ofDay: ExponentialHistogram[][] = Array.from({ length: operations }, () => []);
    for (let hour = Math.max(day, Math.floor(since / HOUR) * HOUR); hour < Math.min(day + DAY, until); hour += HOUR) {
      const isWhole = hour >= since && hour + HOUR <= until;
      for (let operation = 0; operation < operations; operation++) {
        const middle = 0.002 * 500 ** (operation / operations);
        const ofHour: ExponentialHistogram[] = [];
        for (let at = Math.max(hour, since); at < Math.min(hour + HOUR, until); at += MINUTE) {
          owed += perMinute;
          const values = Array.from({ length: Math.floor(owed) }, () => middle * Math.exp(0.6 * gauss(random)));
          if (values.length === 0) continue;
          owed -= values.length;
          const time = new Date(at).toISOString();
          const prefix = `${time}\t/operation/${operation}\t`;
          await raw.write(`${prefix}${values.join(`\n${prefix}`)}\n`);
          const h = mergeHistograms([histogramOf(values)], MAX_BUCKETS)!;
          ofHour.push(h);
          if (allMinutes || !isWhole) await minutes.write(`${line(time, operation, h)}\tprocess-1\t${++seq}\n`);
        }
        const h = isWhole ? mergeHistograms(ofHour) : undefined;
        if (h === undefined) continue;
        await hours.write(`${line(new Date(hour).toISOString(), operation, h)}\n`);
        ofDay[operation]!.push(h);
      }
    }
    if (day < since || day + DAY > until) continue;
    for (const [operation, parts] of ofDay.entries()) {
      const h = mergeHistograms(parts);
      if (h !== undefined) await coarse.write(`${line(new Date(day).toISOString(), operation, h)}\n`);
    }
  }
  for (const copy of [raw, minutes, hours, coarse]) await copy.end();
  await done(db, 'hours', Math.floor(until / HOUR) * HOUR);
  await done(db, 'days', Math.floor(until / DAY) * DAY);
  execFileSync('psql', ['-qX', url, '-c', 'vacuum analyze']);
}

async function makePartitions(db: Db, day: number): Promise<void> {
  const next = new Date(day + DAY).toISOString();
  const at = new Date(day).toISOString();
  const [minutes, hours, days] = [at.slice(0, 10), at.slice(0, 7), at.slice(0, 4)].map((text) =>
    text.replaceAll('-', ''),
  );
  await db.query(
    `select rowtrace.make_partition('latency_histograms', 'bucket_start', 'latency_histograms_' || $1, $4, $5),
       rowtrace.make_partition('latency_hours', 'bucket_start', 'latency_hours_' || $2,
         date_trunc('month', $4::timestamptz, 'UTC'), date_trunc('month', $4::timestamptz, 'UTC') + interval '1 month'),
       rowtrace.make_partition('latency_days', 'bucket_start', 'latency_days_' || $3,
         date_trunc('year', $4::timestamptz, 'UTC'), date_trunc('year', $4::timestamptz, 'UTC') + interval '1 year')`,
    [minutes, hours, days, at, next],
  );
}

function done(db: Db, level: string, until: number): Promise<unknown> {
  return db.query('update rowtrace.latency_levels set done_until = $2 where level = $1', [
    level,
    new Date(until).toISOString(),
  ]);
}

function line(time: string, operation: number, h: ExponentialHistogram): string {
  const { scale, zeroCount, offset, counts, count, sum, min, max } = h;
  return `${time}\tkennel\tbench\tserver\t/operation/${operation}\tGET\t2xx\t${scale}\t${zeroCount}\t${offset}\t{${counts}}\t${count}\t${sum}\t${min}\t${max}`;
}

/** Rows in the text format of COPY, waiting whenever the server is behind. */
function copyInto(url: string, target: string) {
  const child = spawn('psql', ['-qX', '-v', 'ON_ERROR_STOP=1', url, '-c', `copy ${target} from stdin`], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const closed = once(child, 'close');
  return {
    async write(text: string): Promise<void> {
      if (!child.stdin.write(text)) await Promise.race([once(child.stdin, 'drain'), closed]);
    },
    async end(): Promise<void> {
      child.stdin.end();
      const [code] = await closed;
      if (code !== 0) throw new Error(`copy into ${target} ended with ${code}`);
    },
  };
}
