// PGlite in memory for tests. Making its first database costs 2.7 s of processor time, loading one that was made 0.6 s, so
// the files of a run share one as it was made, by the version of PGlite; what is done to it stays with each.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { openPglite, type PgliteDb } from '../../src/store/pglite.ts';

const PACKAGE = join(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')), '../package.json');
const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
const MADE = resolve(import.meta.dirname, `../../node_modules/.cache/rowtrace-tests/pglite-${version}.tar`);

/** With nothing in it. */
export async function openTestPglite(): Promise<PgliteDb> {
  const made = read();
  if (made !== undefined) return openPglite(undefined, { loadDataDir: made });
  const db = await openPglite();
  // Loaded, it recovers as after a crash, and the timer of that progress keeps the process of the test alive.
  await db.query('alter system set log_startup_progress_interval = 0');
  const dump = await db.pglite.dumpDataDir('none');
  mkdirSync(dirname(MADE), { recursive: true });
  const part = `${MADE}.${process.pid}`;
  writeFileSync(part, await dump.bytes());
  renameSync(part, MADE);
  return db;
}

function read(): Blob | undefined {
  try {
    return new Blob([readFileSync(MADE)]);
  } catch {
    return undefined;
  }
}
