// A Postgres sink on a fresh database of either kind, for tests that must hold on both.

import type { TestContext } from 'node:test';
import { createPostgresSink, type PostgresSinkOptions } from '../../exporters/postgres/postgres-sink.ts';
import { type Batch, emptyBatch, type Sink } from '../../src/deliver/sink.ts';
import type { Db } from '../../src/store/db.ts';
import type { PgliteDb } from '../../src/store/pglite.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { databaseFor } from './database.ts';
import { openTestPglite } from './pglite.ts';

export const KINDS = ['postgres', 'pglite'] as const;
export type Kind = (typeof KINDS)[number];

// Starting PGlite takes seconds, so the tests of a file share one instance, each with an empty schema.
let shared: Promise<PgliteDb> | undefined;

export interface OpenedSink {
  sink: Sink;
  db: Db;
  /** Postgres only. */
  url: string;
}

export async function openSink(
  t: TestContext,
  kind: Kind,
  given: Partial<PostgresSinkOptions> = {},
): Promise<OpenedSink> {
  const { db, url } = await openDatabase(t, kind);
  // Folding only when a test asks for it.
  const options = { foldEveryMillis: 3_600_000, ...given };
  const opened = kind === 'postgres' ? openPostgres(url) : { ...db, close: async () => undefined };
  const { watched, looked } = watchMaintenance(opened);
  const sink = createPostgresSink({ open: async () => watched, ...options });
  await sink.open();
  // What was left behind is folded at once, in a round that would else meet the rows of the test.
  await looked;
  t.after(() => sink.close());
  return { sink, db, url };
}

/** @returns when maintenance has been through once, or failed */
function watchMaintenance(db: Db): { watched: Db; looked: Promise<void> } {
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const query: Db['query'] = async (text, values) => {
    try {
      const rows = await db.query<never>(text, values);
      // The last that it asks; what it analyzes then has no rows yet.
      if (text.includes('pg_relation_size')) resolve();
      return rows;
    } catch (error) {
      resolve();
      throw error;
    }
  };
  return { watched: { ...db, query }, looked };
}

/** Several writers of one Postgres. */
export async function openSinks(
  t: TestContext,
  count: number,
  options: Partial<PostgresSinkOptions> = {},
): Promise<{ sinks: Sink[]; db: Db }> {
  const { db, url } = await databaseFor(t);
  const open = async () => openPostgres(url);
  const sinks = Array.from({ length: count }, () => createPostgresSink({ open, ...options }));
  await Promise.all(sinks.map((sink) => sink.open()));
  t.after(() => Promise.all(sinks.map((sink) => sink.close())));
  return { sinks, db };
}

async function openDatabase(t: TestContext, kind: Kind): Promise<{ db: Db; url: string }> {
  if (kind === 'postgres') return databaseFor(t);
  shared ??= openTestPglite();
  const db = await shared;
  await db.query('drop schema if exists rowtrace cascade');
  return { db, url: '' };
}

export function batch(given: Partial<Batch>): Batch {
  return { ...emptyBatch(), ...given };
}

/** Folds until nothing is left: the sink may be folding at the same time, and then a call returns at once. */
export async function foldAll(db: Db): Promise<void> {
  while ((await db.query('select from rowtrace.issue_deltas limit 1')).length > 0)
    await db.query('select rowtrace.fold_issue_deltas()');
}
