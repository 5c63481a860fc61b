// The lean set of instrumentations: hooks of our own always, since they only wait for their module, and those of
// OpenTelemetry whose module the application has, since each has code to load; with the settings that give routes,
// exceptions and durations for the fewest spans.

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { completeApi } from '../otel/lines.ts';
import { ownRequire } from '../util/own-files.ts';
import type { ApplicationModules } from './application-modules.ts';
import { createAdonisHook } from './frameworks/adonis.ts';
import { createApolloHook } from './frameworks/apollo.ts';
import { ASTRO_FILE, createAstroHook } from './frameworks/astro.ts';
import { createBullHook } from './frameworks/bull.ts';
import { createBullmqHook } from './frameworks/bullmq.ts';
import { createConnectrpcHook } from './frameworks/connectrpc.ts';
import { createExpressHook } from './frameworks/express.ts';
import { createFastifyHook } from './frameworks/fastify.ts';
import { createFeathersHook } from './frameworks/feathers.ts';
import { createGraphqlHook } from './frameworks/graphql.ts';
import { createGrpcHook } from './frameworks/grpc.ts';
import { createH3Hook } from './frameworks/h3.ts';
import { createHapiHook } from './frameworks/hapi.ts';
import { createHonoHook } from './frameworks/hono.ts';
import { createHttpServerHook } from './frameworks/http.ts';
import { createHttp2Hook } from './frameworks/http2.ts';
import { createKafkajsHook } from './frameworks/kafkajs.ts';
import { createKoaHook } from './frameworks/koa.ts';
import { createLoopbackHook } from './frameworks/loopback.ts';
import { createNestHook } from './frameworks/nest.ts';
import { createNextHook } from './frameworks/next.ts';
import { createNitroHook } from './frameworks/nitro.ts';
import { createNuxtHook } from './frameworks/nuxt.ts';
import { createReactRouterHook } from './frameworks/react-router.ts';
import { createRestifyHook } from './frameworks/restify.ts';
import { createSveltekitHook } from './frameworks/sveltekit.ts';
import { createTanstackStartHook } from './frameworks/tanstack-start.ts';
import { createTrpcHook, TRPC_MODULES } from './frameworks/trpc.ts';
import { keepGivenHeaders } from './given-headers.ts';
import { createSecondSdkHook } from './second-sdk.ts';
import { withSharedRequireHook } from './shared-require-hook.ts';

export interface InstrumentationOptions {
  requestIdHeaders: readonly string[];
  /** Those that the application has. */
  modules: Pick<ApplicationModules, 'has' | 'isNamed' | 'hasBuilt' | 'resolve'>;
  /** OTEL_NODE_ENABLED_INSTRUMENTATIONS; absent means all. */
  enabled?: readonly string[] | undefined;
  /** OTEL_NODE_DISABLED_INSTRUMENTATIONS. */
  disabled: readonly string[];
  onProblem: (message: string) => void;
  /** Called where another SDK is refused since ours is there. */
  onSecondSdk?: () => void;
}

interface Entry {
  name: string;
  /** Modules of which one must be there to be named; none for what Node itself brings. */
  modules?: readonly string[];
  /** Part of the bundle that the application is: its manifest may be all that names it. */
  bundled?: string;
  /** A file of such a bundle, beside that the process starts with. */
  file?: string;
  /** Its code, where that is not ours: loaded only where one of the modules is there. */
  package?: string;
  /** @param isThere whether the application has one of the modules, or is such a bundle */
  create: (options: InstrumentationOptions, isThere: boolean) => Instrumentation | Instrumentation[];
}

