// docs/frameworks.md: the matrix as measured, and how each framework is seen.

import type { CellResult } from '../../test/support/frameworks.ts';
import type { WorkerResult } from '../../test/support/workers.ts';

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
  'Next.js 16': [
    '16; 15 not tried',
    'the spans that Next makes itself: the route as soon as it is known, errors as objects; no module is patched, so that bundles are seen, too. Pages, route handlers, server actions, `pages` with their API routes, the proxy',
  ],
  'Next.js 16, stand-alone': ['16', 'the same'],
  'Next.js 16, `instrumentation.js`': ['16', 'the same; the server is hooked although Next has loaded it before'],
  'node:http': [
    'every Node',
    'one SERVER span and one duration a request, the same as those of `@opentelemetry/instrumentation-http` (a test compares them); that instrumentation sees calls to others',
  ],
  'node:http2': ['every Node', 'the same, for the compat API (`request`, `response`)'],
};

/** The same for workers. */
const WORKERS: Record<string, string> = {
  BullMQ:
    'a CONSUMER span a job, by a hook of ours, with nothing of the request that made the worker. Each failed attempt is a row (one issue), tagged with the attempts before it: `messaging.bullmq.job.attempts_made`. Sandboxed processors run in processes of their own and are not seen',
  amqplib:
    '`@opentelemetry/instrumentation-amqplib`: the trace of the publisher goes on. What a handler catches is a row where it is logged or given to `captureError`; what it lets go ends the process and is a row that knows its message',
  kafkajs:
    'a CONSUMER span a message (or batch), a PRODUCER span a send, by a hook of ours; the trace of the producer goes on. kafkajs delivers a message again after an error: each delivery that fails is a row',
  'script, cron':
    'no hook: `trackLatency` names and measures a run, `withContext` tags what is inside, `captureErrors` reports; without them, what crashes or rejects is a row',
};

