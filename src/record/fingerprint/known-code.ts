// What is known about code that is not the service's own: Node's files, helpers of compilers, instrumentation, and web
// frameworks whose frames only pass a call on. Lists; unknown packages are dependencies.

const OLD_NODE_FILES = new Set(
  '_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server _stream_duplex _stream_passthrough _stream_readable _stream_transform _stream_wrap _stream_writable _tls_common _tls_wrap assert async_hooks bootstrap_node buffer child_process cluster console constants crypto dgram dns domain events fs http http2 https inspector module net node os path perf_hooks process punycode querystring readline repl stream string_decoder timers tls trace_events tty url util v8 vm worker_threads zlib'.split(
    ' ',
  ),
);

/** node:fs, internal/timers.js, timers.js (before Node 15), Deno's ext:core/01_core.js, natives and `Promise.all (index 0)`. */
export function isNodeFile(file: string): boolean {
  if (file.startsWith('node:') || file.startsWith('internal/') || file.startsWith('internal\\')) return true;
  if (file.startsWith('ext:')) return true;
  if (file === '<anonymous>' || file === 'native' || file.startsWith('native ') || file.startsWith('index '))
    return true;
  if (file.startsWith('[eval]') || file.startsWith('REPL') || file.startsWith('evalmachine')) return true;
  return file.endsWith('.js') && !file.includes('/') && !file.includes('\\') && OLD_NODE_FILES.has(file.slice(0, -3));
}

/** Evaluated code, module loaders, bundler runtimes, hosts' launchers. */
export function runtimeFile(path: string): boolean {
  return (
    path.startsWith('eval at ') ||
    path.startsWith('/wasm/') ||
    path.startsWith('/var/runtime/') ||
    path.includes('webpack/bootstrap') ||
    path.includes('webpack/runtime') ||
    path.endsWith('.pnp.cjs') ||
    path.endsWith('.pnp.js') ||
    path.endsWith('.pnp.loader.mjs') ||
    path.includes('/.yarn/releases/')
  );
}

const RUNTIME_FUNCTIONS = new Set(
  '__awaiter __async __generator __asyncGenerator asyncGeneratorStep _asyncToGenerator __webpack_require__ __webpack_exec__ __require __init __esm __commonJS __rest __decorate _next _throw fulfilled rejected tryCatch'.split(
    ' ',
  ),
);

/** Helpers that compilers copy into the service's own files. */
export function runtimeFunction(name: string): boolean {
  return RUNTIME_FUNCTIONS.has(name.slice(name.lastIndexOf('.') + 1));
}

const RUNTIME_SCOPES = [
  '@opentelemetry/',
  '@sentry/',
  '@elastic/',
  '@datadog/',
  '@newrelic/',
  '@appsignal/',
  '@bugsnag/',
  '@honeycombio/',
  '@traceloop/',
  '@swc/',
  '@babel/',
  '@cspotcode/',
  '@esbuild-kit/',
];
const RUNTIME_PACKAGES = new Set(
  'rowtrace newrelic dd-trace elastic-apm-node rollbar require-in-the-middle import-in-the-middle shimmer zone.js tslib regenerator-runtime core-js logrocket cls-hooked async-hook-jl async-listener continuation-local-storage source-map-support ts-node tsx esbuild-register pirates pm2 bluebird q co promise es6-promise any-promise asap express-async-errors express-async-handler applicationinsights diagnostic-channel diagnostic-channel-publishers'.split(
    ' ',
  ),
);

export function runtimePackage(name: string): boolean {
  return RUNTIME_PACKAGES.has(name) || (name.startsWith('@') && RUNTIME_SCOPES.some((scope) => name.startsWith(scope)));
}

/** Below a framework's frame begin the callers of the whole application: other middleware, the server. */
export const frameworks: ReadonlySet<string> = new Set(
  'express router connect koa koa-compose koa-router @koa/router @hapi/hapi fastify avvio middie @fastify/middie @fastify/express restify hono @hono/node-server @nestjs/core @nestjs/platform-express @nestjs/platform-fastify finalhandler serverless-http @vendia/serverless-express @google-cloud/functions-framework middy @middy/core find-my-way polka h3'.split(
    ' ',
  ),
);
