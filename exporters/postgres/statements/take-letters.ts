// Dead letters of records that come again and are taken now, and of those that turned out to be part of another one: they
// go, and the latter are noted as settled with that. Returns the letters, in the order of their numbers.

import { NO_REQUEST, type Unit } from '../../../src/record/row.ts';
import { type Columns, columnDefinitions, encodeRow, toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

const COLUMNS: Columns = { event_id: 'uuid', acceptance: 'int', part: 'boolean' };

export interface GoneLetter {
  process: string | null;
  occurrences: number;
}

export interface TakenLetter extends GoneLetter {
  /** Settled now, as part of another one. */
  noted: boolean;
}

/** @param parts of whichever request */
export function takeLetters(
  { schema }: Target,
  brought: readonly Unit[],
  parts: readonly Pick<Unit, 'event_id'>[],
): Statement {
  const text = `
    with given as (
      select * from json_to_recordset($1::json) as r (${columnDefinitions(COLUMNS)})
    ), there as (
      select d.id, exists (select from given g where g.event_id = d.event_id and g.part) as part
      from ${schema}.dead_letters d
      where d.event_id in (select event_id from given) and d.kind in ('log', 'row', 'count', 'counts')
        and exists (
          select from given g
          where g.event_id = d.event_id and (g.part or g.acceptance = coalesce(d.acceptance, ${NO_REQUEST})))
      order by d.id
      for update of d
    ), gone as (
      delete from ${schema}.dead_letters d using there t where d.id = t.id
      returning d.id, d.event_id, coalesce(d.acceptance, ${NO_REQUEST}) as acceptance, d.process, d.occurrences, t.part
    ), noted as (
      insert into ${schema}.repeats (event_id, acceptance)
      select distinct event_id, acceptance from gone where part order by 1, 2
      on conflict (event_id, acceptance) do nothing
      returning event_id, acceptance
    )
    select g.process, g.occurrences, n.event_id is not null as noted
    from gone g left join noted n on n.event_id = g.event_id and n.acceptance = g.acceptance
    order by g.id`;
  const given = [
    ...brought.map(({ event_id, acceptance = NO_REQUEST }) => ({ event_id, acceptance, part: false })),
    ...parts.map(({ event_id }) => ({ event_id, part: true })),
  ];
  return { text, values: [toJson(given.map((row) => encodeRow(row, COLUMNS)))] };
}
