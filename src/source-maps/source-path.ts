// The name of a source in a map → the path of the original file. `webpack://shop/./src/a.ts` and its like are relative to
// the project, whose root no map tells: it is looked for from the map's folder upwards.

import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFile } from './read-file.ts';

/** What leads out of a folder, or names a root. */
const UPWARDS = /^(?:[a-z][a-z0-9+.-]{1,31}:\/\/[^/]*|[a-z]:)?(?:\.{0,2}[\\/])*/i;
const MAX_FOLDERS = 16;
const SCHEME = /^([a-z][a-z0-9+.-]{1,31}):\/\/([^/]*)/i;
/** `(rsc)/`, `(app-pages-browser)/` of Next.js and `[project]/` of Turbopack. */
const LAYER = /^(?:\([\w-]{1,64}\)|\[(?:project|root-of-the-server)\])\//;

/** The folder of an installed package: what is behind the last node_modules. */
const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/s;

/**
 * `mapFile`: the map, or the generated file where the map is inside it. What a package was built from belongs to it, also where
 * its map names a place outside, as that of its repository was: the service's own code would be blamed (TypeORM 1.1, Drizzle 0.45).
 */
export function originalPath(source: string, sourceRoot: string, mapFile: string): string {
  const path = placeOf(source, sourceRoot, mapFile);
  const [home] = PACKAGE.exec(mapFile) ?? [];
  if (home === undefined || path.startsWith(home + sep)) return path;
  return join(home, withoutQuery(source).replace(UPWARDS, ''));
}

function placeOf(source: string, sourceRoot: string, mapFile: string): string {
  const folder = dirname(mapFile);
  const root = sourceRoot !== '' && !sourceRoot.endsWith('/') ? `${sourceRoot}/` : sourceRoot;
  const full = SCHEME.test(source) || isAbsolute(source) ? source : root + source;
  const scheme = SCHEME.exec(full);
  if (scheme === null) return resolve(folder, withoutQuery(full));
  if (scheme[1]!.toLowerCase() === 'file') {
    try {
      return fileURLToPath(full);
    } catch {
      return resolve(folder, withoutQuery(full.slice(scheme[0].length)));
    }
  }
  // `turbopack://[project]/src/a.ts`: the authority is the layer; of all others it is the name of the bundle.
  let path = withoutQuery(full.slice(scheme[0].length)).replace(/^\/+/, '');
  while (LAYER.test(path) || path.startsWith('./')) path = path.replace(LAYER, '').replace(/^\.\/+/, '');
  return inProject(path, folder, mapFile.replace(/\.map$/, ''));
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query > 0 ? path.slice(0, query) : path;
}

function inProject(path: string, folder: string, generated: string): string {
  const project = projectOf(folder);
  if (project !== undefined && isFile(join(project, path))) return join(project, path);
  let at = folder;
  for (let i = 0; i < MAX_FOLDERS; i++) {
    const candidate = join(at, path);
    if (candidate !== generated && isFile(candidate)) return candidate;
    if (dirname(at) === at) break;
    at = dirname(at);
  }
  return join(project ?? folder, path);
}

/** The nearest folder with a package.json that has a name: those that bundlers write into their output have none. */
function projectOf(folder: string): string | undefined {
  let at = folder;
  for (let i = 0; i < MAX_FOLDERS; i++) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
      if (typeof (manifest as { name?: unknown } | null)?.name === 'string') return at;
    } catch {
      // Not here, or not readable: look further up.
    }
    if (dirname(at) === at) return undefined;
    at = dirname(at);
  }
  return undefined;
}
