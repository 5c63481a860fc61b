// Goes ahead of a COPY, which looks into error_logs only, in the same round trip: fails as COPY does (a refusal of the data)
// where one of the rows is there as a count. Another process may have made it one in the storm it died in. What fails is
// a division by zero, as plain SQL has no statement that fails at will.

import type { ErrorLogRow } from '../../../src/record/row.ts';
import { encodeTime } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

export function refuseCounted(target: Target, rows: readonly ErrorLogRow[]): Statement {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { created_at } of rows) {
    if (created_at < from) from = created_at;
    if (created_at > to) to = created_at;
  }
  // The times leave out partitions.
  const text = `
    select 1 / (case when exists (
      select from ${target.schema}.error_counts
      where event_id = any ($1::uuid[]) and created_at between $2 and $3
    ) then 0 else 1 end)`;
  return { text, values: [`{${rows.map(({ event_id }) => event_id).join(',')}}`, encodeTime(from), encodeTime(to)] };
}
