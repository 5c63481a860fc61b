// Nitro 3 is a bundle, past every module hook. Its application, which is one of h3's, is where all of its parts find it before
// its server listens.

import { Server } from 'node:net';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek } from '../../record/thrown.ts';
import { hookH3 } from './h3.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

/** @param isBuild whether the application is a build of Nitro's: nothing of Node's is touched in others */
export function createNitroHook(isBuild: boolean): Instrumentation {
  const seam = seamOf('nitro');
  if (isBuild) hookListen(seam);
  return createModuleHook(seam, []);
}

function hookListen(seam: Seam): void {
  patchMethod(
    Server.prototype,
    'listen',
    (listen) =>
      function (this: unknown, ...values: unknown[]) {
        try {
          if (seam.active) hookApps((globalThis as { __nitro__?: unknown }).__nitro__, seam);
        } catch {
          // A server listens as if we were not there.
        }
        return listen.apply(this, values as never[]);
      },
  );
}

/** By their names; there is one. */
function hookApps(apps: unknown, seam: Seam): void {
  if (!isObject(apps)) return;
  for (const name of Object.keys(apps)) {
    const app = peek(peek(apps, name), 'h3');
    if (isObject(app)) hookH3(app, seam);
  }
}
