// Four weeks of traffic as hour rows, then a week judged span by span, with the baselines that SQL makes for each of its hours.
// In: scenarios, seeded. Out: what was reported and what was to be reported.

import { type Baseline, BaselineJudge } from '../../src/record/baseline.ts';
import type { Operation } from '../../src/record/fact.ts';
import { histogramOf } from '../../src/record/histogram.ts';
import type { Db } from '../../src/store/db.ts';
import { gauss, type Uniform, uniform } from './distributions.ts';

const HOUR = 3_600_000;
const WEEK_HOURS = 168;
const HISTORY_HOURS = 4 * WEEK_HOURS;

export interface Scenario {
  name: string;
  operations: number;
  spansPerHour: number;
  /** Times the usual latency, by hour of the judged week (below 0: history). */
  factor: (hour: number, stepAt: number) => number;
  /** Whether a report in this hour is right. */
  isSlow: (hour: number, stepAt: number) => boolean;
}

export interface Outcome {
  name: string;
  operations: number;
  /** Operations that were slow at some time, and those of them that were reported while they were. */
  slow: number;
  found: number;
  right: number;
  wrong: number;
  /** Most wrong reports of one operation. */
  worst: number;
  /** Median hours from the step to the first report. */
  delayHours: number | undefined;
}

interface Simulated {
  operation: Operation;
  scenario: Scenario;
  draw: (random: Uniform) => number;
  random: Uniform;
  stepAt: number;
  reports: number[];
}

/** Milliseconds: log-normal with spreads from narrow to wide, one with two peaks, one with a heavy tail. */
const DRAWS: readonly ((random: Uniform) => number)[] = [
  ...[0.1, 0.3, 0.5, 0.7, 0.8, 1, 1.2, 1.5].map((sigma) => (random: Uniform) => 120 * Math.exp(sigma * gauss(random))),
  (random) => (random() < 0.7 ? 60 : 400) * Math.exp(0.3 * gauss(random)),
  (random) => 80 * (1 - random()) ** (-1 / 2),
];

const dayWave = (hour: number) =>
  1 + 0.6 * Math.sin((2 * Math.PI * hour) / 24) * (((hour % 168) + 168) % 168 < 120 ? 1 : 0.3);
const never = () => false;

export const SCENARIOS: readonly Scenario[] = [
  { name: 'stationary', operations: 10, spansPerHour: 300, factor: () => 1, isSlow: never },
  { name: 'daily cycle', operations: 10, spansPerHour: 300, factor: dayWave, isSlow: never },
  {
    name: 'drift of 3 % a week',
    operations: 5,
    spansPerHour: 300,
    factor: (hour) => 1.03 ** (hour / 168),
    isSlow: never,
  },
  {
    name: 'step of 2 ×',
    operations: 20,
    spansPerHour: 300,
    factor: (hour, stepAt) => (hour >= stepAt ? 2 : 1),
    isSlow: (hour, stepAt) => hour >= stepAt,
  },
  {
    name: 'deploy, 2 × for 6 hours',
    operations: 20,
    spansPerHour: 300,
    factor: (hour, stepAt) => dayWave(hour) * (hour >= stepAt && hour < stepAt + 6 ? 2 : 1),
    isSlow: (hour, stepAt) => hour >= stepAt && hour < stepAt + 6,
  },
  { name: 'low volume', operations: 20, spansPerHour: 15, factor: () => 1, isSlow: never },
  { name: 'low volume, daily cycle', operations: 10, spansPerHour: 15, factor: dayWave, isSlow: never },
  {
    name: 'low volume, step of 2 ×',
    operations: 20,
    spansPerHour: 15,
    factor: (hour, stepAt) => (hour >= stepAt ? 2 : 1),
    isSlow: (hour, stepAt) => hour >= stepAt,
  },
  { name: 'very low volume', operations: 10, spansPerHour: 4, factor: () => 1, isSlow: never },
  { name: 'very low volume, daily cycle', operations: 10, spansPerHour: 4, factor: dayWave, isSlow: never },
  {
    name: 'very low volume, step of 2 ×',
    operations: 20,
    spansPerHour: 4,
    factor: (hour, stepAt) => (hour >= stepAt ? 2 : 1),
    isSlow: (hour, stepAt) => hour >= stepAt,
  },
];

