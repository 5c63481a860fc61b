// A small program in a process of its own, preloaded from the sources: the rows that its journal holds when it ended.

import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Fact, LogFact } from '../../src/record/fact.ts';
import { spawnNode } from './children.ts';
import { folderFor } from './folder.ts';
import { journalOf } from './journal-text.ts';
import { layOut } from './layout.ts';

const REGISTER = new URL('../../src/register.ts', import.meta.url);
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

export interface Journaled {
  rows: LogFact[];
  facts: Fact[];
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  /** Name of its file. Default `app.mjs`. */
  file?: string;
  env?: Record<string, string>;
  /** Packages that it can resolve, as links of their own. Default: all of this checkout. */
  packages?: readonly string[];
  /** Packages of which it gets another version, and the alias that is installed under. */
  aliases?: Readonly<Record<string, string>>;
  /** Other files beside it, by path. */
  files?: Readonly<Record<string, string>>;
  /** Without us, for comparison. */
  bare?: true;
}

/** For a program: asks a server for each path, one after the other, whatever becomes of it. */
export const ASK = `
async function ask(server, ...paths) {
  if (!server.listening) await new Promise((listening) => server.once('listening', listening));
  for (const path of paths)
    await fetch('http://127.0.0.1:' + server.address().port + path).then((answer) => answer.text()).catch(() => {});
  server.close();
  server.closeAllConnections();
}`;

/** @returns rows with what their amendments say */
export async function journaled(t: TestContext, program: string, options: ProgramOptions = {}): Promise<Journaled> {
  const folder = furnished(t, options);
  const file = join(folder, options.file ?? 'app.mjs');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, program);
  for (const [path, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const dir = join(folder, 'rowtrace');
  const child = spawnNode(
    t,
    [...(options.bare ? [] : ['--import', REGISTER.href]), file],
    // Not our calls to ourselves.
    { ROWTRACE_DIR: dir, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici', ...options.env },
    folder,
  );
  const { code } = await child.ended;
  const facts = options.bare ? [] : factsIn(dir);
  return { rows: rowsOf(facts), facts, code, stdout: child.stdout, stderr: child.stderr };
}

/** @returns a folder in which the packages are that it shall have */
function furnished(t: TestContext, { aliases, packages }: ProgramOptions): string {
  const folder = folderFor(t);
  if (aliases !== undefined) return layOut(t, folder, aliases);
  if (packages === undefined) symlinkSync(MODULES, join(folder, 'node_modules'), 'junction');
  else for (const name of packages) linkPackage(name, folder);
  return folder;
}

/** As pnpm does: what the package itself needs is found from where it really lies. */
function linkPackage(name: string, folder: string): void {
  const link = join(folder, 'node_modules', name);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(realpathSync(join(MODULES, name)), link, 'junction');
}

function factsIn(dir: string): Fact[] {
  return journalOf(dir)
    .split('\n')
    .filter((line) => line.includes('{'))
    .flatMap((line) => {
      const one = JSON.parse(line.slice(line.indexOf('{'))) as Fact & { f?: Fact };
      return one.f ?? one;
    });
}

function rowsOf(facts: readonly Fact[]): LogFact[] {
  const rows = new Map<string, LogFact>();
  for (const fact of facts)
    if (fact.k === 'log') rows.set(fact.id, { ...fact });
    else if (fact.k === 'amend')
      for (const { id } of fact.rows) {
        const row = rows.get(id);
        const { level, route, status, latency, module } = fact;
        if (row !== undefined)
          Object.assign(row, JSON.parse(JSON.stringify({ level, route, status, latency, module })));
      }
  return [...rows.values()];
}

/** What a table of expected rows shows: level, message, route, status. */
export function drawn(rows: readonly LogFact[]): string[] {
  return rows.map(({ level, message, route, status }) => `${level} ${message} | ${route} | ${status}`);
}
