// Merges later knowledge (an AmendFact) into a fact or a row that delivery still holds. Pure: new object out, the old one
// unchanged. The same rules as the UPDATE that a sink sends for rows already stored: the level only rises, given fields
// are set, tags are merged and older keys win.

import { given } from './columns.ts';
import type { AmendFact, LogFact, RequestFacts } from './fact.ts';
import { isAtLeast, LEVELS, type Level } from './level.ts';
import { LIMITS } from './limits.ts';
import { setOwn } from './plain.ts';
import type { AmendmentRow, ErrorLogRow } from './row.ts';
import { toAmendmentRows } from './to-rows.ts';

const REQUEST_FIELDS = ['route', 'method', 'status', 'latency', 'requestId', 'sessionId', 'userId'] as const;

/** The fact with the amendment in it; `hold` is gone after a final one. */
export function amendFact(fact: LogFact, amendment: AmendFact): LogFact {
  const request: RequestFacts = {};
  for (const field of REQUEST_FIELDS)
    if (amendment[field] !== undefined && amendment[field] !== null)
      Object.assign(request, { [field]: amendment[field] });
  const merged: LogFact = {
    ...fact,
    ...request,
    level: raised(fact.level, amendment.level),
    ...given({ module: amendment.module, tags: mergedTags(fact.tags, amendment.tags) }),
  };
  if (amendment.final) delete merged.hold;
  return merged;
}

/** The row with the amendment in it. `amendment`: the fact, or the row that toAmendmentRows made of it. */
export function amendRow(row: ErrorLogRow, amendment: AmendFact | AmendmentRow): ErrorLogRow {
  const ref = { id: row.event_id, t: row.created_at };
  const late = 'rows' in amendment ? toAmendmentRows({ ...amendment, rows: [ref] })[0]! : amendment;
  const { event_id: _id, created_at: _time, level, tags, ...columns } = late;
  return { ...row, ...given(columns), level: raised(row.level, level), tags: mergedTags(row.tags, tags) ?? {} };
}

function raised(held: Level, given: Level | undefined): Level {
  return given !== undefined && LEVELS.includes(given) && isAtLeast(given, held) ? given : held;
}

function mergedTags(older: Record<string, unknown> | undefined, newer: Record<string, unknown> | undefined) {
  if (newer === undefined || newer === null || typeof newer !== 'object') return older;
  const merged: Record<string, unknown> = { ...older };
  for (const [key, value] of Object.entries(newer)) {
    if (Object.keys(merged).length >= LIMITS.tags) break;
    if (!Object.hasOwn(merged, key)) setOwn(merged, key, value);
  }
  return merged;
}
