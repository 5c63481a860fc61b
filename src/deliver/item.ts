// What waits to be written: one fact's rows, or a line that can only become a dead letter. And batches made of them.

import { createHash } from 'node:crypto';
import { occurrencesIn } from '../journal/sequence.ts';
import type { Fact } from '../record/fact.ts';
import type { DeadLetterRow } from '../record/row.ts';
import { type Batch, emptyBatch } from './sink.ts';

/** What a dead letter shows: a fact and its writer, or, where it is a row (or a letter) already, what that says of itself. */
type Source = { fact?: Fact; raw?: string } & Partial<Omit<DeadLetterRow, 'reason' | 'absorbed'>>;

type Counters = Pick<DeadLetterRow, 'accepted' | 'merged'>;

export interface Item {
  rows: Partial<Batch>;
  rowCount: number;
  sizeBytes: number;
  /** Set: not to be written as rows. */
  deadReason?: string;
  source: Source;
  /** It is stored, dead-lettered or otherwise accounted for. */
  done(): void;
}

/** Rows of many items in one batch. */
export function toBatch(items: readonly Item[]): Batch {
  const batch = emptyBatch();
  for (const { rows } of items) {
    if (rows.logs) batch.logs.push(...rows.logs);
    if (rows.counts) batch.counts.push(...rows.counts);
    if (rows.absorbed) batch.absorbed.push(...rows.absorbed);
    if (rows.amendments) batch.amendments.push(...rows.amendments);
    if (rows.histograms) batch.histograms.push(...rows.histograms);
    if (rows.calls) batch.calls.push(...rows.calls);
    // Absolute counters: only the newest of a process matters, and one statement must not touch a row twice.
    for (const ledger of rows.ledgers ?? []) {
      const known = batch.ledgers.findIndex(({ process }) => process === ledger.process);
      if (known === -1) batch.ledgers.push(ledger);
      else {
        const newest = batch.ledgers[known]!.seq < ledger.seq ? ledger : batch.ledgers[known]!;
        // The end of a process comes last, and reports nothing itself.
        batch.ledgers[known] = ledger.ended ? { ...newest, ended: true } : newest;
      }
    }
  }
  return batch;
}

export interface BatchLimits {
  rows: number;
  bytes: number;
}

/**
 * Takes the front of the queue: up to the limits, at least one item, and never two amendments of one row (an UPDATE joined
 * with two source rows would apply either).
 */
export function takeBatch(queue: Item[], limits: BatchLimits): Item[] {
  const amended = new Set<string>();
  let rows = 0;
  let bytes = 0;
  let count = 0;
  for (const item of queue) {
    rows += item.rowCount;
    bytes += item.sizeBytes;
    if (count > 0 && (rows > limits.rows || bytes > limits.bytes)) break;
    const ids = item.rows.amendments?.map((row) => row.event_id) ?? [];
    if (ids.some((id) => amended.has(id))) break;
    for (const id of ids) amended.add(id);
    count++;
  }
  return queue.splice(0, count);
}

/**
 * What remains of a record that a sink does not take even as text: its length and a digest, so that it is kept once, and
 * what the ledger needs. Names of the writer are text, too.
 */
export function withoutText(source: Source): Source {
  const { service, resource, raw, ...rest } = described(source);
  const digest = createHash('sha256').update(raw).digest('hex');
  return { ...rest, raw: `${raw.length} characters, sha256 ${digest}` };
}

/** NUL and lone surrogates are what a text column refuses; the rest of the line stays as it is. */
export function toDeadLetter(item: Item, reason: string): DeadLetterRow {
  const { raw, ...rest } = described(item.source);
  return { ...rest, absorbed: item.rows.absorbed, reason: clean(reason), raw: clean(raw) };
}

/** A fact says it all itself, the damaged ones as far as they go. */
function described({ fact, ...given }: Source) {
  const { resource, raw = JSON.stringify(fact), process = resource?.process, service = resource?.service } = given;
  const { event_id = fact && 'id' in fact ? fact.id : undefined, kind = kindOf(fact) } = given;
  const { occurrences = fact === undefined ? 0 : occurrencesIn(fact) } = given;
  const counters = fact === undefined ? countersOf(given.accepted, given.merged) : countersIn(fact);
  const id = typeof event_id === 'string' && UUID.test(event_id) ? event_id : undefined;
  const told = given.acceptance ?? resource?.acceptance;
  const acceptance = Number.isSafeInteger(told) ? told : undefined;
  return { event_id: id, acceptance, process, service, ...counters, occurrences, resource, kind, raw };
}

function countersIn(fact: Fact): Counters {
  return fact.k === 'log' || fact.k === 'count' ? countersOf(fact.n, fact.m) : {};
}

/** The record may be damaged, and that is why it is here. */
function countersOf(accepted: number | undefined, merged: number | undefined): Counters {
  return Number.isSafeInteger(accepted) ? { accepted, merged: Number.isSafeInteger(merged) ? merged : 0 } : {};
}

function kindOf(fact: Fact | undefined): string {
  return typeof fact?.k === 'string' ? fact.k : 'line';
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\\u0000');
}
