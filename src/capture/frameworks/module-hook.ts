// A hook of ours that patches a module as it is loaded, by `require` or by `import`, with the means instrumentations use;
// registered, switched on and off like one of them.

import { InstrumentationBase, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
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

interface Config {
  enabled?: boolean;
  patches: Patch[];
}

export class ModuleHook extends InstrumentationBase<Config> {
  readonly #seam: Seam;

  constructor(seam: Seam, patches: Patch[]) {
    super(`rowtrace/${seam.framework}`, VERSION, { patches });
    this.#seam = seam;
    seam.active = true;
  }

  /** Called by the constructor above it, so that it can use the configuration only. */
  protected override init(): InstrumentationNodeModuleDefinition[] {
    return this.getConfig().patches.map(
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
    // The constructor above enables before there is a seam.
    if (#seam in this) this.#seam.active = true;
  }

  override disable(): void {
    super.disable();
    this.#seam.active = false;
  }
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
