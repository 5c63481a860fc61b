// Hands a module to us when the application loads it, by require or by import, or at once when it is there already.

import { sep } from 'node:path';
import { ownRequire } from '../../util/own-files.ts';
import { hookModules } from '../frameworks/module-hook.ts';

/** Gets what the module exports; what it returns, if anything, takes the place of that. Called more than once for one. */
export type Patch = (exports: unknown) => unknown;

/** @returns how to stop it; what is patched stays patched */
export function onLoad(patches: Readonly<Record<string, Patch>>): () => void {
  const stop = hookLoading(patches);
  for (const [name, patch] of Object.entries(patches)) for (const exports of loaded(name)) apply(patch, exports);
  return stop;
}

function hookLoading(patches: Readonly<Record<string, Patch>>): () => void {
  try {
    const hook = hookModules(
      'loggers',
      Object.entries(patches).map(([module, patch]) => ({
        ...{ module, versions: ['*'] },
        apply: (exports) => apply(patch, exports),
      })),
    );
    return () => hook.disable();
  } catch {
    // It is not there (a bundle), as is said of the other hooks.
    return () => {};
  }
}

/** An imported CommonJS module comes as a namespace whose default is what the module exports. */
function apply(patch: Patch, exports: unknown): unknown {
  try {
    const isNamespace = (exports as Record<symbol, unknown>)?.[Symbol.toStringTag] === 'Module';
    if (!isNamespace) return patch(exports) ?? exports;
    patch((exports as { default?: unknown }).default ?? exports);
  } catch {
    // A module of a shape that we do not know stays as it is.
  }
  return exports;
}

/** Copies of a package loaded before us: with a user's own SDK the logger usually is. */
export function loaded(name: string): unknown[] {
  const { cache } = ownRequire;
  const folder = `${sep}node_modules${sep}${name.replaceAll('/', sep)}${sep}`;
  return Object.entries(cache)
    .filter(
      ([file]) =>
        file.includes(folder) && !file.slice(file.lastIndexOf(folder) + folder.length).includes('node_modules'),
    )
    .map(([, module]) => module?.exports);
}
