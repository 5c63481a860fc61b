// Counts of a batch, appended and never added to a row that others write too: fold_issue_deltas() does that later.

import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { IssueGroup } from '../issue-groups.ts';
import { KEY_COLUMNS } from './create-issues.ts';
import type { Statement, Target } from './statement.ts';

/** As many as the counters keep of a key (smallest_hashes). */
const MAX_HASHES = 1_024;

export function appendDeltas(target: Target, groups: readonly IssueGroup[]): Statement {
  const facts: Columns = {
    hour: 'timestamptz',
    count: 'bigint',
    level: `${target.schema}.level`,
    first_seen: 'timestamptz',
    last_seen: 'timestamptz',
    release: 'text',
    environment: 'text',
    routes: 'jsonb',
    users: 'bigint[]',
    sessions: 'bigint[]',
  };
  const columns = { ...KEY_COLUMNS, ...facts };
  const names = Object.keys(facts);
  const text = `
    insert into ${target.schema}.issue_deltas (key_id, ${names.join(', ')})
    select k.id, ${names.map((name) => `g.${name}`).join(', ')}
    from json_to_recordset($1::json) as g (${columnDefinitions(columns)})
    join ${target.schema}.issue_keys k using (service, fingerprint, version)`;
  const rows = groups.map((group) => ({
    ...group,
    routes: routesOf(group),
    users: smallest(group.users),
    sessions: smallest(group.sessions),
  }));
  return { text, values: [toJson(rows.map((row) => encodeRow(row, columns)))] };
}

function routesOf({ routes }: IssueGroup): Record<string, number> | undefined {
  const counted = [...routes].filter(([, count]) => count !== 0);
  // fromEntries defines, and does not assign: a route "__proto__" stays data.
  return counted.length > 0 ? Object.fromEntries(counted) : undefined;
}

function smallest(hashes: ReadonlySet<number>): number[] | undefined {
  if (hashes.size === 0) return undefined;
  const all = [...hashes];
  return all.length <= MAX_HASHES ? all : all.sort((a, b) => a - b).slice(0, MAX_HASHES);
}
