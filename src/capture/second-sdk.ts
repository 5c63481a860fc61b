// An OpenTelemetry SDK that is started when ours is registered already: the API refuses it, in silence where no
// OTEL_LOG_LEVEL is set, and what it was to export goes nowhere. In: whatever copy of the API the application loads from
// now on. Out: word of it.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { hookModules, patchMethod } from './frameworks/module-hook.ts';

/** Of ES modules, too, so it is to be among what is hooked there. */
export const API_MODULE = '@opentelemetry/api';

/** @param onRefused called each time */
export function createSecondSdkHook(onRefused: () => void): Instrumentation {
  return hookModules('second-sdk', [
    {
      module: API_MODULE,
      versions: ['>=1 <2'],
      apply: (exports) => {
        patchMethod(
          exports.trace as object,
          'setGlobalTracerProvider',
          (original) =>
            function (this: unknown, ...values: never[]) {
              const isRegistered = original.apply(this, values);
              if (isRegistered === false) onRefused();
              return isRegistered;
            },
        );
      },
    },
  ]);
}
