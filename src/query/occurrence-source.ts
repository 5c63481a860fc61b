// What did source maps tell of one occurrence? The lines around the culprit, the stack as it was caught, and what could not
// be mapped. Apart from recentLogs, since lists of rows would carry kilobytes that they do not show.

import type { CrumbFact } from '../record/fact.ts';
import type { SourceContext, UnmappedFile } from '../record/row.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export interface OccurrenceSource {
  /** null where nothing of the stack was mapped. */
  raw_stack_trace: string | null;
  source_context: SourceContext | null;
  unmapped_frames: UnmappedFile[] | null;
  /** What led to it, oldest first. */
  breadcrumbs: CrumbFact[] | null;
}

export async function getOccurrenceSource(
  db: Queryable,
  schema: string,
  { event_id, created_at }: { event_id: string; created_at: Date },
): Promise<OccurrenceSource> {
  // The time leaves out partitions; a Date holds milliseconds, the column microseconds.
  const [row] = await db.query<OccurrenceSource>(
    `select raw_stack_trace, source_context, unmapped_frames, breadcrumbs from ${quoteName(schema)}.error_logs
     where event_id = $1 and created_at between $2::timestamptz and $2::timestamptz + interval '1 millisecond'`,
    [event_id, created_at.toISOString()],
  );
  return row ?? { raw_stack_trace: null, source_context: null, unmapped_frames: null, breadcrumbs: null };
}
