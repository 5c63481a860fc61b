// Rows that were stored before they were known to be part of another one: taken back, and noted as settled with that.
// Returns what their issues counted of them. The order of the keys is that of every other statement on rows; rows that the
// batch amends are locked with them, as two statements in a row would be two orders.

import { type AbsorbedRow, type AmendmentRow, NO_REQUEST } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, timeBounds, toJson } from '../encode.ts';
import type { IssueOccurrence } from '../issue-groups.ts';
import type { Statement, Target } from './statement.ts';

export interface RemovedRow extends IssueOccurrence {
  event_id: string;
  acceptance: number | null;
  /** Settled now, as part of another one. */
  noted: boolean;
}

const COLUMNS: Columns = { event_id: 'uuid', created_at: 'timestamptz', goes: 'boolean' };

export function removeAbsorbed(
  { schema }: Target,
  absorbed: readonly AbsorbedRow[],
  amended: readonly AmendmentRow[],
): Statement {
  const text = `
    with given as (
      select event_id, created_at, bool_or(goes) as goes
      from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
      group by 1, 2
    ), there as (
      select l.event_id, l.created_at, g.goes
      from ${schema}.error_logs l join given g on g.event_id = l.event_id and g.created_at = l.created_at
      where l.created_at between $2::timestamptz and $3::timestamptz
      order by l.event_id, l.created_at
      for update of l
    ), gone as (
      delete from ${schema}.error_logs l
      using there t
      where t.goes and l.event_id = t.event_id and l.created_at = t.created_at
        and l.created_at between $2::timestamptz and $3::timestamptz
      returning l.*
    ), noted as (
      insert into ${schema}.repeats (event_id, acceptance)
      select distinct event_id, coalesce(acceptance, ${NO_REQUEST}) from gone order by 1, 2
      on conflict (event_id, acceptance) do nothing
      returning event_id, acceptance
    )
    select g.event_id::text, g.acceptance, g.service, g.fingerprint, g.fingerprint_version, g.error_type, g.message_template,
      g.release_version, g.environment, g.route, (extract(epoch from g.created_at) * 1000)::float8 as created_at,
      g.level, -1 as weight, n.event_id is not null as noted
    from gone g left join noted n on n.event_id = g.event_id and n.acceptance = coalesce(g.acceptance, ${NO_REQUEST})`;
  const rows = [
    ...absorbed.map(({ event_id, created_at }) => ({ event_id, created_at, goes: true })),
    ...amended.map(({ event_id, created_at }) => ({ event_id, created_at, goes: false })),
  ];
  return { text, values: [toJson(rows.map((row) => encodeRow(row, COLUMNS))), ...timeBounds(rows)] };
}
