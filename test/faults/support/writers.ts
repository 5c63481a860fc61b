// Writers that get in each other's way. In: how many, how much. Out: what they promised: every row whose write came back.

import { type Batch, emptyBatch, SinkError } from '../../../src/deliver/sink.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import { errorLog, fingerprintOf } from '../../support/rows.ts';
import { postgresSink } from './light.ts';
import type { Promised } from './producer.ts';

/** Few, so that every batch touches all of them. */
const ISSUES = 20;

export async function crossWrites(
  url: string,
  { writers, batches, rows }: { writers: number; batches: number; rows: number },
): Promise<Promised> {
  const all: Promised = { produced: new Set(), promised: new Set() };
  const write = async (writer: number) => {
    const sink = postgresSink(url, 500);
    await sink.open();
    for (let nr = 0; nr < batches; nr++) {
      const logs = Array.from({ length: rows }, (_, n) => row(writer, nr * rows + n));
      const keys = logs.map(({ tags }) => `${tags.producer}:${tags.seq}`);
      for (const key of keys) all.produced.add(key);
      await again(() => sink.write({ ...emptyBatch(), logs: shuffled(logs) } satisfies Batch));
      for (const key of keys) all.promised.add(key);
    }
    await sink.close();
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return all;
}

function row(writer: number, seq: number): ErrorLogRow {
  const issue = `issue ${seq % ISSUES}`;
  return errorLog({ message: issue, fingerprint: fingerprintOf(issue), tags: { producer: `w${writer}`, seq } });
}

/** As delivery does: an outage is tried again, and what a busy machine made too slow. */
async function again(work: () => Promise<unknown>): Promise<void> {
  for (;;)
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof SinkError) || !['outage', 'slow'].includes(error.kind)) throw error;
    }
}

function shuffled<T>(list: T[]): T[] {
  return list
    .map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
