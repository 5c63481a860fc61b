// Batches into the tables, by the faster of two ways. COPY while nothing says that rows may be there already; it refuses
// the whole batch when one is (or when one is a count, which COPY alone would not see). Then, and after anything that
// leaves open what was committed, the insert that passes over what it finds, until a batch brought nothing but news. Either
// way a batch is one transaction.

import type { Batch, WriteResult } from '../../src/deliver/sink.ts';
import type { ErrorLogRow } from '../../src/record/row.ts';
import type { Db } from '../../src/store/db.ts';
import { type Copy, copyLogs } from './copy/copy-logs.ts';
import { refuseCounted } from './statements/refuse-counted.ts';
import type { Statement, Target } from './statements/statement.ts';
import { StormBudget } from './storm-budget.ts';
import { type Divide, distinctById, type InsertRows, insertNew, statementsOfNews, writeBatch } from './write-batch.ts';

/** Refusals of COPY that the insert did not share (row security, for one): so many, and it is not tried again. */
const MAX_REFUSALS = 3;
const FIRST_COPY_BYTES = 1024 * 1024;

/** A batch, encoded. */
interface Encoded {
  rows: number;
  copy: Copy;
  /** Before it, where others may have counted rows: refuses as COPY does. */
  guard: Statement[];
  /** All of it, where nothing has to be asked on the way. */
  statements?: Statement[];
}

export class BatchStore {
  readonly #db: Db;
  readonly #target: Target;
  readonly #budget: StormBudget;
  /** Whether other processes may have made counts of rows that come here. */
  readonly #mayBeCounted: boolean;
  /** True when rows may be there already: a new process may repeat what another had in flight. */
  #replaying = true;
  #refusals = 0;
  #copyBytes = FIRST_COPY_BYTES;
  readonly #prepared = new WeakMap<Batch, Encoded | undefined>();

  constructor(db: Db, target: Target, stormRows = 0) {
    this.#db = db;
    this.#target = target;
    this.#budget = new StormBudget(target, stormRows);
    this.#mayBeCounted = stormRows > 0;
  }

  /** Encodes ahead, while another batch is being written; not where rows may turn out to be part of others. */
  prepare(batch: Batch): void {
    if (this.#mayCopy(batch) && !batch.logs.some(isCarrier)) this.#prepared.set(batch, this.#encode(batch));
  }

  async write(given: Batch): Promise<WriteResult> {
    // What is repeated goes where it went before.
    if (!this.#replaying && given.logs.some(isCarrier)) return this.#writeCarriers(given);
    const batch = this.#replaying ? given : await this.#budget.divide(this.#db, given);
    const result = await this.#write(batch);
    this.#budget.wrote(batch);
    return result;
  }

  /** Divided on the way, once it is known which rows are part of others. */
  async #writeCarriers(given: Batch): Promise<WriteResult> {
    let divided = given;
    const result = await this.#write(given, async (tx, batch) => {
      divided = await this.#budget.divide(tx, batch);
      return divided;
    });
    this.#budget.wrote(divided);
    return result;
  }

  async #write(batch: Batch, divide?: Divide): Promise<WriteResult> {
    const copy = this.#copying(batch, divide);
    if (copy) {
      try {
        return await copy();
      } catch (error) {
        this.#replaying = true;
        // Whatever the server has against the rows, the insert tells better; if it has nothing, so much the better.
        if (!isRefusal(error)) throw error;
      }
    }
    const result = await this.#transaction(batch, insertNew(this.#target), divide);
    this.#replaying = result.duplicateLogs > 0;
    if (copy) this.#refusals = this.#replaying ? 0 : this.#refusals + 1;
    return result;
  }

  /** Nothing where COPY may not or cannot write it. */
  #copying(batch: Batch, divide: Divide | undefined): (() => Promise<WriteResult>) | undefined {
    if (!this.#mayCopy(batch)) return undefined;
    if (divide) return () => this.#transaction(batch, this.#copyOnTheWay, divide);
    const encoded = this.#encodedOf(batch);
    return encoded && (() => this.#copy(batch, encoded));
  }

  async #copy(batch: Batch, { rows, copy, guard, statements }: Encoded): Promise<WriteResult> {
    if (!statements) return this.#transaction(batch, copyAll([...guard, copy]));
    await this.#db.transaction((tx) => tx.later(statements));
    return { insertedLogs: rows, duplicateLogs: batch.logs.length - rows };
  }

  /** What is left of a batch once it is known which rows are part of others. */
  readonly #copyOnTheWay: InsertRows = async (tx, logs) => {
    const rows = [...logs.values()];
    const copy = copyLogs(this.#target, rows, this.#copyBytes);
    if (!copy) return insertNew(this.#target)(tx, logs);
    this.#copyBytes = Math.ceil(copy.data.length * 1.25);
    await tx.later([...this.#guardOf(rows), copy]);
    return rows;
  };

  #guardOf(logs: readonly ErrorLogRow[]): Statement[] {
    return this.#mayBeCounted ? [refuseCounted(this.#target, logs)] : [];
  }

  #transaction(batch: Batch, insert: InsertRows, divide?: Divide): Promise<WriteResult> {
    return this.#db.transaction((tx) => writeBatch(tx, this.#target, batch, { insert, divide }));
  }

  #mayCopy({ logs }: Batch): boolean {
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
      const guard = this.#guardOf(logs);
      const encoded = { rows: logs.length, copy, guard };
      if (batch.absorbed.length + batch.counts.length + batch.amendments.length > 0) return encoded;
      return { ...encoded, statements: [...guard, ...statementsOfNews(this.#target, batch, logs, copy)] };
    } catch {
      // The insert meets the same value and says what is wrong with it.
      return undefined;
    }
  }
}

function isCarrier({ occurrence }: ErrorLogRow): boolean {
  return occurrence !== undefined;
}

function copyAll(statements: Statement[]): InsertRows {
  return async (tx, logs) => {
    await tx.later(statements);
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
