// Counts of a batch, appended and never added to a row that others write too: fold_issue_deltas() does that later.

import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { IssueGroup } from '../issue-groups.ts';
import { KEY_COLUMNS } from './create-issues.ts';
import type { Statement, Target } from './statement.ts';

export function appendDeltas(target: Target, groups: readonly IssueGroup[]): Statement {
  const columns: Columns = {
    ...KEY_COLUMNS,
    hour: 'timestamptz',
    count: 'bigint',
    level: `${target.schema}.level`,
    first_seen: 'timestamptz',
    last_seen: 'timestamptz',
    first_release: 'text',
    last_release: 'text',
  };
  const text = `
    insert into ${target.schema}.issue_deltas
      (issue_id, hour, count, level, first_seen, last_seen, first_release, last_release)
    select k.issue_id, g.hour, g.count, g.level, g.first_seen, g.last_seen, g.first_release, g.last_release
    from json_to_recordset($1::json) as g (${columnDefinitions(columns)})
    join ${target.schema}.issue_keys k using (service, fingerprint, version)`;
  return { text, values: [toJson(groups.map((group) => encodeRow(group, columns)))] };
}
