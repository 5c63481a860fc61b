// A small project in a folder of its own, built by real tools, run by a real Node, its errors mapped.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ErrorFact, LogFact, ResourceFact } from '../../src/record/fact.ts';
import { uuidv7 } from '../../src/util/uuid.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'source-maps');
export const STRIP_TYPES = join(FIXTURES, 'strip-types.cjs');

export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-maps-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The fixture project, sources in src/. */
export function shop(t: TestContext): string {
  const folder = folderFor(t);
  cpSync(join(FIXTURES, 'shop'), join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name":"shop","type":"module"}');
  return folder;
}

/** An unrelated change: every line moves, and minifiers give other names. */
export function shiftLines(folder: string, sources = 'src'): void {
  for (const file of readdirSync(join(folder, sources))) {
    const path = join(folder, sources, file);
    const more = '// Licence\n//\n// of twelve words that say nothing and move every line down\n\n';
    const names = Array.from({ length: 40 }, (_, i) => `(globalThis as never as number[])[${i}] = ${i};\n`).join('');
    const unused = `export function added${file.length}(first: number) {\n  const second = first * Math.random();\n  return [second, first];\n}\nconsole.assert(added${file.length}(1));\n`;
    writeFileSync(path, more + readFileSync(path, 'utf8') + unused + names);
  }
}

/** The errors that the built program prints. */
export function runCases(file: string, args: string[] = []): Record<string, ErrorFact> {
  const { stdout, stderr } = spawnSync(process.execPath, [...args, file], { encoding: 'utf8' });
  if (!stdout.startsWith('{')) throw new Error(`${file} did not run: ${stderr}`);
  return JSON.parse(stdout);
}

export function resourceOf(given: Partial<ResourceFact> = {}): ResourceFact {
  const place = { service: 'shop', environment: 'test', host: hostname(), pid: process.pid };
  return { k: 'resource', v: 1, process: uuidv7(), ...place, startedAt: Date.now(), ...given };
}

export function logOf(error: ErrorFact): LogFact {
  return { k: 'log', id: uuidv7(), t: Date.now(), level: 'ERROR', message: error.message, error };
}

/** "function file:line" of the frames of the project's own files, relative to src/. */
export function places(stack: string | undefined): string[] {
  return (stack ?? '').split('\n').flatMap((line) => {
    const found = /^\s+at (?:(.+) \()?(?:file:\/\/)?\/.*\/(src\/[^:]+:\d+):\d+\)?$/.exec(line);
    return found === null ? [] : [`${found[1] ?? '-'} ${found[2]}`];
  });
}
