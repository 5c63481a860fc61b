// Hono 4 on @hono/node-server. An application registers its handlers with a router object and asks it for those of a
// request: a router around that one learns the pattern that matched and sees what handlers throw, before Hono's or the
// application's onError answers. What comes from elsewhere (notFound, Hono itself) is seen where it is handed to onError.

import { type Context, context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { alike, replaceMethod } from '../alike.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { urlServedIn } from './served-context.ts';

/** [handler, route]; `ALL` for middlewares and for `app.all`. */
type Entry = [unknown, { method: string; path: string; handler: unknown }];
/** Handlers in order, each with its parameters. */
type Match = [[Entry, unknown][], unknown?];

interface Router {
  name: string;
  add(method: string, path: string, entry: Entry): void;
  match(method: string, path: string): Match;
}

type ErrorHandler = (...values: unknown[]) => unknown;
type Setter = (this: unknown, handler: unknown) => unknown;

interface App {
  router: Router;
  notFound?: Setter;
  onError?: Setter;
}

type HonoClass = (new (...values: unknown[]) => App) & { prototype: object };

/** The entries of the package that have an application class each. */
const ENTRIES = ['hono', 'hono/quick', 'hono/tiny'];
const WATCHED = Symbol.for('rowtrace.hono-router');

export function createHonoHook(): Instrumentation {
  const seam = seamOf('hono');
  return createModuleHook(
    seam,
    ENTRIES.map((module) => ({
      module,
      versions: ['>=4 <5'],
      apply: (exports) => {
        const watched = watchedClass(exports.Hono as HonoClass, seam);
        // Exports of the CommonJS build are getters of an object that cannot be changed; those of ES modules are set.
        if (Object.getOwnPropertyDescriptor(exports, 'Hono')?.get && !isNamespace(exports))
          return Object.create(exports, { Hono: { value: watched, enumerable: true } });
        exports.Hono = watched;
        return exports;
      },
    })),
  );
}

function isNamespace(exports: object): boolean {
  return (exports as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Module';
}

function watchedClass(Hono: HonoClass, seam: Seam): HonoClass {
  const watched = new Proxy(Hono, {
    construct(target, values, newTarget) {
      const app = Reflect.construct(target, values, newTarget) as App;
      app.router = watchedRouter(app.router, seam);
      watchSetters(app, seam);
      return app;
    },
  });
  // Of an application, its class is the one that the module exports.
  replaceMethod(Hono.prototype, 'constructor', watched as never);
  watchClones(Hono.prototype, seam);
  return watched;
}

/** `basePath()` answers with another application on the same router, made of the class inside of the package. */
function watchClones(prototype: object, seam: Seam): void {
  let owner: object | null = prototype;
  while (owner !== null && !Object.hasOwn(owner, 'basePath')) owner = Object.getPrototypeOf(owner);
  if (owner === null) return;
  patchMethod(
    owner,
    'basePath',
    (basePath) =>
      function (this: App, path: never) {
        const clone = basePath.call(this as never, path) as App;
        watchSetters(clone, seam);
        return clone;
      },
  );
}

function watchedRouter(router: Router & { [WATCHED]?: true }, seam: Seam): Router {
  if (router[WATCHED]) return router;
  return Object.defineProperty(
    {
      get name() {
        return router.name;
      },
      add(method, path, [handler, route]) {
        // An application mounted with app.route() is taken over by its list of routes.
        route.handler = seam.watch(handler);
        router.add(method, path, [route.handler, route]);
      },
      match(method, path) {
        const found = router.match(method, path);
        const active = context.active();
        if (isOfRequest(path, active)) seam.route(patternOf(found?.[0] ?? []), active);
        return found;
      },
    } satisfies Router,
    WATCHED,
    { value: true },
  );
}

/** Both are functions of the application's, given to it once. */
function watchSetters(app: App, seam: Seam): void {
  const { notFound, onError } = app;
  if (typeof notFound === 'function')
    app.notFound = alike(function (this: unknown, handler) {
      return notFound.call(this, seam.watch(handler));
    }, notFound);
  if (typeof onError === 'function')
    app.onError = alike(function (this: unknown, handler) {
      return onError.call(this, typeof handler === 'function' ? told(handler as ErrorHandler, seam) : handler);
    }, onError);
}

function told(handler: ErrorHandler, seam: Seam): ErrorHandler {
  return new Proxy(handler, {
    apply(target, self, values: [unknown]) {
      seam.thrown(values[0]);
      return Reflect.apply(target, self, values);
    },
  });
}

/**
 * Whether `path` is that of the request which the server serves, or a part of it that is left where something is mounted.
 * `app.request('/other')` in a handler is another dispatch, and the route is not its.
 */
function isOfRequest(path: string, active: Context): boolean {
  const url = urlServedIn(active);
  if (url === undefined || url === path) return true;
  const asked = pathOf(url);
  const matched = pathOf(path);
  return asked.endsWith(matched) || matched.endsWith(asked);
}

/** Without origin, query and the slash at its end, decoded as Hono does. */
function pathOf(url: string): string {
  const path = url
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .replace(/[?#].*$/s, '')
    .replace(/(?<=.)\/$/, '');
  try {
    return path.includes('%') ? decodeURI(path) : path;
  } catch {
    return path;
  }
}

/** The last handler answers; a middleware for every path is nobody's route. */
function patternOf(entries: Match[0]): string | undefined {
  for (let at = entries.length - 1; at >= 0; at--) {
    const { method, path } = entries[at]?.[0]?.[1] ?? {};
    if (path === undefined) return undefined;
    if (method !== 'ALL' || !path.endsWith('*')) return path;
  }
  return undefined;
}
