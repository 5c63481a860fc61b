// What is usual for the operations of a service at this hour?

import type { Baseline } from '../record/baseline.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

/** More operations than this are not watched. */
const MOST = 1000;

/** Those with most traffic first. */
export function latencyBaselines(
  db: Queryable,
  schema: string,
  place: { service: string; environment: string },
): Promise<Baseline[]> {
  return db.query<Baseline>(
    `select kind, operation, http_method, peer, source, count, hours, p50_ms, p90_ms, p99_ms
     from ${quoteName(schema)}.latency_baselines where service = $1 and environment = $2
     order by count desc limit ${MOST}`,
    [place.service, place.environment],
  );
}