// Loaded on demand and synchronously: the application's own imports come right after us.
const ENTRIES: readonly Entry[] = [
  {
    name: 'http',
    package: '@opentelemetry/instrumentation-http',
    create: ({ requestIdHeaders }) => [
      createHttpServerHook(requestIdHeaders),
      // For calls to other services.
      new (ownRequire('@opentelemetry/instrumentation-http').HttpInstrumentation)({
        disableIncomingRequestInstrumentation: true,
      }),
    ],
  },
  client('undici', 'UndiciInstrumentation', undefined, { requestHook: keepGivenHeaders }),
  // Hooks of our own: smaller than the instrumentations there are, and without their spans.
  { name: 'express', modules: ['express'], create: createExpressHook },
  { name: 'fastify', modules: ['fastify'], create: createFastifyHook },
  { name: 'koa', modules: ['koa'], create: createKoaHook },
  { name: 'nestjs-core', modules: ['@nestjs/core'], create: ({ modules }) => createNestHook(modules.resolve) },
  { name: 'hono', modules: ['hono'], create: createHonoHook },
  { name: 'hapi', modules: ['@hapi/hapi'], create: createHapiHook },
  { name: 'next', modules: ['next'], create: createNextHook },
  {
    name: 'react-router',
    modules: ['@react-router/node', '@remix-run/node'],
    create: createReactRouterHook,
  },
  { name: 'adonis', modules: ['@adonisjs/http-server'], create: createAdonisHook },
  { name: 'restify', modules: ['restify'], create: createRestifyHook },
  { name: 'feathers', modules: ['@feathersjs/feathers'], create: createFeathersHook },
  { name: 'loopback', modules: ['@loopback/rest'], create: createLoopbackHook },
  { name: 'apollo', modules: ['@apollo/server'], create: createApolloHook },
  { name: 'astro', modules: ['astro'], create: createAstroHook },
  { name: 'h3', modules: ['h3'], create: createH3Hook },
  { name: 'nitro', file: '../nitro.json', create: (_, isThere) => createNitroHook(isThere) },
  { name: 'nuxt', file: 'chunks/routes/renderer.mjs', create: (_, isThere) => createNuxtHook(isThere) },
  { name: 'sveltekit', bundled: '@sveltejs/kit', create: (_, isThere) => createSveltekitHook(isThere) },
  {
    name: 'tanstack-start',
    bundled: '@tanstack/react-start',
    create: (_, isThere) => createTanstackStartHook(isThere),
  },
  { name: 'trpc', modules: ['@trpc/server'], create: createTrpcHook },
  { name: 'grpc', modules: ['@grpc/grpc-js'], create: createGrpcHook },
  { name: 'connectrpc', modules: ['@connectrpc/connect'], create: createConnectrpcHook },
  { name: 'http2', create: ({ requestIdHeaders }) => createHttp2Hook(requestIdHeaders) },
  client('pg', 'PgInstrumentation', ['pg']),
  client('mysql2', 'MySQL2Instrumentation', ['mysql2']),
  client('mongodb', 'MongoDBInstrumentation', ['mongodb']),
  // Within requests, jobs and other spans only: what clients do for themselves (set-up, blocking reads) is no operation.
  client('redis', 'RedisInstrumentation', ['redis', '@redis/client'], { requireParentSpan: true }),
  client('ioredis', 'IORedisInstrumentation', ['ioredis']),
  client('amqplib', 'AmqplibInstrumentation', ['amqplib']),
  { name: 'kafkajs', modules: ['kafkajs'], create: createKafkajsHook },
  // A span a resolver would be a span a field: errors are those of resolvers that do more than read a property.
  beside(
    client('graphql', 'GraphQLInstrumentation', ['graphql'], { ignoreTrivialResolveSpans: true, mergeItems: true }),
    createGraphqlHook,
  ),
  client('aws-sdk', 'AwsInstrumentation', ['@smithy/core', '@smithy/smithy-client', '@smithy/middleware-stack']),
  client('openai', 'OpenAIInstrumentation', ['openai']),
  { name: 'bullmq', modules: ['bullmq'], create: createBullmqHook },
  { name: 'bull', modules: ['bull'], create: createBullHook },
];

