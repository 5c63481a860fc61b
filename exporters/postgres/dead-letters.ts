// What becomes of dead letters by hand: stored after all, or thrown away. Each in one transaction with its ledger, so that
// a letter is in one place only, and doing it twice changes nothing.

import { type Batch, emptyBatch } from '../../src/deliver/sink.ts';
import type { PromotedColumns } from '../../src/record/row.ts';
import type { Db, Transaction } from '../../src/store/db.ts';
import { quoteName } from '../../src/store/identifiers.ts';
import { presentColumns } from '../../src/store/promoted-columns.ts';
import { toJson } from './encode.ts';
import { type Account, ledgerChanges } from './ledger-changes.ts';
import type { Target } from './statements/statement.ts';
import type { GoneLetter } from './statements/take-letters.ts';
import { upsertLedger } from './statements/upsert-ledger.ts';
import { writeBatch } from './write-batch.ts';

export async function openTarget(db: Db, schema: string, columns: PromotedColumns): Promise<Target> {
  const promoted = {
    error_logs: await presentColumns(db, schema, 'error_logs', columns),
    http_calls: await presentColumns(db, schema, 'http_calls', columns),
  };
  return { schema: quoteName(schema), promoted };
}

/** @returns false when somebody else was faster @throws what the database has against the rows; then the letter stays */
export function storeDeadLetter(db: Db, target: Target, id: number, rows: Partial<Batch>): Promise<boolean> {
  return db.transaction(async (tx) => {
    const gone = await take(tx, target, [id]);
    if (gone.length === 0) return false;
    await writeBatch(tx, target, { ...emptyBatch(), ...rows }, { replayed: true });
    await note(tx, target, { letters: gone });
    return true;
  });
}

/** @returns how many there were */
export function discardDeadLetters(db: Db, target: Target, ids: readonly number[]): Promise<number> {
  return db.transaction(async (tx) => {
    const gone = await take(tx, target, ids);
    await note(tx, target, { letters: gone, discarded: gone });
    return gone.length;
  });
}

function take(tx: Transaction, target: Target, ids: readonly number[]): Promise<GoneLetter[]> {
  return tx.query<GoneLetter>(
    `delete from ${target.schema}.dead_letters
     where id in (select value::bigint from json_array_elements_text($1::json))
     returning process, occurrences`,
    [toJson(ids)],
  );
}

async function note(tx: Transaction, target: Target, account: Account): Promise<void> {
  const changes = ledgerChanges(account);
  if (changes.length > 0) await tx.later([upsertLedger(target, changes)]);
}
