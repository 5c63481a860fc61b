// tRPC 10 and 11 on any adapter: it answers each error itself, inside the handler of whatever framework it is mounted on. All
// adapters tell the `onError` of their options of it first, and `createContext` of what is called before it is: they are given
// both, which call the application's own.

import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { withCarried } from '../../otel/context-keys.ts';
import { isObject, peek, peekAlong } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { urlServedIn } from './served-context.ts';

type Make = (...values: unknown[]) => unknown;

interface Adapter {
  /** Exports that take the options first. */
  makers: readonly string[];
  /** A plugin of Fastify, which takes them as `trpcOptions` of its own. */
  plugin?: string;
}

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  standalone: { makers: ['createHTTPServer', 'createHTTPHandler', 'createHTTP2Handler'] },
  express: { makers: ['createExpressMiddleware'] },
  fastify: { makers: ['fastifyRequestHandler'], plugin: 'fastifyTRPCPlugin' },
  'node-http': { makers: ['nodeHTTPRequestHandler'] },
  fetch: { makers: ['fetchRequestHandler'] },
  next: { makers: ['createNextApiHandler'] },
  ws: { makers: ['applyWSSHandler', 'getWSConnectionHandler'] },
};

/** As it is imported; and the files that `require` finds, of 11 and of 10. */
function modulesOf(adapter: string): string[] {
  const files = ['.cjs', '/index.cjs', '.js', '/index.js'].map((end) => `dist/adapters/${adapter}${end}`);
  return [`adapters/${adapter}`, ...files].map((path) => `@trpc/server/${path}`);
}

export const TRPC_MODULES = Object.keys(ADAPTERS).map((name) => `@trpc/server/adapters/${name}`);

/** The others are answers to a client, of 4xx: a procedure that is not there, input that is not valid, what is thrown to refuse. */
const FAILURES = new Set([
  'INTERNAL_SERVER_ERROR',
  'NOT_IMPLEMENTED',
  'BAD_GATEWAY',
  'SERVICE_UNAVAILABLE',
  'GATEWAY_TIMEOUT',
]);

export function createTrpcHook(): Instrumentation {
  const seam = seamOf('trpc');
  return createModuleHook(
    seam,
    Object.entries(ADAPTERS).flatMap(([name, adapter]) =>
      modulesOf(name).map((module) => ({
        module,
        versions: ['>=10 <12'],
        apply: (exports) => hookAdapter(exports, adapter, seam),
      })),
    ),
  );
}

/** `exports` of one of the adapters. */
export function hookAdapter(exports: Record<string, unknown>, { makers, plugin }: Adapter, seam: Seam): void {
  for (const name of makers)
    wrap(
      exports,
      name,
      (make) =>
        (options: unknown, ...rest: unknown[]) =>
          make(heard(options, seam), ...rest),
    );
  if (plugin === undefined) return;
  wrap(exports, plugin, (register) => (server: unknown, options: unknown, ...rest: unknown[]) => {
    const trpcOptions = heard(peek(options, 'trpcOptions'), seam);
    return register(server, isObject(options) ? { ...options, trpcOptions } : options, ...rest);
  });
}

function wrap(exports: Record<string, unknown>, name: string, wrapper: (original: Make) => Make): void {
  const original = exports[name];
  if (typeof original === 'function') exports[name] = alike(wrapper(original as Make), original);
}

/** The same options, with an `onError` that hears first, and a `createContext` that names the route. */
function heard(options: unknown, seam: Seam): unknown {
  if (!isObject(options)) return options;
  const onError = peek(options, 'onError') as Make | undefined;
  const createContext = peek(options, 'createContext') as Make | undefined;
  return {
    ...options,
    createContext(this: unknown, told: unknown, ...rest: unknown[]) {
      try {
        nameRoute(told, options, seam);
      } catch {
        // A URL that cannot be decoded, a router that is none: tRPC answers that.
      }
      return createContext?.call(this, told, ...rest);
    },
    onError(this: unknown, told: unknown) {
      const error = peek(told, 'error');
      if (FAILURES.has(String(peek(error, 'code')))) {
        // Of a batch, and on WebSockets, the route does not tell which it was.
        const tags = { 'rpc.method': peek(told, 'path') };
        context.with(withCarried(context.active(), { tags }), () => seam.thrown(error));
      }
      return onError?.call(this, told);
    },
  };
}

/** Calls of several procedures at once: any of them may come together, in any order. */
const BATCH = '(batch)';
/** What ends with a parameter stands for the procedure: `/trpc/:path`, `/trpc/*`, `/api/trpc/[trpc]`. */
const PARAMETER = /[:*[{]/;
/** Requests that have a name: the application may ask itself while it serves one. */
const named = new WeakSet<object>();

/** Only names that the router has count, so that no client makes up operations. */
function nameRoute(told: unknown, options: object, seam: Seam): void {
  const active = context.active();
  const rpc = getRPCMetadata(active) as { route?: string } | undefined;
  if (rpc === undefined || named.has(rpc)) return;
  const procedures = peekAlong(options, ['router', '_def', 'procedures']) as object;
  const called = new Set(calledIn(told, urlServedIn(active)).filter((path) => Object.hasOwn(procedures, path)));
  if (called.size === 0) return;
  named.add(rpc);
  const mount = String(rpc.route ?? peek(options, 'basePath') ?? peek(options, 'endpoint') ?? '');
  const steps = mount.split('/').filter(Boolean);
  if (PARAMETER.test(steps.at(-1) ?? '')) steps.pop();
  seam.route(`/${[...steps, called.size === 1 ? [...called][0] : BATCH].join('/')}`, active);
}

/** Of 10 the URL alone tells. */
function calledIn(told: unknown, url = ''): string[] {
  const calls = peekAlong(told, ['info', 'calls']);
  if (Array.isArray(calls)) return calls.map((call) => String(peek(call, 'path')));
  const [path = ''] = url.split('?', 1);
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)).split(',');
}
