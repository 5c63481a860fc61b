// One layer around `require` for all instrumentations. Each copy of @opentelemetry/instrumentation puts one of its own there
// (npm lays one beside each instrumentation that wants another version of it, up to twelve in one start), and each layer
// resolves every file anew: an application of 727 files took 2.3 s of CPU to load with twelve and 1.1 with one, 1.1 without
// Rowtrace and 1.3 with Sentry (medians of six interleaved starts on a busy machine).

import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import { ownRequire } from '../util/own-files.ts';

type OnRequire = (exports: unknown, name: string, folder: string | undefined) => unknown;
type Hook = new (modules: readonly string[] | null, options: object, onRequire: OnRequire) => object;

/** Runs what makes instrumentations. Only what is made in it shares the layer; those of the application make their own. */
export function withSharedRequireHook<T>(work: () => T): T {
  const middle = requireInTheMiddle();
  if (middle === undefined) return work();
  const { Hook } = middle;
  const hooks: OnRequire[] = [];
  const callAll: OnRequire = (exports, name, folder) =>
    hooks.reduce((value, hook) => contained(hook, value, name, folder), exports);
  middle.Hook = class {
    constructor(modules: readonly string[] | null, options: object, onRequire: OnRequire) {
      // Of some modules only: no layer that sees every file.
      // biome-ignore lint/correctness/noConstructorReturn: as the one that it stands for, which nobody looks into
      if (modules !== null) return new Hook(modules, options, onRequire);
      if (hooks.push(onRequire) === 1) new Hook(null, options, callAll);
    }
  };
  try {
    return work();
  } finally {
    middle.Hook = Hook;
  }
}

/** The application loads what it asked for, whatever an instrumentation makes of it. */
function contained(hook: OnRequire, exports: unknown, name: string, folder: string | undefined): unknown {
  try {
    return hook(exports, name, folder);
  } catch (error) {
    diag.error(`rowtrace: ${name} could not be hooked`, error);
    return exports;
  }
}

/** The copy that our own instrumentations use; others, of another version, keep their layers. */
function requireInTheMiddle(): { Hook: Hook } | undefined {
  try {
    return createRequire(ownRequire.resolve('@opentelemetry/instrumentation'))('require-in-the-middle');
  } catch {
    return undefined;
  }
}
