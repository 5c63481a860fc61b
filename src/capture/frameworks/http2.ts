// Servers of node:http2 (compat API: `request` and `response`), which the instrumentation for http leaves out. Not the
// stream API (`server.on('stream')`).

import type { Http2Server, Http2ServerRequest } from 'node:http2';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { alike } from '../alike.ts';
import { hookWriteHead, wrapWriteHead } from '../response-head.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { seamOf } from './seam.ts';
import { followEvents, followHttpEvents, isRequest, ServerRequests } from './server-requests.ts';

/** createServer and createSecureServer make servers of classes that are not exported. */
type Create = (...values: never[]) => Http2Server;

const seam = seamOf('http2');
/** Of the latest start: what is patched stays so. */
let requests: ServerRequests;

export function createHttp2Hook(requestIdHeaders: readonly string[]): Instrumentation {
  requests = new ServerRequests('rowtrace/http2', requestIdHeaders);
  return createModuleHook(seam, [{ module: 'http2', versions: ['*'], apply }]);
}

function apply(exports: Record<string, unknown>): void {
  const { Http2ServerRequest, Http2ServerResponse } = exports as Record<string, { prototype: never }>;
  wrapWriteHead(Http2ServerResponse!.prototype);
  followEvents(Http2ServerRequest!.prototype);
  followEvents(Http2ServerResponse!.prototype);
  // Secure servers may answer HTTP/1 clients, too.
  hookWriteHead();
  followHttpEvents();
  // For `import` the namespace, whose default is the object that `require` gives: each is called by someone.
  for (const target of [exports, exports.default as Record<string, unknown> | undefined]) {
    if (target === undefined) continue;
    for (const name of ['createServer', 'createSecureServer']) {
      const create = target[name] as Create;
      target[name] = alike(function (this: unknown, ...values: never[]) {
        const server = create.apply(this, values);
        hookServer(server);
        return server;
      }, create);
    }
  }
}

function hookServer(server: Http2Server): void {
  patchMethod(
    Object.getPrototypeOf(server),
    'emit',
    (emit) =>
      function (this: Http2Server, ...values: unknown[]) {
        const go = (): unknown => emit.apply(this, values as never[]);
        if (!isRequest(values[0]) || !seam.active) return go();
        const request = values[1] as Http2ServerRequest;
        // Requests of HTTP/1 clients have no such field.
        const scheme = request.scheme ?? 'https';
        return requests.serve(request as never, values[2] as never, scheme, go);
      },
  );
}
