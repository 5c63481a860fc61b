// Journals for tests: facts, a temporary folder per test, and waiting for a condition instead of for a time.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Entry } from '../../src/journal/entry.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal, JournalOptions } from '../../src/journal/journal-options.ts';
import type { JournalReader } from '../../src/journal/reader.ts';
import type { LogFact, ResourceFact } from '../../src/record/fact.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function resourceFact(process: string = uuidv7()): ResourceFact {
  return { k: 'resource', v: 1, process, service: 'shop', environment: 'test', host: 'here', pid: 1 };
}

export function logFact(message: string, more: Partial<LogFact> = {}): LogFact {
  return { k: 'log', id: uuidv7(), t: Date.now(), level: 'ERROR', message, ...more };
}

export function testJournal(dir: string, more: Partial<JournalOptions> = {}): Journal {
  return openJournal({ dir, resource: resourceFact(), maxBytes: 64 * 1024 * 1024, shippedBy: 'self', ...more });
}

/** Everything that can be read now. */
export function readAll(reader: JournalReader): Entry[] {
  const all: Entry[] = [];
  for (let chunk = reader.read(); chunk.length > 0; chunk = reader.read()) all.push(...chunk);
  return all;
}

export function messagesOf(entries: Entry[]): string[] {
  return entries.map((entry) => (entry.fact?.k === 'log' ? entry.fact.message : '-'));
}

/** Names of the files in the only journal below `dir`. */
export function filesOf(journalDir: string): string[] {
  return readdirSync(journalDir).sort();
}

export function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

/** @throws when the condition does not come true in time */
export async function until(what: string, condition: () => unknown, timeoutMillis = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMillis;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMillis} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
