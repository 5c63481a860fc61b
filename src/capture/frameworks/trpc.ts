// tRPC 10 and 11 on any adapter: it answers each error itself, inside the handler of whatever framework it is mounted on. All
// adapters tell the `onError` of their options of it first; so they are given one, which calls the application's own.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject, peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

type Make = (...values: unknown[]) => unknown;
type OnError = (told: { error: unknown }) => unknown;

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

/** The same options, with an `onError` that hears first. */
function heard(options: unknown, seam: Seam): unknown {
  if (!isObject(options)) return options;
  const onError = peek(options, 'onError') as OnError | undefined;
  return {
    ...options,
    onError(this: unknown, told: { error: unknown }) {
      const error = peek(told, 'error');
      if (FAILURES.has(String(peek(error, 'code')))) seam.thrown(error);
      return onError?.call(this, told);
    },
  };
}
