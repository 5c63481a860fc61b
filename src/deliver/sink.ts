// The Sink contract: the end of the pipe. deliver/ owns it; exporters/* implement it.

import type { Baseline } from '../record/baseline.ts';
import type {
  AbsorbedRow,
  AmendmentRow,
  DeadLetterRow,
  ErrorCountRow,
  ErrorLogRow,
  HistogramRow,
  HttpCallRow,
  LedgerRow,
} from '../record/row.ts';

/** Everything that is written together, in one transaction. Any list may be empty. */
export interface Batch {
  logs: ErrorLogRow[];
  /** Rows that are part of one of `logs` (or of its copy that is stored already): to be removed, if they are there. */
  absorbed: AbsorbedRow[];
  counts: ErrorCountRow[];
  amendments: AmendmentRow[];
  histograms: HistogramRow[];
  calls: HttpCallRow[];
  ledgers: LedgerRow[];
}

/** What really happened: rows that were there already are not counted. */
export interface WriteResult {
  insertedLogs: number;
  duplicateLogs: number;
  /** Occurrences that were counted instead of stored, where there were any. */
  aggregated?: number;
}

/**
 * - `outage`: the other side cannot be reached or is not ready. Keep everything, back off, try for ever.
 * - `slow`: it takes too long. Halve the batch, then as `outage`.
 * - `poison`: the data is refused. Split until one row is left, which becomes a dead letter.
 * - `config`: credentials, rights or schema are wrong. Pause, say so once, try again at a low rate; nothing is lost.
 */
export type FailureKind = 'outage' | 'slow' | 'poison' | 'config';

/** The only error a sink may throw. */
export class SinkError extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SinkError';
    this.kind = kind;
  }
}

export interface Sink {
  /** Makes the other side ready (connect, migrate). Called before the first write, and again after a `config` failure. */
  open(): Promise<void>;
  /** This batch will be written next: work that needs nothing of the other side may be done now. Throws nothing. */
  prepare?(batch: Batch): void;
  /** All or nothing; idempotent by event_id. @throws SinkError */
  write(batch: Batch): Promise<WriteResult>;
  /** @throws SinkError */
  deadLetter(rows: DeadLetterRow[]): Promise<void>;
  /** Makes what was written safe against a power cut. Absent where a write is as soon as it returns. */
  settle?(): Promise<void>;
  close(): Promise<void>;
  /** What is usual for the operations of a service at this hour, where the other side knows. */
  baselines?(place: Place): Promise<Baseline[]>;
}

export interface Place {
  service: string;
  environment: string;
}

export function emptyBatch(): Batch {
  return { logs: [], absorbed: [], counts: [], amendments: [], histograms: [], calls: [], ledgers: [] };
}
