// Nuxt 3 and 4 are a bundle with Nitro 2, past every module hook. What it is left to call is Node's: the module that makes a
// server listen is known by that call, and can be imported once more. There Nuxt's renderer finds the application of Nitro,
// whose hooks tell routes and errors; so do we. Nitro alone has nothing there that leads to it.

import { Server } from 'node:net';
import util from 'node:util';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek, peekAlong } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { isAnswer, type Seam, seamOf } from './seam.ts';
import { contextOfDispatch, contextServing } from './served-context.ts';

interface Event {
  node: { req: unknown };
  context: Record<string, unknown>;
}

export interface NitroApp {
  hooks: {
    hook(name: 'request' | 'beforeResponse', listener: (event: Event) => void): unknown;
    hook(name: 'error', listener: (error: unknown, context: { event?: Event }) => void): unknown;
  };
}

/** @param isBuild whether the application is a build of Nuxt's: nothing of Node's is touched in others */
export function createNuxtHook(isBuild: boolean): Instrumentation {
  const seam = seamOf('nuxt');
  if (isBuild) hookListen(seam);
  return createModuleHook(seam, []);
}

type GetCallSites = (frames: number, options: { sourceMap: boolean }) => { scriptName?: string }[];

/** Its modules stand at such a place, named by file: URLs as they were loaded. */
const CHUNK = /^file:.*\/chunks\/\w{1,64}\/nitro\.mjs$/;

function hookListen(seam: Seam): void {
  patchMethod(
    Server.prototype,
    'listen',
    (listen) =>
      function (this: unknown, ...values: unknown[]) {
        const chunk = seam.active ? callerOf() : undefined;
        const server = listen.apply(this, values as never[]);
        // It is being run, so that this runs nothing; it resolves before the first request.
        if (chunk !== undefined) import(chunk).then((module) => hookNitro(appOf(module), seam)).catch(() => {});
        return server;
      },
  );
}

/** Not the text of a stack, where files may be those of the sources (--enable-source-maps). Before Node 22.12 there is nothing else. */
function callerOf(): string | undefined {
  try {
    const getCallSites = (util as unknown as { getCallSites?: GetCallSites }).getCallSites;
    return getCallSites?.(8, { sourceMap: false }).find(({ scriptName }) => CHUNK.test(scriptName ?? ''))?.scriptName;
  } catch {
    return undefined;
  }
}

/** By the name of the function: that of the export is made anew by each build. */
function appOf(module: Record<string, unknown>): NitroApp | undefined {
  const use = Object.values(module).find((one) => typeof one === 'function' && one.name === 'useNitroApp');
  return (use as (() => NitroApp) | undefined)?.();
}

/** What has it is rendered by Nuxt, whose pages have routes of their own. */
const ANY = '/**';

export function hookNitro(app: NitroApp | undefined, seam: Seam): void {
  if (app === undefined) return;
  const pages = watchPages();
  const notePage = (event: Event): void => seam.route(patternOf(pages.get(event)), contextOfDispatch(event.node.req));
  app.hooks.hook('request', ({ context, node }) => {
    const owner = contextOfDispatch(node.req);
    if (owner === undefined || context.matchedRoute !== undefined) return;
    // Set when it has matched, before the handler is called.
    Object.defineProperty(context, 'matchedRoute', {
      configurable: true,
      get: () => undefined,
      set(value: unknown) {
        const path = peek(value, 'path');
        if (path !== ANY) seam.route(path, owner);
        Object.defineProperty(context, 'matchedRoute', { value, configurable: true, enumerable: true, writable: true });
      },
    });
  });
  app.hooks.hook('beforeResponse', notePage);
  app.hooks.hook('error', (error, { event } = {}) => {
    if (event !== undefined) notePage(event);
    if (isAnswer(peek(error, 'statusCode'))) return;
    // An error of h3's around what was thrown.
    const cause = peek(error, 'cause');
    const isAround = isObject(cause) && peek(cause, 'stack') === peek(error, 'stack');
    seam.thrown(isAround ? cause : error, contextServing(event?.node.req));
  });
}

interface Contexts {
  get(key: string, ...rest: unknown[]): object;
}

/** Nuxt keeps its context of a page where all copies of unctx look for it. @returns it, by the event that it is rendered for */
function watchPages(): WeakMap<object, unknown> {
  const pages = new WeakMap<object, unknown>();
  const contexts = (globalThis as { __unctx__?: Contexts }).__unctx__;
  if (contexts === undefined) return pages;
  patchMethod(
    contexts,
    'get',
    (get) =>
      function (this: unknown, ...values: unknown[]) {
        const found = get.apply(this, values as never[]) as object;
        patchMethod(
          found,
          'callAsync',
          (callAsync) =>
            function (this: unknown, page: unknown, ...rest: unknown[]) {
              const event = peek(peek(page, 'ssrContext'), 'event');
              if (isObject(event)) pages.set(event, page);
              return callAsync.call(this, page as never, ...(rest as never[]));
            },
        );
        return found;
      },
  );
  return pages;
}

/** `/dogs/:id()` is how Nuxt writes a parameter of its own. */
function patternOf(page: unknown): string | undefined {
  const matched = peekAlong(page, ['$router', 'currentRoute', 'value', 'matched']);
  const path = Array.isArray(matched) ? peek(matched.at(-1), 'path') : undefined;
  return typeof path === 'string' ? path.replaceAll('()', '') : undefined;
}
