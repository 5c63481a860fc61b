// Which packages a folder can load, and how many copies of one there are below it. Reads package.json files only.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pluggedFolder } from '../../util/pnp.ts';

/** Enough for any application; a walk over more would make `doctor` slow. */
const MAX_FOLDERS = 50_000;

/** Version of the package that code in `folder` gets; nothing where there is none. */
export function installedVersion(folder: string, name: string): string | undefined {
  return installed(folder, name)?.version;
}

/** The Node that the package is for, as it says. */
export function wantedNode(folder: string, name: string): string | undefined {
  return installed(folder, name)?.engines?.node;
}

function installed(folder: string, name: string): Manifest | undefined {
  const plugged = pluggedFolder(folder, name);
  if (plugged !== undefined) return manifestIn(plugged);
  for (let at = folder; ; at = dirname(at)) {
    const manifest = manifestIn(join(at, 'node_modules', name));
    if (manifest?.version !== undefined) return manifest;
    if (dirname(at) === at) return undefined;
  }
}

interface Manifest {
  version?: string;
  engines?: { node?: string };
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
  const version = manifestIn(own)?.version;
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

function manifestIn(path: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest;
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

/** Ranges as instrumentations have them: `>=4 <6`, `^8.0.0 || 9.x`, `*`. A prerelease counts as its release. */
export function isInRange(version: string, range: string): boolean {
  return range.split('||').some((all) =>
    all
      .trim()
      .split(/\s+/)
      .every((one) => satisfies(version, one)),
  );
}

function satisfies(version: string, comparator: string): boolean {
  const match = /^(>=|<=|>|<|=|\^|~)?v?([\d.xX*]*)/.exec(comparator)!;
  const [, operator = '', given = ''] = match;
  const parts = given.split('.').filter((part) => /^\d+$/.test(part));
  const bound = parts.join('.');
  if (bound === '') return true;
  const isLeast = isAtLeastVersion(version, bound);
  if (operator === '>=') return isLeast;
  if (operator === '<') return !isLeast;
  if (operator === '>') return isLeast && !isSame(version, parts);
  if (operator === '<=') return !isLeast || isSame(version, parts);
  // What must not change: all that is given, for ^ up to the first part that is no zero, for ~ all but the patch.
  const first = parts.findIndex((part) => part !== '0');
  const fixed = operator === '^' ? Math.max(0, first) + 1 : operator === '~' ? Math.min(2, parts.length) : parts.length;
  return isLeast && isSame(version, parts.slice(0, fixed));
}

function isSame(version: string, parts: readonly string[]): boolean {
  const own = version.split(/[.+-]/);
  return parts.every((part, at) => own[at] === part);
}