/** Clients of databases, brokers and services: OpenTelemetry's own instrumentations, as they are. */
function client(name: string, className: string, modules?: readonly string[], config: object = {}): Entry {
  const from = `@opentelemetry/instrumentation-${name}`;
  return { name, ...(modules && { modules }), package: from, create: () => new (ownRequire(from)[className])(config) };
}

/** With a hook of ours for versions that it is not for. */
function beside(entry: Entry, createHook: () => Instrumentation): Entry {
  return { ...entry, create: (...given) => [entry.create(...given), createHook()].flat() };
}

/** Modules that an ESM application must import through the loader hook for the set above to see them. */
export const HOOKED_MODULES = [
  ...['express', 'http2', 'node:http2'],
  ...['pg', 'pg-pool', 'mysql2', 'mongodb', 'redis', '@redis/client', 'ioredis', 'amqplib', 'kafkajs', 'graphql'],
  ...['@smithy/core', '@smithy/smithy-client', '@smithy/middleware-stack', 'openai', 'bullmq', 'bull'],
  ...[
    'koa',
    '@koa/router',
    'koa-router',
    '@nestjs/core',
    '@nestjs/microservices',
    '@nestjs/websockets',
    'hono',
    'hono/quick',
    'hono/tiny',
    '@hapi/hapi',
    'h3',
    'restify',
    '@feathersjs/transport-commons',
    '@loopback/rest',
    '@apollo/server',
    '@grpc/grpc-js',
    '@connectrpc/connect',
  ],
  ...['react-router', '@remix-run/server-runtime'],
  ...TRPC_MODULES,
];

/** The same, of files of an application's own. */
export const HOOKED_FILES: readonly RegExp[] = [ASTRO_FILE];

export interface LeanInstrumentations {
  /** By name; they are not registered yet. */
  all: Map<string, Instrumentation[]>;
  /** Names of those that the application has something for; hooks of ours wait for the rest, however deep it lies. */
  found: string[];
}

/** @returns the instrumentations for this application */
export function leanInstrumentations(options: InstrumentationOptions): LeanInstrumentations {
  const { enabled, disabled, modules, onProblem } = options;
  const wanted = ENTRIES.filter(({ name }) => !disabled.includes(name) && (enabled?.includes(name) ?? true));
  const there = new Set(wanted.filter((entry) => isThere(entry, modules)));
  const made = wanted.filter((entry) => there.has(entry) || entry.package === undefined);
  const attempts = new Attempts();
  // Each asks it for a logger as it is made.
  completeApi();
  // Before the first is made: it hooks `require`, and each file costs more from then on (7 % of the start, together with imports).
  const loaded = made.filter(({ name, package: from }) => attempts.make(name, () => from && ownRequire(from)));
  const all: LeanInstrumentations['all'] = new Map();
  withSharedRequireHook(() => {
    const { onSecondSdk } = options;
    if (onSecondSdk) attempts.make('second-sdk', () => all.set('second-sdk', [createSecondSdkHook(onSecondSdk)]));
    for (const entry of loaded)
      attempts.make(entry.name, () => all.set(entry.name, [entry.create(options, there.has(entry))].flat()));
  });
  for (const [why, names] of attempts.failures) onProblem(`${names.join(', ')} could not be hooked: ${why}`);
  return { all, found: loaded.filter((entry) => there.has(entry) && all.has(entry.name)).map(({ name }) => name) };
}

function isThere({ modules: names, bundled, file }: Entry, modules: InstrumentationOptions['modules']): boolean {
  if (file !== undefined) return modules.hasBuilt(file);
  if (bundled !== undefined) return modules.isNamed(bundled);
  return names === undefined || names.some(modules.has);
}

class Attempts {
  /** Names by what went wrong. */
  readonly failures = new Map<string, string[]>();

  /** @returns whether it went well */
  make(name: string, work: () => unknown): boolean {
    try {
      work();
      return true;
    } catch (error) {
      const [why] = (error as Error).message.split('\n');
      this.failures.set(why!, [...(this.failures.get(why!) ?? []), name]);
      return false;
    }
  }
}
