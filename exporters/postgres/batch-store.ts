// Batches into the tables, by the faster of two ways. COPY while nothing says that rows may be there already; it refuses
// the whole batch when one is. Then, and after anything that leaves open what was committed, the insert that passes over
// what it finds, until a batch brought nothing but news. Either way a batch is one transaction.

import type { Batch, WriteResult } from '../../src/deliver/sink.ts';
import type { Db } from '../../src/store/db.ts';
import { type Copy, copyLogs } from './copy/copy-logs.ts';
import type { Statement, Target } from './statements/statement.ts';
import { StormBudget } from './storm-budget.ts';
import { distinctById, type InsertRows, insertNew, statementsOfNews, writeBatch } from './write-batch.ts';

/** Refusals of COPY that the insert did not share (row security, for one): so many, and it is not tried again. */
const MAX_REFUSALS = 3;
const FIRST_COPY_BYTES = 1024 * 1024;

/** A batch, encoded. */
interface Encoded {
  rows: number;
  copy: Copy;
  /** All of it, where nothing has to be asked on the way. */
  statements?: Statement[];
}

export class BatchStore {
  readonly #db: Db;
  readonly #target: Target;
  readonly #budget: StormBudget;
  /** True when rows may be there already: a new process may repeat what another had in flight. */
  #replaying = true;
  #refusals = 0;
  #copyBytes = FIRST_COPY_BYTES;
  readonly #prepared = new WeakMap<Batch, Encoded | undefined>();

  constructor(db: Db, target: Target, stormRows = 0) {
    this.#db = db;
    this.#target = target;
    this.#budget = new StormBudget(target, stormRows);
  }

  /** Encodes ahead, while another batch is being written. */
  prepare(batch: Batch): void {
    if (this.#mayCopy(batch)) this.#prepared.set(batch, this.#encode(batch));
  }

  async write(given: Batch): Promise<WriteResult> {
    // What is repeated goes where it went before.
    const batch = this.#replaying ? given : await this.#budget.divide(this.#db, given);
    const result = await this.#write(batch);
    this.#budget.wrote(batch);
    return result;
  }

  async #write(batch: Batch): Promise<WriteResult> {
    const encoded = this.#mayCopy(batch) ? this.#encodedOf(batch) : undefined;
    if (encoded) {
      try {
        return await this.#copy(batch, encoded);
      } catch (error) {
        this.#replaying = true;
        // Whatever the server has against the rows, the insert tells better; if it has nothing, so much the better.
        if (!isRefusal(error)) throw error;
      }
    }
    const result = await this.#transaction(batch, insertNew(this.#target));
    this.#replaying = result.duplicateLogs > 0;
    if (encoded) this.#refusals = this.#replaying ? 0 : this.#refusals + 1;
    return result;
  }

  async #copy(batch: Batch, { rows, copy, statements }: Encoded): Promise<WriteResult> {
    if (!statements) return this.#transaction(batch, copyAll(copy));
    await this.#db.transaction((tx) => tx.later(statements));
    return { insertedLogs: rows, duplicateLogs: batch.logs.length - rows };
  }

  #transaction(batch: Batch, insert: InsertRows): Promise<WriteResult> {
    return this.#db.transaction((tx) => writeBatch(tx, this.#target, batch, insert));
  }

  /** Not where rows may turn out to be part of others: what is encoded ahead is written whole. */
  #mayCopy({ logs }: Batch): boolean {
    if (logs.some(({ occurrence }) => occurrence !== undefined)) return false;
    return this.#db.kind === 'postgres' && logs.length > 0 && !this.#replaying && this.#refusals < MAX_REFUSALS;
  }

  #encodedOf(batch: Batch): Encoded | undefined {
    return this.#prepared.has(batch) ? this.#prepared.get(batch) : this.#encode(batch);
  }

  #encode(batch: Batch): Encoded | undefined {
    try {
      const logs = [...distinctById(batch.logs).values()];
      const copy = copyLogs(this.#target, logs, this.#copyBytes);
      if (!copy) return undefined;
      this.#copyBytes = Math.ceil(copy.data.length * 1.25);
      if (batch.absorbed.length + batch.counts.length + batch.amendments.length > 0) return { rows: logs.length, copy };
      return { rows: logs.length, copy, statements: statementsOfNews(this.#target, batch, logs, copy) };
    } catch {
      // The insert meets the same value and says what is wrong with it.
      return undefined;
    }
  }
}

function copyAll(copy: Copy): InsertRows {
  return async (tx, logs) => {
    await tx.later([copy]);
    return [...logs.values()];
  };
}

/** SQLSTATE classes in which the server says no to what it was given, and not that it cannot do it now. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return (
    typeof code === 'string' && /^(0A|08P01|2[0-9]|42|54|P0)/.test(code) && code !== '25006' && !code.startsWith('28')
  );
}
