// The lean set of instrumentations: those whose module the application can resolve, with the settings that give routes,
// exceptions and durations for the fewest spans. A factory is called only when its module is there, so that nothing is
// loaded for nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { FastifyHook } from './frameworks/fastify.ts';
import { createHonoHook } from './frameworks/hono.ts';
import { createHttp2Hook } from './frameworks/http2.ts';
import { createKoaHook } from './frameworks/koa.ts';
import { createNestHook } from './frameworks/nest.ts';
import { answerWithId, requestIdOf } from './request-id.ts';

export interface InstrumentationOptions {
  requestIdHeaders: readonly string[];
  /** Resolves a module the way the application would; throws when it has none. */
  resolve: (name: string) => unknown;
  /** OTEL_NODE_ENABLED_INSTRUMENTATIONS; absent means all. */
  enabled?: readonly string[] | undefined;
  /** OTEL_NODE_DISABLED_INSTRUMENTATIONS. */
  disabled: readonly string[];
  onProblem: (message: string) => void;
}

interface Entry {
  name: string;
  /** Module that must be there; none for what Node itself brings. */
  module?: string;
  create: (options: InstrumentationOptions) => Instrumentation;
}

// Loaded on demand and synchronously, from CommonJS and ESM alike: the application's own imports come right after us.
const load = createRequire(import.meta.url);

const ENTRIES: readonly Entry[] = [
  {
    name: 'http',
    create: ({ requestIdHeaders }) => {
      const { HttpInstrumentation } = load('@opentelemetry/instrumentation-http');
      const ids = new WeakMap<IncomingMessage, string>();
      return new HttpInstrumentation({
        startIncomingSpanHook: (request: IncomingMessage) => {
          const id = requestIdOf(request, requestIdHeaders);
          ids.set(request, id);
          return { 'request.id': id };
        },
        // For a server this runs before the handler, with the response that is yet to be written.
        responseHook: (_span: unknown, response: ServerResponse) => {
          const id = response.req && ids.get(response.req);
          if (id !== undefined) answerWithId(response, requestIdHeaders[0]!, id);
        },
      });
    },
  },
  { name: 'undici', create: () => new (load('@opentelemetry/instrumentation-undici').UndiciInstrumentation)() },
  {
    name: 'express',
    module: 'express',
    create: () => {
      const { ExpressInstrumentation, ExpressLayerType } = load('@opentelemetry/instrumentation-express');
      // A trivial request makes 2 spans instead of 4 to 6; routes and exceptions are the same.
      return new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER] });
    },
  },
  // Hooks of our own: smaller than the instrumentations there are, and without their spans.
  { name: 'fastify', module: 'fastify', create: () => new FastifyHook() },
  { name: 'koa', module: 'koa', create: createKoaHook },
  { name: 'nestjs-core', module: '@nestjs/core', create: ({ resolve }) => createNestHook(resolve) },
  { name: 'hono', module: 'hono', create: createHonoHook },
  { name: 'http2', create: ({ requestIdHeaders }) => createHttp2Hook(requestIdHeaders) },
  { name: 'pg', module: 'pg', create: () => new (load('@opentelemetry/instrumentation-pg').PgInstrumentation)() },
];

/** Modules that an ESM application must import through the loader hook for the set above to see them. */
export const HOOKED_MODULES = [
  ...['express', 'pg', 'pg-pool', 'http2', 'node:http2'],
  ...['koa', '@koa/router', 'koa-router', '@nestjs/core', 'hono', 'hono/quick', 'hono/tiny'],
];

/** @returns the instrumentations for this application, by name; they are not registered yet */
export function leanInstrumentations(options: InstrumentationOptions): Map<string, Instrumentation> {
  const chosen = new Map<string, Instrumentation>();
  for (const entry of ENTRIES) {
    if (options.disabled.includes(entry.name)) continue;
    if (options.enabled !== undefined && !options.enabled.includes(entry.name)) continue;
    if (entry.module !== undefined && !canResolve(entry.module, options.resolve)) continue;
    try {
      chosen.set(entry.name, entry.create(options));
    } catch (error) {
      options.onProblem(`instrumentation ${entry.name} could not be loaded: ${(error as Error).message}`);
    }
  }
  return chosen;
}

/** Whether the application has the module. */
export function canResolve(name: string, resolve: (name: string) => unknown): boolean {
  try {
    resolve(name);
    return true;
  } catch {
    return false;
  }
}
