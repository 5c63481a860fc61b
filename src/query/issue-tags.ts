// What do the occurrences of a bug have in common? Shares of tag values over the latest of them.

import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';
import { promotedColumns } from '../store/promoted-columns.ts';
import { occurrencesOf, type Span } from './issue-rows.ts';

export interface TagShare {
  /** Name of a tag, or of a column: the promoted ones, user_id, environment, release_version, route, http_method … */
  name: string;
  /** Most frequent first, five at most. `share` is of all the occurrences looked at, 0 to 1. */
  values: { value: string; count: number; share: number }[];
}

const TAGS = 20;
const VALUES = 5;
const MAX_LENGTH = 200;

const COLUMNS = ['user_id', 'environment', 'release_version', 'route', 'http_method', 'http_status', 'host', 'module'];

/** Tags that most occurrences have come first. @param span holds so many of the latest rows */
export async function readTags(db: Queryable, schema: string, span: Span, latest: number): Promise<TagShare[]> {
  const quoted = quoteName(schema);
  const columns = [...COLUMNS, ...Object.keys(await promotedColumns(db, schema, 'error_logs'))];
  const pairs = columns.map((name) => `'${name}', ${quoteName(name, 'columns')}`).join(', ');
  const where = occurrencesOf(quoted, span);
  const rows = await db.query<{ name: string; value: string; count: number; share: number }>(
    `with latest as (
       select tags, jsonb_strip_nulls(jsonb_build_object(${pairs})) as columns
       from ${quoted}.error_logs ${where.clause}
       order by created_at desc, id desc limit ${where.value(latest)}
     ), given as (
       select t.name, left(t.value #>> '{}', ${MAX_LENGTH}) as value
       from latest cross join jsonb_each(tags || columns) as t (name, value)
       where jsonb_typeof(t.value) in ('string', 'number', 'boolean')
     ), counted as (
       select name, value, count(*) as count, sum(count(*)) over (partition by name) as of_name,
         row_number() over (partition by name order by count(*) desc, value) as place,
         count(*) over (partition by name) as different
       from given group by name, value
     )
     select name, value, count, count::float8 / (select count(*) from latest) as share
     from (select *, dense_rank() over (order by of_name desc, different, name) as tag from counted) c
     where tag <= ${TAGS} and place <= ${VALUES}
     order by tag, place`,
    where.values,
  );
  const tags = new Map<string, TagShare>();
  for (const { name, ...value } of rows) {
    const tag = tags.get(name) ?? { name, values: [] };
    tag.values.push(value);
    tags.set(name, tag);
  }
  return [...tags.values()];
}
