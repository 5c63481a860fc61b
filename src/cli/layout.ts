// Where things are in the tree that runs: sources (.ts) or build (.mjs, .cjs), both of the same shape.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** `--import` and its value for an application that is to be recorded. A URL: it survives blanks in NODE_OPTIONS. */
export function preloadFlag(): string {
  const extension = EXTENSION === '.ts' ? '.ts' : '.cjs';
  return `--import=${new URL(`../register${extension}`, import.meta.url).href}`;
}

/** Folder of this package's package.json. */
export function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const roots = [join(here, '../..'), join(here, '../../..')];
  return roots.find((root) => existsSync(join(root, 'package.json'))) ?? roots[0]!;
}

/** Whether code in `folder` could load that package. */
export function canLoad(folder: string, name: string): boolean {
  try {
    createRequire(join(folder, 'noop.js')).resolve(name);
    return true;
  } catch {
    return false;
  }
}
