// A count fact → a row of error_counts. In: the fact as the journal gave it, and how a single one of its occurrences becomes
// a row (the same rules, so that both have one key). Throws MalformedFactError only.

import { given } from './columns.ts';
import { requireCount, requireObject } from './errors.ts';
import type { CountFact, LogFact } from './fact.ts';
import { LIMITS } from './limits.ts';
import type { ErrorCountRow, ErrorLogRow } from './row.ts';

const MAX_ROUTES = 100;

export function toErrorCountRow(fact: CountFact, toRow: (one: LogFact) => ErrorLogRow): ErrorCountRow {
  requireObject(fact, 'fact');
  requireObject(fact.like, 'like');
  const row = toRow({ ...fact.like, k: 'log', id: fact.id, t: fact.t, n: fact.n, m: fact.m });
  return {
    event_id: row.event_id,
    created_at: row.created_at,
    last_seen: typeof fact.to === 'number' && fact.to > row.created_at ? Math.trunc(fact.to) : row.created_at,
    count: requireCount(fact.count, 'count'),
    level: row.level,
    fingerprint: row.fingerprint,
    fingerprint_version: row.fingerprint_version,
    message_template: row.message_template,
    service: row.service,
    environment: row.environment,
    ...given({
      process: row.process,
      accepted: row.accepted,
      merged: row.merged,
      error_type: row.error_type,
      release_version: row.release_version,
      previous_keys: row.previous_keys,
      issue_title: row.issue_title,
      culprit: row.culprit,
      routes: routesOf(fact.routes),
    }),
  };
}

function routesOf(routes: unknown): Record<string, number> | undefined {
  if (routes === null || typeof routes !== 'object') return undefined;
  const kept = Object.entries(routes)
    .filter(([route, count]) => route !== '' && Number.isSafeInteger(count) && count > 0)
    .slice(0, MAX_ROUTES)
    .map(([route, count]) => [route.slice(0, LIMITS.name), count]);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
