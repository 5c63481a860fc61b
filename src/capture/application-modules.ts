// Which packages the application has: a name in, the file it resolves to out. With pnpm and its like the application
// cannot resolve what only its dependencies need (express of @nestjs/platform-express, mongodb of mongoose); for those
// the manifests of the dependencies are asked. May miss what lies deeper, or behind Yarn's Plug'n'Play.

import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** For 60 dependencies with 6 each that is 20 ms of a start of 240 ms; where npm laid packages flat it is 2. */
const MAX_MANIFESTS = 200;
/** Steps from the application: a package of its own workspace, mongoose, mongodb. */
const MAX_DEPTH = 2;
/** From a place upwards. */
const MAX_FOLDERS = 32;

interface Manifest {
  dependencies?: object;
  optionalDependencies?: object;
  peerDependencies?: object;
  devDependencies?: object;
}

/** @param places files or folders that the application resolves from, the first that has a name wins */
export class ApplicationModules {
  readonly #places: readonly string[];
  /** Package → the manifest of a dependency that names it; made when something is asked for that is not at hand. */
  #dependents: Map<string, string> | undefined;
  #named: Set<string> | undefined;

  constructor(places: readonly string[]) {
    this.#places = places;
  }

  /** @throws what `require.resolve` throws where the application has no such module */
  resolve = (name: string): string => {
    let missing: unknown;
    for (const place of this.#places) {
      try {
        return createRequire(place).resolve(name);
      } catch (error) {
        missing = error;
      }
    }
    this.#dependents ??= dependentsOf(this.#places);
    const dependent = this.#dependents.get(packageOf(name));
    if (dependent === undefined) throw missing;
    return createRequire(dependent).resolve(name);
  };

  has = (name: string): boolean => {
    try {
      this.resolve(name);
      return true;
    } catch {
      return false;
    }
  };

  /** Whether this file lies beside that which the process starts with. */
  hasBuilt = (file: string): boolean => existsSync(join(dirname(this.#places[0] ?? ''), file));

  /** Whether the application's manifest names it, for its development as well: it may be part of a bundle. */
  isNamed = (name: string): boolean => {
    this.#named ??= new Set(this.#places.flatMap(namedAbove));
    return this.#named.has(name);
  };
}

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}

/** Only through links: where packages lie in one flat folder, as npm puts them, whatever there is has been found. */
function dependentsOf(places: readonly string[]): Map<string, string> {
  const dependents = new Map<string, string>();
  const read = new Set<string>();
  let folders = new Set(places.flatMap(modulesFolders).flatMap(linkedIn));
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    const further = new Set<string>();
    for (const folder of folders) {
      if (read.size >= MAX_MANIFESTS) return dependents;
      if (read.has(folder)) continue;
      read.add(folder);
      const file = join(folder, 'package.json');
      for (const name of namedIn(file)) {
        if (!dependents.has(name)) dependents.set(name, file);
        if (depth === MAX_DEPTH || folders.size + further.size >= MAX_MANIFESTS) continue;
        const linked = linkOf(name, folder);
        if (linked !== undefined) further.add(linked);
      }
    }
    folders = further;
  }
  return dependents;
}

/** Every `node_modules` from a place upwards. */
function modulesFolders(place: string): string[] {
  try {
    return (createRequire(place).resolve.paths('any') ?? []).filter((folder) => existsSync(folder));
  } catch {
    // Not a path: `node --eval` has the first argument of the program there.
    return [];
  }
}

function linkedIn(modules: string): string[] {
  return entriesOf(modules).flatMap((entry) => {
    if (entry.name.startsWith('@'))
      return entriesOf(join(modules, entry.name)).flatMap((one) => target(one, join(modules, entry.name)));
    return target(entry, modules);
  });
}

function target(entry: Dirent, folder: string): string[] {
  if (!entry.isSymbolicLink()) return [];
  try {
    return [realpathSync.native(join(folder, entry.name))];
  } catch {
    // A link that leads nowhere.
    return [];
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Where a dependency of the package in `folder` lies, if it is linked to: beside it (pnpm), or in it (a workspace). */
function linkOf(name: string, folder: string): string | undefined {
  const beside = dirname(folder).endsWith('node_modules') ? dirname(folder) : dirname(dirname(folder));
  for (const modules of [join(folder, 'node_modules'), beside]) {
    try {
      const path = join(modules, name);
      const real = realpathSync.native(path);
      return real === path ? undefined : real;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** By the nearest manifest that names any: one further up is that of a workspace, of other applications as well. */
function namedAbove(place: string): string[] {
  let folder = dirname(place);
  for (let depth = 0; depth < MAX_FOLDERS; depth++) {
    const named = namedIn(join(folder, 'package.json'), true);
    const above = dirname(folder);
    if (named.length > 0 || above === folder) return named;
    folder = above;
  }
  return [];
}

function namedIn(file: string, isOfApplication = false): string[] {
  try {
    const manifest: Manifest = JSON.parse(readFileSync(file, 'utf8'));
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    const forDevelopment = isOfApplication ? manifest.devDependencies : undefined;
    return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...forDevelopment });
  } catch {
    return [];
  }
}
