// A sink that keeps rows in arrays: for tests, ours and those of applications. Idempotent by event_id like every sink;
// amendments are applied to the rows, absorbed ones removed. Bounded by nothing.

import type { Batch, Sink, WriteResult } from '../../src/deliver/sink.ts';
import { amendRow } from '../../src/record/apply-amendment.ts';
import type {
  DeadLetterRow,
  ErrorCountRow,
  ErrorLogRow,
  HistogramRow,
  HttpCallRow,
  LedgerRow,
} from '../../src/record/row.ts';

export class MemorySink implements Sink {
  readonly deadLetters: DeadLetterRow[] = [];
  readonly #logs = new Map<string, ErrorLogRow>();
  readonly #counts = new Map<string, ErrorCountRow>();
  readonly #histograms = new Map<string, HistogramRow>();
  readonly #calls = new Map<string, HttpCallRow>();
  readonly #ledgers = new Map<string, LedgerRow>();

  get logs(): ErrorLogRow[] {
    return [...this.#logs.values()];
  }

  get counts(): ErrorCountRow[] {
    return [...this.#counts.values()];
  }

  get histograms(): HistogramRow[] {
    return [...this.#histograms.values()];
  }

  get calls(): HttpCallRow[] {
    return [...this.#calls.values()];
  }

  get ledgers(): LedgerRow[] {
    return [...this.#ledgers.values()];
  }

  async open(): Promise<void> {}

  async write(batch: Batch): Promise<WriteResult> {
    const known = this.#logs.size;
    for (const row of batch.logs) if (!this.#logs.has(row.event_id)) this.#logs.set(row.event_id, row);
    const insertedLogs = this.#logs.size - known;
    for (const { event_id } of batch.absorbed) this.#logs.delete(event_id);
    let aggregated = 0;
    for (const row of batch.counts) {
      if (this.#counts.has(row.event_id)) continue;
      this.#counts.set(row.event_id, row);
      aggregated += row.count;
    }
    for (const amendment of batch.amendments) {
      const row = this.#logs.get(amendment.event_id);
      if (row) this.#logs.set(row.event_id, amendRow(row, amendment));
    }
    for (const row of batch.histograms) this.#histograms.set(`${row.process}/${row.seq}`, row);
    for (const row of batch.calls) this.#calls.set(row.event_id, row);
    for (const row of batch.ledgers)
      if ((this.#ledgers.get(row.process)?.seq ?? -1) < row.seq) this.#ledgers.set(row.process, row);
    return { insertedLogs, duplicateLogs: batch.logs.length - insertedLogs, ...(aggregated > 0 && { aggregated }) };
  }

  async deadLetter(rows: DeadLetterRow[]): Promise<void> {
    this.deadLetters.push(...rows);
  }

  async close(): Promise<void> {}
}
