// Facts straight into a sink, without a journal. What the database refuses is bisected and becomes a dead letter; what
// cannot be written within the attempts is reported, and lost unless the caller sends it again.

import { BatchWriter } from '../../src/deliver/batch-writer.ts';
import { type Item, takeBatch } from '../../src/deliver/item.ts';
import { countRows, rowsOf } from '../../src/deliver/rows-of.ts';
import type { RowRules } from '../../src/deliver/rules.ts';
import type { Sink } from '../../src/deliver/sink.ts';
import type { FactStore } from '../../src/receive/fact-store.ts';
import type { Fact, ResourceFact } from '../../src/record/fact.ts';

const ATTEMPTS = 4;
/** With four attempts the SDK's time for an export, 30 s, is left to the database. */
const LONGEST_WAIT_MILLIS = 2_000;
const BATCH_ROWS = 1_000;
const BATCH_BYTES = 2 * 1024 * 1024;

export interface DirectStore extends FactStore {
  /** Resolves when no write is under way. */
  settle(): Promise<void>;
}

/** @param own resource of the ledger */
export function createDirectStore(sink: Sink, rules: RowRules, own: ResourceFact): DirectStore {
  let isOpen = false;
  let pending: Promise<void> = Promise.resolve();

  async function write(queue: Item[], missing: Set<Item>): Promise<void> {
    let attempt = 1;
    const writer = new BatchWriter({
      sink,
      batchRows: BATCH_ROWS,
      batchBytes: BATCH_BYTES,
      configMillis: LONGEST_WAIT_MILLIS,
      random: Math.random,
      async sleep(millis) {
        if (attempt++ === ATTEMPTS) writer.closed = true;
        else await new Promise((later) => setTimeout(later, Math.min(millis, LONGEST_WAIT_MILLIS)));
      },
      onProblem: () => {},
      onState: () => {},
    });
    if (!isOpen) await writer.open();
    while (queue.length > 0 && !writer.closed) await writer.deliver(takeBatch(queue, writer.limits));
    isOpen = !writer.closed;
    if (missing.size > 0)
      throw new Error(`${missing.size} records were not written in ${ATTEMPTS} attempts: ${writer.lastError}`);
  }

  return {
    write(packs, ledger, onKept) {
      const missing = new Set<Item>();
      const take = (fact: Fact, resource: ResourceFact, onDone = () => {}): Item => {
        const done = () => {
          missing.delete(item);
          onDone();
        };
        const item: Item = { ...rowsOrDead(fact, resource, rules), done };
        missing.add(item);
        return item;
      };
      const queue = packs.flatMap((pack) =>
        pack.facts.map((fact) => take(fact, pack.resource, () => onKept({ ...pack, facts: [fact] }))),
      );
      queue.push(take(ledger, own));
      const written = pending.then(() => write(queue, missing));
      pending = written.catch(() => {});
      return written;
    },
    fill: () => 0,
    isStuck: () => false,
    settle: () => pending,
  };
}

function rowsOrDead(fact: Fact, resource: ResourceFact, rules: RowRules): Omit<Item, 'done'> {
  const source = { fact, resource };
  try {
    const rows = rowsOf(fact, resource, rules);
    return { rows, rowCount: countRows(rows), sizeBytes: JSON.stringify(fact).length, source };
  } catch (error) {
    return { rows: {}, rowCount: 1, sizeBytes: 0, source, deadReason: (error as Error).message };
  }
}
