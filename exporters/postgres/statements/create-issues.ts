// Issues for fingerprints that have none. The key decides races: whoever inserts it makes the issue, everybody else
// waits for that transaction and finds the key. Sorted by key, so that nobody waits in a circle.

import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { IssueGroup } from '../issue-groups.ts';
import type { Statement, Target } from './statement.ts';

export const KEY_COLUMNS: Columns = { service: 'key', fingerprint: 'key', version: 'int' };

export function createIssues(target: Target, keys: readonly IssueGroup[]): Statement {
  const columns: Columns = {
    ...KEY_COLUMNS,
    type: 'text',
    title: 'text',
    culprit: 'text',
    level: `${target.schema}.level`,
    first_seen: 'timestamptz',
    last_seen: 'timestamptz',
    first_release: 'text',
    last_release: 'text',
  };
  const text = `
    with given as (
      select * from json_to_recordset($1::json) as r (${columnDefinitions(columns)})
    ), made as (
      insert into ${target.schema}.issue_keys (service, fingerprint, version, issue_id)
      select service, fingerprint, version, nextval(pg_get_serial_sequence('${target.schema}.issues', 'id'))
      from given g
      where not exists (
        select from ${target.schema}.issue_keys k
        where k.service = g.service and k.fingerprint = g.fingerprint and k.version = g.version)
      order by service, fingerprint, version
      on conflict (service, fingerprint, version) do nothing
      returning *
    )
    insert into ${target.schema}.issues
      (id, type, title, culprit, service, level, first_seen, last_seen, first_release, last_release)
    select m.issue_id, g.type, g.title, g.culprit, g.service, g.level, g.first_seen, g.last_seen, g.first_release, g.last_release
    from made m join given g using (service, fingerprint, version)`;
  return { text, values: [toJson(keys.map((key) => encodeRow(key, columns)))] };
}
