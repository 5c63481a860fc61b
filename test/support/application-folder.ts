// A folder of an application's own, with packages of chosen versions under their own names: a hook knows a package by the
// folder it lies in, and an alias (`bunyan1`) lies in another.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

const MODULES = join(import.meta.dirname, '..', '..', 'node_modules');

/**
 * @param files a folder whose files the application consists of
 * @param packages name → folder of this checkout's node_modules (an alias, or the name itself)
 * @returns the folder
 */
export function applicationFolder(t: TestContext, files: string, packages: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowtrace-folder-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(files, folder, { recursive: true });
  for (const [name, from] of Object.entries(packages)) {
    const to = join(folder, 'node_modules', name);
    cpSync(join(MODULES, from), to, { recursive: true });
    for (const dependency of dependenciesOf(to)) link(dependency, folder);
  }
  return folder;
}

/** What is not nested in the package itself lies at the top of ours; from there its own dependencies are found. */
function link(name: string, folder: string): void {
  const to = join(folder, 'node_modules', name);
  if (existsSync(to) || !existsSync(join(MODULES, name))) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(MODULES, name), to, 'junction');
}

function dependenciesOf(folder: string): string[] {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  return Object.keys({ ...dependencies, ...optionalDependencies });
}