export function frameworksPage(results: readonly CellResult[], workers: readonly WorkerResult[]): string {
  const order = Object.keys(HOW);
  const sorted = [...results].sort(
    (a, b) => order.indexOf(a.framework) - order.indexOf(b.framework) || a.modules.localeCompare(b.modules),
  );
  const columns = Object.keys(sorted[0]!.cells);
  const versions = new Map(sorted.map(({ framework, versions }) => [framework, versions]));
  return `# Frameworks and workers

*Made by \`node scripts/frameworks.ts\` from a run of \`test/preload/\` under Node ${process.versions.node}: each
cell is an application in a process of its own, preloaded with \`--import rowtrace/register\` unless it says otherwise, real
requests and the rows they left in Postgres. Do not edit.*

| | modules | ${columns.join(' | ')} |
|---|---|${columns.map(() => '---').join('|')}|
${sorted.map((result) => `| ${result.framework} | ${result.modules} | ${columns.map((name) => word(result.cells[name])).join(' | ')} |`).join('\n')}

Yes means: exactly one row an exception, however many layers, error handlers and loggers it came by. A dash means that a
server without a framework has no such thing. Request ids are on the rows and on the answers, error answers included.

## How

| | tested with | accepts | seen through |
|---|---|---|---|
${order
  .filter((name) => versions.has(name))
  .map((name) => `| ${name} | ${versions.get(name)!.join(', ')} | ${HOW[name]!.join(' | ')} |`)
  .join('\n')}

The start line names what is hooked and found; hooks in this list wait for their package wherever it is loaded from. Each can be switched off by name in \`OTEL_NODE_DISABLED_INSTRUMENTATIONS\`
(\`express\`, \`fastify\`, \`koa\`, \`nestjs-core\`, \`hono\`, \`next\`, \`http\`, \`http2\`).

## Next.js

- **Your own server**: \`node --import rowtrace/register server.js\`. It belongs to the server, not to \`next build\`.
- **\`output: 'standalone'\`**: the build takes along only what Next finds by tracing, so put Rowtrace in a folder of its own
  beside it, for a container: \`npm install --prefix /opt/rowtrace rowtrace\`, then
  \`node --import /opt/rowtrace/node_modules/rowtrace/dist/src/register.cjs server.js\`.
- **\`instrumentation.js\`**, where the command line is not yours; \`serverExternalPackages: ['rowtrace']\` in the configuration
  keeps it out of the bundle, and \`node_modules\` must be there (not with \`output: 'standalone'\`):

\`\`\`js
export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') (await import('rowtrace')).start();
}
// Not needed for the rows: only where you want what Next knows of the failed request as tags.
export async function onRequestError(error, request, context) {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { captureError } = await import('rowtrace');
  captureError(error, { tags: { router: context.routerKind } });
}
\`\`\`

\`redirect()\` and \`notFound()\` are no rows. Stacks are mapped to your sources by the maps that \`next build\` writes beside its
chunks. An error of the proxy (middleware) has the route \`/_error\`. Code that runs on the edge runtime is not seen.

## Background workers

| | tested with | against | ${workerColumns(workers).join(' | ')} |
|---|---|---|${workerColumns(workers)
    .map(() => '---')
    .join('|')}|
${inOrder(workers)
  .map(
    ({ worker, versions, server, cells }) =>
      `| ${worker} | ${versions.join(', ') || '–'} | ${server} | ${Object.values(cells).map(word).join(' | ')} |`,
  )
  .join('\n')}

${inOrder(workers)
  .map(({ worker }) => `- **${worker}**: ${WORKERS[worker]}.`)
  .join('\n')}

## What makes a row, and what does not

- An answer of 500 or more without an exception is a row; 4xx answers are none (\`ROWTRACE_STATUS_ROWS\` lowers the bar).
- An error that is *thrown* and says by its own status that the client is at fault (\`http-errors\`, Nest's and Hono's HTTP
  exceptions, Fastify's validation) is a WARNING row. Where the request answers 5xx all the same it is an ERROR: it
  was a 402 or 429 of another service. Nest's own "Cannot GET /…" for a path without a route is none.
  That Express prints what nobody handles raises none of them, but one with a status that a call of the same request was answered.
- A client that gives up before any answer leaves no status, and no row of its own; one that leaves in the midst of an upload
  or a download leaves none, either (beside an HTTP instrumentation of the application's own it does). A request whose handler
  throws past its framework has the status that it is answered with within five seconds, if it is.
- A request that a handler makes up (\`fastify.inject\`, \`app.request()\` of Hono) is part of its own: no span, no route.
- What Fastify only logs (a stream that fails after the head, a failing \`onResponse\`) is a row of the level that it logs with,
  without a logger, too.
- What a request logs after its answer is out has the request id, route, status and latency of that request.

## Not covered

- **A source that \`pipeline(source, response, callback)\` finds closed early**, where the callback does nothing with the
  error: no row.
- **http2's stream API** (\`server.on('stream')\`): no span, no request id; errors that reach a logger or crash are rows.
- **Hono's classes imported by another path** than the three above, and \`app.mount()\` of a foreign application: errors that
  Hono's default handler prints are rows through the console, without a route. Where that is not enough, one line is:
  \`app.onError((error, c) => { captureError(error); return c.text('Internal Server Error', 500) })\`.
- **Bun** (1.4 tried by hand, by \`--preload\`): a CommonJS application of Express makes the rows it makes under Node, ES modules are
  not hooked. **Deno** was not tried.
- **Fastify's own \`request.id\`** (\`req-1\`) stays beside ours as the tag \`reqId\`.
- **What answers errors itself, past the framework**: of tRPC's adapters there is the row "answered 500" without the error, a
  procedure's own comes with \`onError: ({ error }) => captureError(error)\`. Of an error in Apollo Server's
  \`context\` function there is that row alone. What Nest answers of \`RpcException\` and \`WsException\` is no row where it is thrown; other errors of
  message handlers, gateways, listeners and \`@nestjs/schedule\` are rows by Nest's logger.
- **Worker threads of the application**: nothing is hooked there. An error that ends one is a row, whether the main thread
  listens for it (ERROR) or crashes of it (CRITICAL). Child processes and workers of \`node:cluster\` are as any process.
- **Your own OpenTelemetry SDK** (\`createProcessors()\`): the hooks above come with the preload; there, the
  instrumentations that you register give routes and exceptions.
`;
}

function inOrder(workers: readonly WorkerResult[]): WorkerResult[] {
  const order = Object.keys(WORKERS);
  return [...workers].sort((a, b) => order.indexOf(a.worker) - order.indexOf(b.worker));
}

function workerColumns(workers: readonly WorkerResult[]): string[] {
  return Object.keys(workers[0]?.cells ?? {});
}

function word(value: boolean | string | undefined): string {
  if (value === undefined) return '–';
  if (typeof value === 'string') return value;
  return value ? 'yes' : '**no**';
}
