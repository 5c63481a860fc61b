// Rows that have parts and became part of another row themselves, of processes that make their ids themselves. A replay may
// make them anew, until it comes to that other row: their parts are counted already. Returns which of those asked for were
// noted by an earlier batch.

import { toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

/** In place of a request, whose numbers are not negative. */
const NO_REQUEST = -1;

export function noteWholes(target: Target, wholes: readonly string[], asked: readonly string[]): Statement {
  // What the insert adds the query does not see yet.
  const text = `
    with noted as (
      insert into ${target.schema}.repeats (event_id, acceptance)
      select distinct value::uuid, ${NO_REQUEST} from json_array_elements_text($1::json) order by 1
      on conflict (event_id, acceptance) do nothing
    )
    select event_id::text from ${target.schema}.repeats
    where event_id in (select value::uuid from json_array_elements_text($2::json)) and acceptance = ${NO_REQUEST}`;
  return { text, values: [toJson(wholes), toJson(asked)] };
}
