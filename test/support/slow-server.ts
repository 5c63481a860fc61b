// A receiver's HTTP server with one route that answers when it is told to.

import { Counters } from '../../src/receive/counters.ts';
import { type HttpOptions, type HttpServer, listen, type Route } from '../../src/receive/http/server.ts';

export interface SlowServer extends HttpServer {
  /** Resolves when the slow route was asked. */
  asked: Promise<void>;
  answer(): void;
}

export async function slowServer(
  path: string,
  method: Route['method'],
  more: Partial<HttpOptions> = {},
): Promise<SlowServer> {
  const asked = Promise.withResolvers<void>();
  const answering = Promise.withResolvers<void>();
  const handle = async () => {
    asked.resolve();
    await answering.promise;
    return { status: 200, contentType: 'text/plain', body: 'done' };
  };
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    counters: new Counters(),
    onProblem: () => {},
    ...more,
    routes: { ...more.routes, [path]: { method, handle } },
  });
  return { ...server, asked: asked.promise, answer: answering.resolve };
}
