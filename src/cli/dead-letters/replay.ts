// Works through dead letters: each is made a row by the rules of today and stored, or stays with the reason. What a worker of
// the queue gave up is a row already.

import { openTarget, storeDeadLetter } from '../../../exporters/postgres/dead-letters.ts';
import { decodeRow } from '../../deliver/batch-codec.ts';
import { rowsOf } from '../../deliver/rows-of.ts';
import { recordRules } from '../../deliver/rules.ts';
import type { Options } from '../../options/options.ts';
import { readDeadLetter } from '../../query/dead-letters.ts';
import { ROW_KINDS } from '../../record/row.ts';
import type { Db } from '../../store/db.ts';

export interface Replayed {
  id: number;
  outcome: 'stored' | 'refused' | 'gone';
  reason?: string;
}

export type ReplayOne = (id: number) => Promise<Replayed>;

export async function createReplay(db: Db, { schema, columns, fingerprintRules }: Options): Promise<ReplayOne> {
  const target = await openTarget(db, schema, columns);
  const rules = recordRules(columns, fingerprintRules);
  return async (id) => {
    const letter = await readDeadLetter(db, schema, id);
    if (!letter) return { id, outcome: 'gone' };
    const { kind, resource, raw } = letter;
    if (!isRow(kind) && !resource) return { id, outcome: 'refused', reason: 'it is not known who wrote it' };
    try {
      const rows = isRow(kind) ? decodeRow(kind, raw) : rowsOf(JSON.parse(raw), resource!, rules);
      return { id, outcome: (await storeDeadLetter(db, target, id, rows)) ? 'stored' : 'gone' };
    } catch (error) {
      if (isAway(error)) throw error;
      return { id, outcome: 'refused', reason: (error as Error).message };
    }
  };
}

function isRow(kind: string): kind is keyof typeof ROW_KINDS {
  return Object.hasOwn(ROW_KINDS, kind);
}

const REFUSALS = new Set(['MalformedFactError', 'BatchDecodeError', 'SyntaxError', 'SinkError']);

/** The database is the trouble and not the letter: no SQLSTATE at all, or one that says so. */
function isAway(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: string };
  if (REFUSALS.has(name ?? '')) return false;
  if (typeof code !== 'string')
    return (error as { fix?: unknown }).fix !== undefined || /connect|terminat|timeout/i.test(String(error));
  return /^(08|53|57|55|E[A-Z]+)/.test(code);
}
