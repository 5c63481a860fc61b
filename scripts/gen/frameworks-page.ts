// docs/frameworks.md: the matrix as measured, and how each framework is seen.

import type { CellResult } from '../../test/support/frameworks.ts';

/** In the order of the page; versions that the hook accepts, and by which seam. */
const HOW: Record<string, [accepts: string, how: string]> = {
  'Express 5': [
    '4 and 5',
    '`@opentelemetry/instrumentation-express`, handlers only: one span a request beside the server’s',
  ],
  'Express 4': ['4 and 5', 'the same; Express 4 knows no promises, so a rejection nobody hands to `next` is a crash'],
  'Fastify 5': [
    '5; 4 not tried',
    'its diagnostics channel `fastify.initialization`: an `onRequest` hook (route), an `onError` hook, and `setErrorHandler`; no plugin, no span',
  ],
  'Koa 3': [
    '3 with `@koa/router`; 2 and `koa-router` accepted, not tried',
    'each middleware and each handler of a router is watched; the route is what the router notes on `ctx`',
  ],
  'NestJS 11': [
    '10 to 12; 10 not tried',
    '`ExceptionsHandler`, filters of the application included; routes come from the platform',
  ],
  'NestJS 12': ['10 to 12', 'the same; its ES modules are reached with `require` as they are'],
  'Hono 4 on node-server': [
    '4; `hono/quick` and `hono/tiny` not tried',
    'a router around the application’s own: it learns the pattern and watches handlers; nothing to add to the application',
  ],
  'node:http': ['every Node', '`@opentelemetry/instrumentation-http`'],
  'node:http2': [
    'every Node',
    'a SERVER span and a duration for each request of the compat API (`request`, `response`), with the names of the conventions',
  ],
};

export function frameworksPage(results: readonly CellResult[]): string {
  const order = Object.keys(HOW);
  const sorted = [...results].sort(
    (a, b) => order.indexOf(a.framework) - order.indexOf(b.framework) || a.modules.localeCompare(b.modules),
  );
  const columns = Object.keys(sorted[0]!.cells);
  const versions = new Map(sorted.map(({ framework, versions }) => [framework, versions]));
  return `# Frameworks

*Made by \`node scripts/frameworks.ts\` from a run of \`test/preload/frameworks.test.ts\` under Node ${process.versions.node}: each
cell is an application in a process of its own, preloaded with \`--import rowtrace/register\`, real requests and the rows
they left in Postgres. Do not edit.*

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

The start line names what is hooked; each can be switched off by name in \`OTEL_NODE_DISABLED_INSTRUMENTATIONS\`
(\`express\`, \`fastify\`, \`koa\`, \`nestjs-core\`, \`hono\`, \`http\`, \`http2\`).

## What makes a row, and what does not

- An answer of 500 or more without an exception is a row; 4xx answers are none (\`ROWTRACE_STATUS_ROWS\` lowers the bar).
- An error that is *thrown* and says by its own status that the client is at fault (\`http-errors\`, Nest's and Hono's HTTP
  exceptions, Fastify's validation) is a WARNING row. Nest's own "Cannot GET /…" for a path without a route is none.
- What a request logs after its answer is out has the request id, route, status and latency of that request.

## Not covered

- **http2's stream API** (\`server.on('stream')\`): no span, no request id; errors that reach a logger or crash are rows.
- **Hono's classes imported by another path** than the three above, and \`app.mount()\` of a foreign application: errors that
  Hono's default handler prints are rows through the console, without a route. Where that is not enough, one line is:
  \`app.onError((error, c) => { captureError(error); return c.text('Internal Server Error', 500) })\`.
- **Fastify's own \`request.id\`** (\`req-1\`) stays beside ours as the tag \`reqId\`.
- **Your own OpenTelemetry SDK** (\`createProcessors()\`): the hooks above come with the preload; there, the
  instrumentations that you register give routes and exceptions.
`;
}

function word(value: boolean | undefined): string {
  if (value === undefined) return '–';
  return value ? 'yes' : '**no**';
}
