// Feathers 5, whose errors come by in Express or Koa: the router that it has beside theirs tells the pattern of a service.

import { type Context, context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook, patchMethod, withExport } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { urlServedIn } from './served-context.ts';

interface Application {
  routes?: object;
}

type Configure = (this: unknown, app: Application) => unknown;

export function createFeathersHook(): Instrumentation {
  const seam = seamOf('feathers');
  return createModuleHook(seam, [
    {
      module: '@feathersjs/transport-commons',
      versions: ['>=5 <6'],
      apply: (exports) => hookTransport(exports, seam),
    },
  ]);
}

/** `exports` of the package. @returns what stands for them */
export function hookTransport(exports: Record<string, unknown>, seam: Seam): Record<string, unknown> {
  const given = exports.routing as ((...values: unknown[]) => Configure) | undefined;
  if (typeof given !== 'function') return exports;
  const routing = alike((...values: unknown[]): Configure => {
    const configure = given(...values);
    return alike(function (this: unknown, app: Application) {
      const result = configure.call(this, app);
      if (isObject(app.routes)) hookRouter(Object.getPrototypeOf(app.routes), seam);
      return result;
    }, configure);
  }, given);
  return withExport(exports, 'routing', routing);
}

function hookRouter(prototype: object, seam: Seam): void {
  const patterns = new WeakMap<object, string>();
  patchMethod(
    prototype,
    'insert',
    (insert) =>
      function (this: unknown, ...values: unknown[]) {
        const [path, data] = values;
        if (isObject(data)) patterns.set(data, `/${path}`.replaceAll(/\/{2,}/g, '/').replaceAll('/:__id', '/:id'));
        return insert.apply(this, values as never[]);
      },
  );
  patchMethod(
    prototype,
    'lookup',
    (lookup) =>
      function (this: unknown, ...values: unknown[]) {
        const found = lookup.apply(this, values as never[]);
        const data = peek(found, 'data');
        if (isObject(data)) seam.route(patterns.get(data), ownerOf(values[0]));
        return found;
      },
  );
}

/** A call over a socket is looked up, too, in the context of whatever request the socket was opened by. */
function ownerOf(path: unknown): Context | undefined {
  const active = context.active();
  return urlServedIn(active)?.includes(String(path)) ? active : undefined;
}
