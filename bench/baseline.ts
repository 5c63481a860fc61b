// How well does the baseline judge tell slow from usual? Seeded traffic of four weeks, then a judged week: recall, precision,
// false reports an operation and week. The baselines are made by SQL, hour by hour, as in production.

import { migrate } from '../src/store/migrate.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { SCENARIOS, simulate } from '../test/support/baseline-simulation.ts';
import { startPostgresServer } from '../test/support/postgres-server.ts';
import { table } from './statistics.ts';

const server = await startPostgresServer();
const db = openPostgres(server.url);
try {
  await migrate(db);
  const outcomes = await simulate(db, SCENARIOS, Date.UTC(2026, 0, 5));
  console.log(
    table(
      [
        'scenario',
        'operations',
        'recall',
        'median hours to report',
        'precision',
        'false reports / operation and week',
        'worst',
      ],
      outcomes.map(({ name, operations, slow, found, right, wrong, worst, delayHours }) => [
        name,
        String(operations),
        slow === 0 ? '-' : (found / slow).toFixed(3),
        delayHours === undefined ? '-' : String(delayHours),
        right + wrong === 0 ? '-' : (right / (right + wrong)).toFixed(3),
        (wrong / operations).toFixed(3),
        String(worst),
      ]),
    ),
  );
} finally {
  await db.close();
  await server.stop();
}
