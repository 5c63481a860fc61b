// One exception, one row, whoever carried it here: rows of a batch that are further carriers of an exception leave it and
// become amendments of the row that stands for it, in this batch or in the table.

import { amendRow } from '../../src/record/apply-amendment.ts';
import { addCarrier, type Carrier, findCarrier } from '../../src/record/occurrence.ts';
import type { AmendmentRow, ErrorLogRow } from '../../src/record/row.ts';
import type { Queryable } from '../../src/store/db.ts';
import { type KnownOccurrence, noteCarriers, takeOccurrences } from './statements/occurrence-keys.ts';
import type { Statement, Target } from './statements/statement.ts';

export interface Joined {
  /** What is to be inserted. */
  logs: Map<string, ErrorLogRow>;
  amendments: AmendmentRow[];
  /** Rows that became part of another one now, and not in an earlier attempt. */
  joined: ErrorLogRow[];
  /** All carriers of the exceptions, by key. */
  known: ReadonlyMap<string, readonly Carrier[]>;
  statements: Statement[];
}

export async function joinOccurrences(
  tx: Queryable,
  target: Target,
  logs: ReadonlyMap<string, ErrorLogRow>,
): Promise<Joined> {
  const result: Joined = { logs: new Map(logs), amendments: [], joined: [], known: new Map(), statements: [] };
  const carrying = [...logs.values()].filter((row) => row.occurrence !== undefined);
  if (carrying.length === 0) return result;
  const { text, values } = takeOccurrences(target, carrying);
  const found = await tx.query<KnownOccurrence>(text, values);
  const known = new Map<string, readonly Carrier[]>(found.map(({ key, carriers }) => [key, carriers]));
  const stored = new Set(found.flatMap(({ carriers }) => carriers.map(({ into }) => into)));
  // Outer spans begin first: the row that stands for all is the same in most batches, though any would do.
  for (const row of carrying) place(row, known, stored, result);
  result.known = known;
  result.statements.push(noteCarriers(target, known));
  return result;
}

/** @param stored ids of rows that stand for others and are in the table */
function place(
  row: ErrorLogRow,
  known: Map<string, readonly Carrier[]>,
  stored: ReadonlySet<string>,
  result: Joined,
): void {
  const { key, ...placed } = row.occurrence!;
  const id = row.event_id.toLowerCase();
  const carriers = known.get(key) ?? [];
  const same = findCarrier(carriers, { id, ...placed });
  const own = { id, into: same?.into ?? id, t: same?.t ?? row.created_at, acceptance: row.acceptance, ...placed };
  if (same?.id !== id) known.set(key, addCarrier(carriers, own));
  if (own.into === id) return;
  result.logs.delete(id);
  if (same?.id !== id) result.joined.push(row);
  const amendment = amendmentOf(row, own);
  const stands = result.logs.get(own.into);
  if (stands) result.logs.set(own.into, amendRow(stands, amendment));
  // The insert passes over a row that is in the table, with what it took in here.
  if (!stands || stored.has(own.into)) result.amendments.push(amendment);
}

/** What a further carrier knows that the first may not. */
function amendmentOf(row: ErrorLogRow, { into, t, path }: Carrier): AmendmentRow {
  const words = row.message === row.error_message ? {} : { 'log.body': row.message };
  const { route, http_method, http_status, latency_ms, request_id, session_id, user_id } = row;
  const told = { route, http_method, http_status, latency_ms, request_id, session_id, user_id };
  return {
    event_id: into,
    created_at: t,
    level: row.level,
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    // A logger's name says more than that of an instrumentation; only log records come without a path.
    ...(path === undefined && row.module !== undefined ? { module: row.module } : {}),
    tags: { ...row.tags, ...words },
  };
}
