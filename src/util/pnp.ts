// Yarn's Plug'n'Play: packages are files in archives, found through two files of Yarn's (for CommonJS and for ES modules)
// that have to be loaded first, in each thread and process of ours, too. In: this process. Out: flags of Node, and where a package is.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ownRequire } from './own-files.ts';

/** For what runs without the NODE_OPTIONS of this process; none where nothing is plugged. */
export function pnpFlags(): string[] {
  if (process.versions.pnp === undefined) return [];
  try {
    const api = ownRequire.resolve('pnpapi');
    const loader = join(dirname(api), '.pnp.loader.mjs');
    const flags = ['--require', api];
    return existsSync(loader) ? [...flags, '--experimental-loader', pathToFileURL(loader).href] : flags;
  } catch {
    return [];
  }
}

interface PnpApi {
  /** @throws where the issuer does not depend on it */
  resolveToUnqualified(request: string, issuer: string): string | null;
}

/** Where the package is that code in `folder` gets; nothing where nothing is plugged, or it gets none. */
export function pluggedFolder(folder: string, name: string): string | undefined {
  if (process.versions.pnp === undefined) return undefined;
  try {
    const api = ownRequire('pnpapi') as PnpApi;
    return api.resolveToUnqualified(name, `${folder}/`) ?? undefined;
  } catch {
    return undefined;
  }
}
