// The name V8 gave a function of a generated file → its original name. A name is replaced only where it is the one that
// stands at the function's own head; a short one of minified code that nothing is known of is left out, since it is
// another after every build.

import type { Scope } from './scopes.ts';

/** Receivers that are no names of the program. */
const KNOWN = new Set([
  'Object',
  'Function',
  'Module',
  'Array',
  'Promise',
  'Map',
  'Set',
  'process',
  'global',
  'exports',
]);

export interface Lookup {
  /** Original name of what has its name at this offset. */
  name(nameStart: number): string | undefined;
  /** Name that a function without one has in the original, by the offset where it begins. */
  unnamed(start: number): string | undefined;
}

/** `around`: from the innermost scope outwards. */
export function originalName(
  called: string | undefined,
  around: readonly Scope[],
  isMinified: boolean,
  lookup: Lookup,
): string | undefined {
  const own = around.find((scope) => !scope.isClass);
  if (called === undefined || called === '<anonymous>')
    // Minifiers drop names of function expressions, and put functions that are used once where they are used.
    return own !== undefined && own.name === undefined ? (lookup.unnamed(own.start) ?? called) : called;
  // Bundlers name the wrapper of a module after its file or its number: `./src/a.js`, `Object.377`.
  if (called.includes('/') || /(?:^|\.)\d+$/.test(called)) return 'Object.<anonymous>';
  const accessor = /^(?:get|set) /.exec(called)?.[0] ?? '';
  const dot = called.lastIndexOf('.');
  const receiver = called.slice(accessor.length, Math.max(dot, accessor.length));
  const last = called.slice(Math.max(dot + 1, accessor.length));
  const holder = around.find((scope) => scope.isClass);
  const constructed = own?.name === 'constructor' && holder?.name === last ? holder : undefined;
  const name = resolve(last, constructed ?? own, isMinified, lookup);
  if (name === undefined) return undefined;
  if (receiver === '') return accessor + name;
  const of = KNOWN.has(receiver) ? receiver : resolve(receiver, holder, isMinified, lookup);
  return of === undefined ? accessor + name : `${accessor}${of}.${name}`;
}

function resolve(name: string, scope: Scope | undefined, isMinified: boolean, lookup: Lookup): string | undefined {
  const given =
    scope?.name === name ? (lookup.name(scope.nameStart) ?? (scope.isProperty ? name : undefined)) : undefined;
  return given ?? (isMinified && isShort(name) ? undefined : name);
}

function isShort(name: string): boolean {
  return name.length < 3 || (name.length === 3 && /\d/.test(name));
}
