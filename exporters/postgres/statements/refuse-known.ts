// Around a COPY, which looks into error_logs only, in the same round trip: fail as COPY does (a refusal of the data) where
// one of the rows is known otherwise. What fails is a division by zero, as plain SQL has no statement that fails at will.

import type { ErrorLogRow } from '../../../src/record/row.ts';
import { timeBounds } from '../encode.ts';
import { mayBePart } from './remove-noted.ts';
import type { Statement, Target } from './statement.ts';

/**
 * Goes ahead. Fails where one is a count (another process may have made it one in the storm it died in) or a dead letter.
 *
 * @param rows what is copied, and what of the batch became part of other rows
 */
export function refuseKnown({ schema }: Target, rows: readonly ErrorLogRow[]): Statement {
  const text = refusal(
    `exists (
      select from ${schema}.error_counts where event_id = any ($1::uuid[]) and created_at between $2 and $3
    ) or exists (select from ${schema}.dead_letters where event_id = any ($1::uuid[]))`,
  );
  return { text, values: [idsOf(rows), ...timeBounds(rows)] };
}

/** Comes after it, as it may have waited. Fails where one is part of another row. None where no row may be. */
export function refuseNoted({ schema }: Target, rows: readonly ErrorLogRow[]): Statement[] {
  const parts = rows.filter(mayBePart);
  if (parts.length === 0) return [];
  const text = refusal(`exists (select from ${schema}.repeats where event_id = any ($1::uuid[]))`);
  return [{ text, values: [idsOf(parts)] }];
}

function refusal(condition: string): string {
  return `select 1 / (case when ${condition} then 0 else 1 end)`;
}

function idsOf(rows: readonly ErrorLogRow[]): string {
  return `{${rows.map(({ event_id }) => event_id).join(',')}}`;
}
