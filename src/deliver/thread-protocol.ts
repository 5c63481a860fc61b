// What crosses the thread boundary: start data, messages, and one block of shared memory that both sides can read while the
// other is blocked. At the end of a process the main thread waits in it; no message could reach it then.

import type { ArchiveOptions } from '../journal/archive.ts';
import type { Baseline } from '../record/baseline.ts';
import type { FingerprintRule } from '../record/fingerprint/index.ts';
import type { PromotedColumns } from '../record/row.ts';
import type { DeliveryState } from './batch-writer.ts';
import type { Place } from './sink.ts';

/** What delivery itself needs; the object may have more, for the sink that the entry file makes. Structured-clonable. */
export interface ThreadOptions {
  dir: string;
  columns: PromotedColumns;
  fingerprintRules?: readonly FingerprintRule[];
  holdMillis?: number;
  /** As in ShipperOptions. */
  batchRows?: number;
  batchBytes?: number;
  archive?: ArchiveOptions | undefined;
  /** Whose baselines are read and posted; absent: nobody's. */
  baselinesOf?: Place;
}

export interface ThreadData {
  options: ThreadOptions;
  journalDir: string | undefined;
  shared: SharedArrayBuffer;
}

/** `flush` has an id, answered in the shared memory (FLUSHED) and by a message. */
export type ToThread =
  | { type: 'flush'; id: number; timeoutMillis: number; releaseHeld: boolean }
  | { type: 'follow'; journalDir: string }
  | { type: 'place'; place: Place }
  | { type: 'wake' }
  | { type: 'close' };

export type FromThread =
  | { type: 'flushed'; id: number; complete: boolean }
  | { type: 'baselines'; baselines: Baseline[] }
  | { type: 'error'; message: string };

/** Int32 slots. SIGNAL changes whenever another slot did; the main thread waits on it. */
export const SIGNAL = 0;
/** Id of the last flush that was complete. */
export const FLUSHED = 1;
export const STATE = 2;
const COUNTERS_AT = 16;
const COUNTERS = ['stored', 'duplicates', 'aggregated', 'merged', 'deadLettered', 'held', 'pendingBytes'] as const;
export const SHARED_BYTES = COUNTERS_AT + COUNTERS.length * 8;

export type ThreadState = 'starting' | DeliveryState | 'stopped';
const STATES: readonly ThreadState[] = ['starting', 'idle', 'shipping', 'outage', 'config', 'stopped'];

export type ThreadCounters = Record<(typeof COUNTERS)[number], number>;

export function setState(shared: SharedArrayBuffer, state: ThreadState): void {
  Atomics.store(new Int32Array(shared), STATE, STATES.indexOf(state));
  signal(shared);
}

export function getState(shared: SharedArrayBuffer): ThreadState {
  return STATES[Atomics.load(new Int32Array(shared), STATE)] ?? 'stopped';
}

/** Waiting for a database that is away, or that somebody has to repair first, would only delay the end of the process. */
export function isTrouble(state: ThreadState): boolean {
  return state === 'outage' || state === 'config' || state === 'stopped';
}

export function setFlushed(shared: SharedArrayBuffer, id: number): void {
  Atomics.store(new Int32Array(shared), FLUSHED, id);
  signal(shared);
}

export function signal(shared: SharedArrayBuffer): void {
  const slots = new Int32Array(shared);
  Atomics.add(slots, SIGNAL, 1);
  Atomics.notify(slots, SIGNAL);
}

/** Plain numbers: a torn read of a statistic harms nobody. */
export function setCounters(shared: SharedArrayBuffer, counters: ThreadCounters): void {
  new Float64Array(shared, COUNTERS_AT).set(COUNTERS.map((name) => counters[name]));
}

export function getCounters(shared: SharedArrayBuffer): ThreadCounters {
  const values = new Float64Array(shared, COUNTERS_AT);
  return Object.fromEntries(COUNTERS.map((name, index) => [name, values[index]!])) as ThreadCounters;
}