export async function simulate(db: Db, scenarios: readonly Scenario[], start: number): Promise<Outcome[]> {
  const all = scenarios.flatMap((scenario) =>
    Array.from({ length: scenario.operations }, (_, nr): Simulated => {
      const random = uniform(`${scenario.name} ${nr}`);
      const operation: Operation = { kind: 'server', name: `/${scenario.name}/${nr}`, method: 'GET' };
      const stepAt = Math.floor(24 + random() * 120);
      return { operation, scenario, draw: DRAWS[nr % DRAWS.length]!, random, stepAt, reports: [] };
    }),
  );
  for (let hour = -HISTORY_HOURS; hour < 0; hour += 24) {
    await insertHours(
      db,
      Array.from({ length: 24 }, (_, nr) => hour + nr).flatMap((at) =>
        all.map((one) => ({ at: start + at * HOUR, operation: one.operation.name, millis: spansOf(one, at) })),
      ),
    );
    await rollUpDay(db, start + hour * HOUR);
  }
  await db.query('analyze rowtrace.latency_hours');
  const judge = new BaselineJudge({ slowBaselineFactor: 3, slowBaselineExcessMillis: 25 });
  for (let hour = 0; hour < WEEK_HOURS; hour++) {
    const at = start + hour * HOUR;
    if (hour > 0 && hour % 24 === 0) await rollUpDay(db, at - 24 * HOUR);
    judge.set(
      await db.query<Baseline>('select * from rowtrace.latency_baselines_at($1)', [new Date(at).toISOString()]),
    );
    const rows = all.map((one) => {
      const millis = spansOf(one, hour);
      for (const [nr, value] of millis.entries())
        if (judge.judge(one.operation, value, at + (nr / millis.length) * HOUR)) one.reports.push(hour);
      return { at, operation: one.operation.name, millis };
    });
    await insertHours(db, rows);
  }
  return scenarios.map((scenario) =>
    outcome(
      scenario,
      all.filter((one) => one.scenario === scenario),
    ),
  );
}

function spansOf({ scenario, draw, random, stepAt }: Simulated, hour: number): number[] {
  const factor = scenario.factor(hour, stepAt);
  return Array.from({ length: scenario.spansPerHour }, () => factor * draw(random));
}

function outcome(scenario: Scenario, all: readonly Simulated[]): Outcome {
  const right = (one: Simulated) => one.reports.filter((hour) => scenario.isSlow(hour, one.stepAt));
  const wrong = (one: Simulated) => one.reports.length - right(one).length;
  const slow = all.filter((one) => scenario.isSlow(one.stepAt, one.stepAt));
  const found = slow.filter((one) => right(one).length > 0);
  const delays = found.map((one) => right(one)[0]! - one.stepAt).sort((a, b) => a - b);
  return {
    name: scenario.name,
    operations: all.length,
    slow: slow.length,
    found: found.length,
    right: all.reduce((sum, one) => sum + right(one).length, 0),
    wrong: all.reduce((sum, one) => sum + wrong(one), 0),
    worst: Math.max(...all.map(wrong)),
    delayHours: delays[delays.length >> 1],
  };
}

function rollUpDay(db: Db, start: number): Promise<unknown> {
  return db.query(`select rowtrace.roll_up_latency_row('days', $1, false)`, [new Date(start).toISOString()]);
}

async function insertHours(
  db: Db,
  rows: readonly { at: number; operation: string; millis: readonly number[] }[],
): Promise<void> {
  const encoded = rows.map(({ at, operation, millis }) => {
    const h = histogramOf(millis.map((value) => value / 1000));
    return { at: new Date(at).toISOString(), operation, ...h, zero: h.zeroCount };
  });
  await db.query(
    `insert into rowtrace.latency_hours (bucket_start, service, environment, kind, operation, http_method, status_class,
       scale, zero_count, bucket_offset, counts, count, sum, min, max)
     select at, 'shop', 'test', 'server', operation, 'GET', '2xx', scale, zero, "offset", counts, count, sum, min, max
     from json_to_recordset($1::json) as r (at timestamptz, operation text, scale int, zero bigint, "offset" int, counts bigint[],
       count bigint, sum float8, min float8, max float8)`,
    [JSON.stringify(encoded)],
  );
}
