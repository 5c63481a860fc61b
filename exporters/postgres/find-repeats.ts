// Records that are merged with what is there: a sender repeated them, so they were accepted once more, or they are part of another
// row. In: what a batch brought, and what of it became rows or counts now. Out: those that nobody noted before, for the ledger.

import type { Carrier } from '../../src/record/occurrence.ts';
import type { ErrorCountRow, ErrorLogRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { noteRepeats, type Repeat } from './statements/note-repeats.ts';
import type { Target } from './statements/statement.ts';

type Row = Pick<ErrorLogRow & ErrorCountRow, 'event_id' | 'created_at' | 'acceptance' | 'process'> &
  Pick<ErrorLogRow, 'occurrence'>;

/** @param known carriers of exceptions, by key: of a row that became part of another one they say when it came first */
export async function findRepeats(
  tx: Queryable,
  target: Target,
  given: readonly Row[],
  news: readonly Row[],
  known: ReadonlyMap<string, readonly Carrier[]>,
): Promise<Row[]> {
  const settled = new Set(news.map(nameOf));
  const repeats = new Map<string, Row & Repeat>();
  for (const row of given) {
    const { acceptance, occurrence } = row;
    if (acceptance === undefined || settled.has(nameOf(row))) continue;
    const id = row.event_id.toLowerCase();
    const carrier = occurrence && known.get(occurrence.key)?.find((one) => one.id === id && one.into !== id);
    if (carrier !== undefined && carrier.acceptance === acceptance) continue;
    repeats.set(nameOf(row), { ...row, acceptance, carried: carrier !== undefined, first: carrier?.acceptance });
  }
  if (repeats.size === 0) return [];
  const { text, values } = noteRepeats(target, [...repeats.values()]);
  const noted = await tx.query<Repeat>(text, values);
  return noted.map((row) => repeats.get(nameOf(row))!);
}

function nameOf({ event_id, acceptance }: Pick<Row, 'event_id' | 'acceptance'>): string {
  return `${event_id.toLowerCase()} ${acceptance}`;
}
