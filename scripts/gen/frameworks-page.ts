// The measured parts of docs/frameworks.md: the matrix, how each framework is seen, workers.

import type { CellResult } from '../../test/support/frameworks.ts';
import type { WorkerResult } from '../../test/support/workers.ts';
import { withPart } from '../page-part.ts';

/** In the order of the page; versions that the hook accepts, and by which seam. */
const HOW: Record<string, [accepts: string, how: string]> = {
  'Express 5': [
    '4 and 5',
    'routers and routes on entry (pattern), error handlers and the way out of a router (errors); no span, handlers as they are',
  ],
  'Express 4': ['4 and 5', 'the same; Express 4 knows no promises, so a rejection nobody hands to `next` is a crash'],
  'Fastify 5': [
    '3 to 5; 3.29 and 4.29 tried by hand (what the validation of 3 refuses is an ERROR: it says no status)',
    'its diagnostics channel `fastify.initialization`: an `onRequest` hook (route), an `onError` hook, and `setErrorHandler`; no plugin, no span',
  ],
  'Koa 3': [
    '2 and 3 with `@koa/router` or `koa-router`; Koa 2.16 and routers 12 to 14 tried by hand',
    'each middleware and each handler of a router is watched, and what Koa itself answers (`context.onerror`); the route is what the router notes on `ctx`',
  ],
  'NestJS 11': [
    '9 to 12; 9.4 and 10.4 tried by hand',
    '`ExceptionsHandler`, filters of the application included, and `ExternalExceptionsHandler` (resolvers of GraphQL); routes come from the platform',
  ],
  'NestJS 12': ['9 to 12', 'the same; its ES modules are reached with `require` as they are'],
  'Hono 4 on node-server': [
    '4; `hono/quick` and `hono/tiny` not tried',
    'a router around the application’s own: it learns the pattern and watches handlers; so are `notFound` and `onError`; nothing to add to the application',
  ],
  'hapi 21': [
    '18 to 21; 18.4 and 20.3 tried by hand',
    'each server that is made gets two steps of a request’s life cycle, `onPreAuth` (route) and `onPreResponse` (errors); no plugin, no span',
  ],
  'React Router 8 on Express': [
    '7 and 8, and Remix 2; 7.18 tried by hand',
    'the handler that it is mounted as gets a copy of the build whose loaders, actions and middleware are watched; so are what renders a page, and `handleError`',
  ],
  'Next.js 16': [
    '14 to 16; 14.2 and 15.5 tried by hand',
    'the spans that Next makes itself: the route as soon as it is known, errors as objects; no module is patched, so that bundles are seen, too. Pages, route handlers, server actions, `pages` with their API routes, the proxy',
  ],
  'Next.js 16, stand-alone': ['16', 'the same'],
  'Next.js 16, `instrumentation.js`': ['16', 'the same; the server is hooked although Next has loaded it before'],
  'tRPC 11, stand-alone': [
    '10 and 11, on any adapter',
    'the options of an adapter get an `onError` (errors) and a `createContext` (route), which call the application’s own; the request is that of the server it is mounted on',
  ],
  gRPC: [
    '@grpc/grpc-js 1',
    'handlers are watched where a service is added to a server: a SERVER span a call, with what it is answered with, what its stream emits, and what is thrown at once',
  ],
  ConnectRPC: [
    '1 and 2, on any adapter',
    'the options of a router get an interceptor around the application’s own (route, errors); the request is that of the server',
  ],
  'node:http': [
    'every Node',
    'one SERVER span and one duration a request, the same as those of `@opentelemetry/instrumentation-http` (a test compares them); that instrumentation sees calls to others',
  ],
  'node:http2': ['every Node', 'the same, for the compat API (`request`, `response`)'],
};

/** The same for workers. */
const WORKERS: Record<string, string> = {
  BullMQ:
    'a CONSUMER span a job, by a hook of ours, with nothing of the request that made the worker. Each failed attempt is a row (one issue), tagged with the attempts before it: `messaging.bullmq.job.attempts_made`. So is that of a sandboxed processor (its child that ends, too); what the processor logs is a row without the job where it runs in a child process, which has the same flag, and none with `useWorkerThreads`. A job that is given up since its worker was killed ("job stalled more than allowable limit") is a row of the worker that finds it. **Bull** (4.16 tried, a hook of ours): the same, under its own name (`messaging.bull.job.name`), and a job whose `timeout` is over',
  amqplib:
    '`@opentelemetry/instrumentation-amqplib`: the trace of the publisher goes on. What a handler catches is a row where it is logged or given to `captureError`; what it lets go ends the process and is a row that knows its message',
  kafkajs:
    'a CONSUMER span a message (or batch), a PRODUCER span a send, by a hook of ours; the trace of the producer goes on. kafkajs delivers a message again after an error: each delivery that fails is a row',
  'script, cron':
    'no hook: `trackLatency` names and measures a run, `withContext` tags what is inside, `captureErrors` reports; without them, what crashes or rejects is a row',
};

/** @returns the page with its measured parts made anew; what stands between them is written by hand */
export function frameworksPage(page: string, results: readonly CellResult[], workers: readonly WorkerResult[]): string {
  const order = Object.keys(HOW);
  const sorted = [...results].sort(
    (a, b) => order.indexOf(a.framework) - order.indexOf(b.framework) || a.modules.localeCompare(b.modules),
  );
  const parts = { matrix: matrix(sorted), how: how(sorted), workers: workersPart(inOrder(workers)) };
  return Object.entries(parts).reduce(
    (text, [name, part]) => withPart(text, `<!-- made by \`node scripts/frameworks.ts\`: ${name} -->`, () => part),
    page,
  );
}

function matrix(sorted: readonly CellResult[]): string {
  const columns = Object.keys(sorted[0]!.cells);
  return `*From a run of \`test/preload/\` under Node ${process.versions.node}: each cell is an application in a process of its own,
preloaded with \`--import rowtrace/register\` unless it says otherwise, real requests and the rows they left in Postgres.*

| | modules | ${columns.join(' | ')} |
|---|---|${columns.map(() => '---').join('|')}|
${sorted.map(({ framework, modules, cells }) => `| ${framework} | ${modules} | ${columns.map((name) => word(cells[name])).join(' | ')} |`).join('\n')}`;
}

function how(sorted: readonly CellResult[]): string {
  const versions = new Map(sorted.map(({ framework, versions }) => [framework, versions]));
  return `| | tested with | accepts | seen through |
|---|---|---|---|
${Object.entries(HOW)
  .filter(([name]) => versions.has(name))
  .map(([name, [accepts, seam]]) => `| ${name} | ${versions.get(name)!.join(', ')} | ${accepts} | ${seam} |`)
  .join('\n')}`;
}

function workersPart(workers: readonly WorkerResult[]): string {
  const columns = Object.keys(workers[0]?.cells ?? {});
  return `| | tested with | against | ${columns.join(' | ')} |
|---|---|---|${columns.map(() => '---').join('|')}|
${workers
  .map(
    ({ worker, versions, server, cells }) =>
      `| ${worker} | ${versions.join(', ') || '–'} | ${server} | ${Object.values(cells).map(word).join(' | ')} |`,
  )
  .join('\n')}

${workers.map(({ worker }) => `- **${worker}**: ${WORKERS[worker]}.`).join('\n')}`;
}

function inOrder(workers: readonly WorkerResult[]): WorkerResult[] {
  const order = Object.keys(WORKERS);
  return [...workers].sort((a, b) => order.indexOf(a.worker) - order.indexOf(b.worker));
}

function word(value: boolean | string | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  return value ? 'yes' : '**no**';
}
