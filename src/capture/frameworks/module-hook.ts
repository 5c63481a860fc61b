// A hook of ours that patches a module as it is loaded, by `require` or by `import`, with the means instrumentations use;
// registered, switched on and off like one of them.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { instrumentationPackage } from '../../otel/lines.ts';
import { VERSION } from '../../version.ts';
import { replaceMethod } from '../alike.ts';
import type { Seam } from './seam.ts';

export interface Patch {
  module: string;
  /** Semver ranges; `*` for what Node itself brings. */
  versions: string[];
  /** Changes the exports in place, or returns others. Called once for each copy of the module, and for each module system. */
  apply: (exports: Record<string, unknown>) => unknown;
}

/** A hook of a framework. @param onDisable for what is no module */
export function createModuleHook(seam: Seam, patches: Patch[], onDisable?: () => void): Instrumentation {
  return hookModules(seam.framework, patches, (active) => {
    seam.active = active;
    if (!active) onDisable?.();
  });
}

/** @returns a hook that is on. @param onSwitch called when it is switched on, at first by this, or off */
export function hookModules(name: string, patches: Patch[], onSwitch?: (active: boolean) => void): Instrumentation {
  const { InstrumentationBase, InstrumentationNodeModuleDefinition } = instrumentationPackage();
  class ModuleHook extends InstrumentationBase {
    // Called by the constructor of the base class.
    protected override init() {
      return patches.map(
        ({ module, versions, apply }) =>
          new InstrumentationNodeModuleDefinition(module, versions, (exports) => {
            try {
              return apply(exports) ?? exports;
            } catch (error) {
              this._diag.error(`${module} could not be hooked`, error);
              return exports;
            }
          }),
      );
    }

    override enable(): void {
      super.enable();
      onSwitch?.(true);
    }

    override disable(): void {
      super.disable();
      onSwitch?.(false);
    }
  }
  return new ModuleHook(`rowtrace/${name}`, VERSION, {});
}

/**
 * Puts another value in the place of an export.
 *
 * @returns the exports that hold it, others where these cannot be changed: getters of CommonJS, an ES module that was loaded by
 *   `require`
 */
export function withExport(exports: Record<string, unknown>, name: string, value: unknown): Record<string, unknown> {
  if (Reflect.set(exports, name, value)) return exports;
  const property = { value, enumerable: true, configurable: true, writable: true };
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(exports), [name]: property });
}

const PATCHED = Symbol.for('rowtrace.patched');

/** Replaces a method once, however often its module is seen. */
export function patchMethod<K extends string>(
  owner: object,
  name: K,
  make: (original: (...values: never[]) => unknown) => (...values: never[]) => unknown,
): void {
  const original = (owner as Record<string, unknown>)[name] as ((...values: never[]) => unknown) & { [PATCHED]?: true };
  if (typeof original !== 'function' || original[PATCHED]) return;
  replaceMethod(owner, name, Object.defineProperty(make(original), PATCHED, { value: true }));
}
