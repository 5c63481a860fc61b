// React Router 7 and 8 as a framework, and Remix 2, on any server: they are mounted there as one handler for every path. That
// handler gets a copy of the build whose loaders, actions and middleware tell the route and what they throw; what fails while
// a page is rendered is printed by the framework, or is told to the application's own `handleError`.

import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook, withExport } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

type Handler = (...values: unknown[]) => unknown;

interface Route {
  id: string;
  parentId?: string;
  path?: string;
  module: Record<string, unknown>;
}

interface Build {
  routes: Record<string, Route>;
  entry: { module: Record<string, unknown> };
}

export function createReactRouterHook(): Instrumentation {
  const seam = seamOf('react-router');
  const apply = (exports: Record<string, unknown>) => hookReactRouter(exports, seam);
  return createModuleHook(seam, [
    { module: 'react-router', versions: ['>=7 <9'], apply },
    { module: '@remix-run/server-runtime', versions: ['>=2 <3'], apply },
  ]);
}

/** `exports` of the package. @returns what stands for them */
export function hookReactRouter(exports: Record<string, unknown>, seam: Seam): Record<string, unknown> {
  const create = exports.createRequestHandler;
  if (typeof create !== 'function') return exports;
  const createRequestHandler = alike((build: unknown, ...rest: unknown[]) => {
    const watched =
      typeof build === 'function' ? async () => watchedBuild(await build(), seam) : watchedBuild(build, seam);
    return create(watched, ...rest);
  }, create);
  return withExport(exports, 'createRequestHandler', createRequestHandler);
}

/** A handler that is given a function asks it for the build with each request. */
const watchedBuilds = new WeakMap<object, unknown>();

function watchedBuild(build: unknown, seam: Seam): unknown {
  if (!isObject(build)) return build;
  const watched = watchedBuilds.get(build) ?? watch(build, seam);
  watchedBuilds.set(build, watched);
  return watched;
}

function watch(build: object, seam: Seam): unknown {
  const { routes, entry } = build as Partial<Build>;
  if (!isObject(routes) || !isObject(entry?.module)) return build;
  const patterns = patternsOf(routes);
  return {
    ...(build as Build),
    routes: Object.fromEntries(
      Object.entries(routes).map(([id, route]) => [id, watchedRoute(route, patterns.get(route.id), seam)]),
    ),
    entry: { ...entry, module: watchedEntry(entry.module, patterns, seam) },
  };
}

/** Of the routes that have none inside: a page has loaders of those around it, too. */
function patternsOf(routes: Build['routes']): Map<string, string> {
  const all = Object.values(routes);
  const outer = new Set(all.map(({ parentId }) => parentId));
  const patterns = new Map<string, string>();
  for (const route of all) {
    if (outer.has(route.id)) continue;
    const parts: string[] = [];
    for (let at: Route | undefined = route; at !== undefined; at = routes[at.parentId ?? ''])
      if (at.path) parts.unshift(at.path);
    patterns.set(route.id, asPattern(parts.join('/')));
  }
  return patterns;
}

function watchedRoute(route: Route, pattern: string | undefined, seam: Seam): Route {
  const module = { ...route.module };
  const watched = (handler: unknown) => watchedHandler(handler, pattern, seam);
  for (const name of ['loader', 'action']) if (module[name] !== undefined) module[name] = watched(module[name]);
  if (Array.isArray(module.middleware)) module.middleware = module.middleware.map(watched);
  return { ...route, module };
}

function watchedHandler(handler: unknown, pattern: string | undefined, seam: Seam): unknown {
  if (typeof handler !== 'function') return handler;
  // A proxy: the application may have put properties on it.
  return new Proxy(seam.watch(handler as Handler, isFailure), {
    apply(target, self, values) {
      seam.route(pattern ?? matchedPattern(values[0]), context.active());
      return Reflect.apply(target, self, values);
    },
  });
}

/** Of a request that goes on to a route inside: its middleware comes before what is there, or answers itself. */
function matchedPattern(given: unknown): string | undefined {
  const pattern = peek(given, 'pattern');
  return typeof pattern === 'string' ? asPattern(pattern) : undefined;
}

function asPattern(path: string): string {
  return `/${path}`.replaceAll(/\/{2,}/g, '/');
}

/** Responses and `data()` are thrown to answer. */
function isFailure(thrown: unknown): boolean {
  return isErrorLike(thrown) || !isObject(thrown);
}

/** What renders a page knows its route although it has no loader; `handleError`, where there is one, what fails of it. */
function watchedEntry(module: Record<string, unknown>, patterns: Map<string, string>, seam: Seam): object {
  const watched = { ...module };
  if (typeof module.default === 'function') watched.default = watchedRender(module.default as Handler, patterns, seam);
  if (typeof module.handleError === 'function') watched.handleError = heard(module.handleError as Handler, seam);
  return watched;
}

/** Nothing is printed then. It is told of answers of 4xx, too. */
function heard(handleError: Handler, seam: Seam): Handler {
  return alike(function (this: unknown, ...values: unknown[]) {
    if (isFailure(values[0]) && !isRouterAnswer(values[0])) seam.thrown(values[0]);
    return handleError.apply(this, values);
  }, handleError);
}

function watchedRender(render: Handler, patterns: Map<string, string>, seam: Seam): Handler {
  return alike(function (this: unknown, ...values: unknown[]) {
    const matches = peek(peek(values[3], 'staticHandlerContext'), 'matches');
    const last = Array.isArray(matches) ? peek(peek(matches.at(-1), 'route'), 'id') : undefined;
    seam.route(patterns.get(String(last)), context.active());
    return render.apply(this, values);
  }, render);
}

const ANSWER =
  /^Error: (?:No route matches URL|You made an? |Invalid request method|Route ")[^\n]*\n {4}at getInternalRouterError \(/;

/** What the router itself throws where nothing matches: an answer of 4xx, printed all the same. */
export function isRouterAnswer(thrown: unknown): boolean {
  return ANSWER.test(String(peek(thrown, 'stack')).slice(0, 4_096));
}
