// This package on disk, from wherever its code runs. In a bundle nobody says where that is: esbuild leaves `import.meta.url`
// empty in CommonJS, and in ES modules of Rollup there is no `require`, which our CommonJS build has for it.

import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const HERE = hereOrProgram();

/** Loads what this package depends on, at once and from either build. */
export const ownRequire = createRequire(HERE);

/** A file of the top folder, of the build that runs. It is not there in a bundle. */
export function ownFile(name: string): URL {
  return new URL(`../${name}${extname(HERE)}`, HERE);
}

function hereOrProgram(): string {
  const program = pathToFileURL(process.argv[1] ?? join(process.cwd(), 'program.js')).href;
  try {
    return import.meta.url || program;
  } catch {
    return program;
  }
}
