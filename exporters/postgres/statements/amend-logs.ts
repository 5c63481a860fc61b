// Late knowledge about rows that are in the table: only given columns change, the level only rises, of tags the older
// keys win. Rows that are not there are passed over. Returns the rows of issues whose level rose or whose route, user or
// session became known, for the counters of their issues.

import { LEVELS } from '../../../src/record/level.ts';
import type { AmendmentRow } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, timeBounds, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const GIVEN: Columns = {
  route: 'text',
  http_method: 'text',
  http_status: 'int',
  latency_ms: 'int',
  request_id: 'key',
  session_id: 'text',
  user_id: 'text',
  module: 'text',
};

export function amendLogs(target: Target, amendments: readonly AmendmentRow[]): Statement {
  const level = `${target.schema}.level`;
  const columns: Columns = { event_id: 'uuid', created_at: 'timestamptz', level, ...GIVEN, tags: 'jsonb' };
  const merged = mergeByRow(amendments);
  // Rows are locked in the order of their keys.
  const text = `
    with given as (
      select * from json_to_recordset($1::json) as r (${columnDefinitions(columns)})
    ), old as (
      select l.event_id, l.created_at, l.level, l.route, l.user_id, l.session_id
      from ${target.schema}.error_logs l join given g on g.event_id = l.event_id and g.created_at = l.created_at
      where l.created_at between $2::timestamptz and $3::timestamptz
      order by l.event_id, l.created_at
      for update of l
    ), amended as (
      update ${target.schema}.error_logs l
      set level = greatest(l.level, g.level),
        ${Object.keys(GIVEN)
          .map((name) => `${name} = coalesce(g.${name}, l.${name})`)
          .join(', ')},
        tags = coalesce(g.tags, '{}') || l.tags
      from given g join old on old.event_id = g.event_id and old.created_at = g.created_at
      where l.event_id = g.event_id and l.created_at = g.created_at
        and l.created_at between $2::timestamptz and $3::timestamptz
      returning l.*, old.level as old_level, old.route as old_route, old.user_id as old_user, old.session_id as old_session
    )
    select service, fingerprint, fingerprint_version, error_type, message_template, release_version, environment,
      route, old_route, user_id, session_id,
      (extract(epoch from created_at) * 1000)::float8 as created_at, level,
      case when old_level < 'WARNING' then 1 else 0 end as weight
    from amended
    where level >= 'WARNING' and (level > old_level
      or (route, user_id, session_id) is distinct from (old_route, old_user, old_session))`;
  return { text, values: [toJson(merged.map((row) => encodeRow(row, columns))), ...timeBounds(merged)] };
}

/** An update may meet each row once only: later values win over earlier ones, earlier tags over later ones. */
function mergeByRow(amendments: readonly AmendmentRow[]): AmendmentRow[] {
  const rows = new Map<string, AmendmentRow>();
  for (const next of amendments) {
    const known = rows.get(next.event_id);
    if (!known) {
      rows.set(next.event_id, next);
      continue;
    }
    const given = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
    const merged = { ...known, ...given, tags: { ...next.tags, ...known.tags } };
    const levels = [known.level, next.level].filter((level) => level !== undefined);
    const worst = levels.sort((a, b) => LEVELS.indexOf(b) - LEVELS.indexOf(a))[0];
    rows.set(next.event_id, { ...merged, level: worst });
  }
  return [...rows.values()];
}
