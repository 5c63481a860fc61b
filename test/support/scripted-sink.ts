// A sink that fails on cue and remembers what it stored: idempotent by event_id like a real one, all or nothing.

import { type Batch, type FailureKind, type Sink, SinkError, type WriteResult } from '../../src/deliver/sink.ts';
import type { AmendmentRow, DeadLetterRow, ErrorLogRow } from '../../src/record/row.ts';

export class ScriptedSink implements Sink {
  readonly logs = new Map<string, ErrorLogRow>();
  readonly absorbed: Batch['absorbed'] = [];
  readonly amendments: AmendmentRow[] = [];
  readonly histograms: Batch['histograms'] = [];
  readonly ledgers: Batch['ledgers'] = [];
  readonly deadLetters: DeadLetterRow[] = [];
  /** Sizes of the batches offered, in logs. */
  readonly offered: number[] = [];
  opened = 0;
  /** What the next calls do before anything else; `after` fails when the rows are stored already (a lost reply). */
  script: (FailureKind | 'after' | 'ok')[] = [];
  /** Fails every call while set. */
  failing: FailureKind | undefined;
  /** Rows whose message matches are refused. */
  poison: RegExp | undefined;
  refuseDeadLetters = false;

  async open(): Promise<void> {
    this.opened++;
  }

  async write(batch: Batch): Promise<WriteResult> {
    this.offered.push(batch.logs.length);
    const step = this.#step();
    if (batch.logs.some(({ message }) => this.poison?.test(message))) throw new SinkError('poison', 'refused');
    const known = this.logs.size;
    for (const row of batch.logs) if (!this.logs.has(row.event_id)) this.logs.set(row.event_id, row);
    const insertedLogs = this.logs.size - known;
    this.absorbed.push(...batch.absorbed);
    for (const { event_id } of batch.absorbed) this.logs.delete(event_id);
    this.amendments.push(...batch.amendments);
    this.histograms.push(...batch.histograms);
    this.ledgers.push(...batch.ledgers);
    if (step === 'after') throw new SinkError('outage', 'connection lost in commit');
    return { insertedLogs, duplicateLogs: batch.logs.length - insertedLogs };
  }

  async deadLetter(rows: DeadLetterRow[]): Promise<void> {
    this.#step();
    if (this.refuseDeadLetters) throw new SinkError('poison', 'refused, too');
    this.deadLetters.push(...rows);
  }

  async close(): Promise<void> {}

  get messages(): string[] {
    return [...this.logs.values()].map(({ message }) => message);
  }

  #step(): FailureKind | 'after' | 'ok' {
    const step = this.failing ?? this.script.shift() ?? 'ok';
    if (step !== 'ok' && step !== 'after') throw new SinkError(step, `scripted ${step}`);
    return step;
  }
}
