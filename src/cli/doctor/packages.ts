// Which packages a folder can load, and how many copies of one there are below it. Reads package.json files only.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Enough for any application; a walk over more would make `doctor` slow. */
const MAX_FOLDERS = 50_000;

/** Version of the package that code in `folder` gets; nothing where there is none. */
export function installedVersion(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const version = versionIn(join(at, 'node_modules', name));
    if (version !== undefined) return version;
    if (dirname(at) === at) return undefined;
  }
}

export interface Copy {
  path: string;
  version: string;
}

/** Every copy in the node_modules trees below and above `folder`, links followed once (pnpm). */
export function copiesOf(folder: string, name: string): Copy[] {
  const copies = new Map<string, string>();
  const budget = { left: MAX_FOLDERS };
  for (let at = folder; ; at = dirname(at)) {
    walk(join(at, 'node_modules'), name, copies, budget);
    if (dirname(at) === at) break;
  }
  return [...copies].map(([path, version]) => ({ path, version }));
}

function walk(modules: string, name: string, copies: Map<string, string>, budget: { left: number }): void {
  const own = join(modules, name);
  const version = versionIn(own);
  if (version !== undefined) copies.set(realpathSync(own), version);
  for (const entry of foldersIn(modules)) {
    if (budget.left-- <= 0) return;
    const path = join(modules, entry);
    if (entry === '.pnpm')
      for (const inner of foldersIn(path)) walk(join(path, inner, 'node_modules'), name, copies, budget);
    else if (entry.startsWith('@'))
      for (const inner of foldersIn(path)) walk(join(path, inner, 'node_modules'), name, copies, budget);
    else if (!entry.startsWith('.')) walk(join(path, 'node_modules'), name, copies, budget);
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function versionIn(path: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as { version?: string }).version;
  } catch {
    return undefined;
  }
}

/** "9.10.2" ≥ "9.10". */
export function isAtLeastVersion(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let at = 0; at < b!.length; at++) {
    if ((a![at] ?? 0) !== b![at]) return (a![at] ?? 0) > b![at]!;
  }
  return true;
}
