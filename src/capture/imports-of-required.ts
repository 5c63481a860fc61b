// What an ES module imports that was itself loaded by `require` (Nest 12 in a CommonJS application). Where import-in-the-middle
// works by the loader thread, Node asks that thread nothing here, and hands each CommonJS package that is imported straight to
// `Module._load`, past the `require` that instrumentations wait in. So these are taken by that way. What such a module imports
// of other ES modules is not seen.

import nodeModule, { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';

type Load = (this: unknown, request: string, parent: unknown, isMain: boolean, ...rest: unknown[]) => unknown;

interface Loader {
  _load: Load;
  _cache: Record<string, { exports: unknown } | undefined>;
}

/** Its own way of loading stays as it is: the same arguments, from within `require`. @returns how to undo it */
export function hookImportsOfRequired(): () => void {
  const loader = nodeModule as unknown as Loader;
  const original = loader._load;
  /** What is to be loaded next, as Node asked for it. */
  let asked: { request: string; load: () => unknown } | undefined;
  const patched: Load = function (request, parent, isMain, ...rest) {
    const load = (): unknown => original.call(this, request, parent, isMain, ...rest);
    if (asked?.request === request) {
      const { load: loadAsAsked } = asked;
      asked = undefined;
      return loadAsAsked();
    }
    // `null` is for these alone (20.20, 22.12, 24.0): a `require` has a parent, other imports leave it undefined.
    if (parent !== null || isMain || typeof request !== 'string' || !isAbsolute(request)) return load();
    asked = { request, load };
    let exports: unknown;
    try {
      exports = createRequire(request)(request);
    } finally {
      asked = undefined;
    }
    const module = loader._cache[request];
    // It is what the importing module gets.
    if (module !== undefined && module.exports !== exports) module.exports = exports;
    return exports;
  };
  loader._load = patched;
  return () => {
    if (loader._load === patched) loader._load = original;
  };
}
