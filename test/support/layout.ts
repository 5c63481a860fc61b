// Another version of a package under its own name: npm installs it beside the first under an alias, instrumentations know
// packages by the name of their folder. In: an application and which alias stands for which package. Out: a folder with
// both, in which all other packages are links to ours.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules');

/** @returns the folder; `files` is a folder with the application */
export function layOut(t: TestContext, files: string, aliases: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowtrace-layout-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(files, folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  const names = Object.keys(aliases);
  const scopes = new Set(names.filter((name) => name.startsWith('@')).map((name) => dirname(name)));
  link(MODULES, modules, [...names, ...scopes]);
  for (const scope of scopes)
    link(
      join(MODULES, scope),
      join(modules, scope),
      names.map((name) => name.slice(scope.length + 1)),
    );
  for (const [name, alias] of Object.entries(aliases))
    cpSync(join(MODULES, alias), join(modules, name), { recursive: true });
  return folder;
}

function link(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (!except.includes(name) && !name.startsWith('.')) symlinkSync(join(from, name), join(to, name));
}
