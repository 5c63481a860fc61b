// The receiver's HTTP server: node:http and a table of routes. A framework would bring a body parser that has to be turned
// off, a router for seven paths, and 20 % less throughput (4,555 against 5,342 requests of 222 KB a second, Fastify 5).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Counters } from '../counters.ts';
import type { Encoding } from '../decode/decode.ts';
import { DecodeError, TooManyError } from '../decode/decode-error.ts';
import { FactTooLargeError, StoreFullError } from '../fact-store.ts';
import { corsHeaders, isPreflight } from './cors.ts';
import { HttpError } from './http-error.ts';
import { CONTENT_TYPES, encodingOf, statusBody } from './reply.ts';

export interface Answer {
  status: number;
  contentType: string;
  body: Uint8Array | string;
}

export interface Route {
  method: 'GET' | 'POST';
  handle(request: IncomingMessage): Promise<Answer> | Answer;
}

export interface HttpOptions {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** PEM texts. */
  tls?: { cert: string | Buffer; key: string | Buffer } | undefined;
  routes: Readonly<Record<string, Route>>;
  counters: Counters;
  /** Origins whose pages may send; none by default. */
  corsAllowedOrigins?: ReadonlySet<string> | undefined;
  onProblem: (message: string) => void;
  /** How long a request may take to arrive whole. Default 30,000; its head, 10,000. */
  requestMillis?: number;
  headersMillis?: number;
}

export interface HttpServer {
  readonly port: number;
  /** No new requests; resolves when those under way are answered, or the time is over. */
  close(timeoutMillis: number): Promise<void>;
}

/** Longer than the pause between the batches of any SDK (5 to 60 s), so that a connection serves many. */
const KEEP_ALIVE_MILLIS = 75_000;
/** What a sender that was refused may still send before its connection is cut; without it many see a reset, no answer. */
const LINGER_MILLIS = 1_000;

const MAX_CONNECTIONS = 2_000;

export async function listen(options: HttpOptions): Promise<HttpServer> {
  const { host, port, tls, requestMillis = 30_000, headersMillis = 10_000 } = options;
  // How often the two bounds are looked at; Node's own is 30 s.
  const looking = { connectionsCheckingInterval: Math.min(1_000, headersMillis) };
  const server: Server = tls ? createTlsServer({ ...looking, ...tls, minVersion: 'TLSv1.2' }) : createServer(looking);
  // For connections that never say a word, which neither bound knows.
  server.timeout = requestMillis;
  server.requestTimeout = requestMillis;
  server.headersTimeout = headersMillis;
  server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
  server.maxConnections = MAX_CONNECTIONS;
  const connections = new Set<Socket>();
  const underWay = new Set<IncomingMessage>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request, response) => {
    if (closing) response.shouldKeepAlive = false;
    underWay.add(request);
    response.once('close', () => {
      underWay.delete(request);
      if (closing) request.socket.destroySoon();
    });
    void handle(request, response, options);
  });
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => options.onProblem(`http: ${error.message}`));
  return {
    port: (server.address() as AddressInfo).port,
    async close(timeoutMillis) {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Not closeIdleConnections, which waits for those that have not asked anything yet.
      const asked = new Set(Array.from(underWay, ({ socket }) => endOf(socket)));
      const cut = (which: (socket: Socket) => boolean) => {
        for (const socket of connections) if (which(socket)) socket.destroy();
      };
      cut((socket) => !asked.has(endOf(socket)));
      const timer = setTimeout(() => cut(() => true), timeoutMillis);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** The other end of a connection: with TLS a request has another object for it. */
function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

const NO_ORIGINS: ReadonlySet<string> = new Set();
const NOTHING: Answer = { status: 200, contentType: 'text/plain', body: '' };

async function handle(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
  const { routes, corsAllowedOrigins = NO_ORIGINS } = options;
  const cors = corsHeaders(request, corsAllowedOrigins);
  try {
    const answer = corsAllowedOrigins.size > 0 && isPreflight(request) ? NOTHING : await route(request, routes);
    send(response, answer, cors, options.counters);
  } catch (error) {
    const { status, message, headers, retryAfter } = toHttpError(error, options);
    const encoding: Encoding = encodingOf(request.headers['content-type']) ?? 'json';
    const all: Record<string, string> = { ...cors, ...headers };
    if (retryAfter !== undefined) all['retry-after'] = String(retryAfter);
    if (!request.complete) {
      response.shouldKeepAlive = false;
      linger(request, response);
    }
    const answer = { status, contentType: CONTENT_TYPES[encoding], body: statusBody(encoding, status, message) };
    send(response, answer, all, options.counters);
  }
}

function route(request: IncomingMessage, routes: HttpOptions['routes']): Promise<Answer> | Answer {
  const path = (request.url ?? '').split('?', 1)[0]!;
  const found = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (found === undefined) throw new HttpError(404, 'there is nothing at this address');
  if (request.method !== found.method)
    throw new HttpError(405, `send ${found.method} requests here`, { headers: { allow: found.method } });
  return found.handle(request);
}

function send(response: ServerResponse, answer: Answer, headers: Record<string, string>, counters: Counters): void {
  counters.answered(answer.status);
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    ...headers,
  });
  response.end(answer.body);
}

/** Never a stack, a path or a statement: what went wrong inside is said here, and nowhere else. */
function toHttpError(error: unknown, { onProblem }: HttpOptions): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof TooManyError || error instanceof FactTooLargeError) return new HttpError(413, error.message);
  if (error instanceof DecodeError) return new HttpError(400, error.message);
  if (!(error instanceof StoreFullError)) onProblem(`request failed: ${(error as Error)?.message}`);
  return new HttpError(503, 'the receiver cannot take this now', { retryAfter: 5 });
}

/** What is still on its way is read and thrown away for a moment, so that the sender gets to read the answer. */
function linger(request: IncomingMessage, response: ServerResponse): void {
  // The response's, held here: a request whose iteration was left has none any more, a response that finished neither.
  const { socket } = response;
  request.on('error', () => {});
  request.resume();
  response.once('finish', () => {
    setTimeout(() => socket?.destroy(), LINGER_MILLIS).unref();
  });
}
