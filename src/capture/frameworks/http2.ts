// Servers of node:http2 (compat API: `request` and `response`), which the http instrumentation leaves out: a SERVER span
// and a duration for each request, with the names it would use. Not the stream API (`server.on('stream')`).

import type { Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { answerWithId, type IdCarrier, requestIdOf, wrapWriteHead } from '../request-id.ts';
import { ModuleHook, patchMethod } from './module-hook.ts';
import { seamOf } from './seam.ts';

const NAME = 'rowtrace/http2';

/** createServer and createSecureServer make servers of classes that are not exported. */
type Create = (...values: never[]) => Http2Server;

export function createHttp2Hook(requestIdHeaders: readonly string[]): ModuleHook {
  const seam = seamOf('http2');
  let durations: Histogram | undefined;
  const duration = (): Histogram => {
    durations ??= metrics.getMeter(NAME).createHistogram('http.server.request.duration', {
      unit: 's',
      description: 'Duration of HTTP server requests.',
    });
    return durations;
  };

  const onRequest = (request: Http2ServerRequest, response: Http2ServerResponse, go: () => unknown): unknown => {
    let inside: Context;
    try {
      const started = performance.now();
      const { span, rpc, context: own } = startSpan(request, response, requestIdHeaders);
      response.once('close', () => end(request, response, span, rpc, (performance.now() - started) / 1000));
      // Listeners on both are called by the socket, which knows nothing of the request.
      context.bind(own, request);
      context.bind(own, response);
      inside = own;
    } catch {
      return go();
    }
    return context.with(inside, go);
  };

  const end = (
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    span: Span,
    rpc: RPCMetadata,
    seconds: number,
  ): void => {
    try {
      const { statusCode } = response;
      const outcome: Attributes = { 'http.response.status_code': statusCode };
      if (rpc.route) outcome['http.route'] = rpc.route;
      if (statusCode >= 500) {
        outcome['error.type'] = String(statusCode);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.setAttributes(outcome);
      if (rpc.route) span.updateName(`${request.method} ${rpc.route}`);
      span.end();
      duration().record(seconds, {
        'http.request.method': request.method,
        'url.scheme': schemeOf(request),
        ...outcome,
      });
    } catch {
      // In a listener of the application's response; a throw would end the process.
    }
  };

  const hookServer = (server: Http2Server): void =>
    patchMethod(
      Object.getPrototypeOf(server),
      'emit',
      (emit) =>
        function (this: Http2Server, ...values: unknown[]) {
          const go = (): unknown => emit.apply(this, values as never[]);
          if (!seam.active || values[0] !== 'request') return go();
          return onRequest(values[1] as Http2ServerRequest, values[2] as Http2ServerResponse, go);
        },
    );

  const apply = (exports: Record<string, unknown>): void => {
    wrapWriteHead((exports.Http2ServerResponse as { prototype: never }).prototype);
    // For `import` the namespace, whose default is the object that `require` gives: each is called by someone.
    for (const target of [exports, exports.default as Record<string, unknown> | undefined]) {
      if (target === undefined) continue;
      for (const name of ['createServer', 'createSecureServer']) {
        const create = target[name] as Create;
        target[name] = function (this: unknown, ...values: never[]) {
          const server = create.apply(this, values);
          hookServer(server);
          return server;
        };
      }
    }
  };
  return new ModuleHook(seam, [{ module: 'http2', versions: ['*'], apply }]);
}

function startSpan(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  headers: readonly string[],
): { span: Span; rpc: RPCMetadata; context: Context } {
  const id = requestIdOf(request, headers);
  answerWithId(response as IdCarrier, headers[0]!, id);
  const [path, query] = request.url.split('?', 2);
  const outer = propagation.extract(ROOT_CONTEXT, request.headers);
  const span = trace.getTracer(NAME).startSpan(
    request.method,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': request.method,
        'url.scheme': schemeOf(request),
        'url.path': path,
        'url.query': query,
        'network.protocol.version': request.httpVersion,
        'client.address': request.socket?.remoteAddress,
        'user_agent.original': request.headers['user-agent'],
        'request.id': id,
      },
    },
    outer,
  );
  const rpc: RPCMetadata = { type: RPCType.HTTP, span };
  return { span, rpc, context: setRPCMetadata(trace.setSpan(outer, span), rpc) };
}

/** Secure servers may answer HTTP/1 clients, too, whose requests have no such field. */
function schemeOf(request: Http2ServerRequest): string {
  return request.scheme ?? 'https';
}
