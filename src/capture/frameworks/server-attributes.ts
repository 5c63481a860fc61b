// What a request of an HTTP server is called by the semantic conventions: a request in, attributes of its SERVER span out.
// The names and values are those of @opentelemetry/instrumentation-http, read without parsing a URL where there is none.

import type { IncomingHttpHeaders } from 'node:http';
import type { Attributes } from '@opentelemetry/api';

/** A request of node:http or of node:http2. */
export interface ServerMessage {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** Parameters of signed URLs; exporters of the user get the query, rows never do. */
const SIGNED =
  /(^|&)(sig|Signature|AWSAccessKeyId|X-Goog-Signature|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token)=[^&]*/g;

export function serverAttributes(request: ServerMessage, scheme: string): Attributes {
  const { headers, socket } = request;
  const given = request.method ?? 'GET';
  const method = methodOf(given);
  const [path, query] = pathAndQuery(request.url ?? '/');
  const remote = socket?.remoteAddress;
  const attributes: Attributes = {
    'http.request.method': method,
    'url.scheme': scheme,
    'url.path': path,
    'network.protocol.version': request.httpVersion,
  };
  if (given !== method) attributes['http.request.method_original'] = given;
  if (query !== '') attributes['url.query'] = query.replace(SIGNED, '$1$2=REDACTED');
  setHost(attributes, headers, scheme);
  if (headers['user-agent'] !== undefined) attributes['user_agent.original'] = headers['user-agent'];
  const client = clientOf(headers) ?? remote;
  if (client !== undefined) attributes['client.address'] = client;
  if (remote !== undefined) {
    attributes['network.peer.address'] = remote;
    attributes['network.peer.port'] = socket?.remotePort;
  }
  return attributes;
}

function methodOf(given: string): string {
  if (METHODS.has(given)) return given;
  const upper = given.toUpperCase();
  return METHODS.has(upper) ? upper : '_OTHER';
}

function pathAndQuery(url: string): [path: string, query: string] {
  // A proxy is asked for the whole URL.
  const from = url.startsWith('/') ? 0 : Math.max(0, url.indexOf('/', url.indexOf('://') + 3));
  const mark = url.indexOf('?', from);
  return mark < 0 ? [url.slice(from), ''] : [url.slice(from, mark), url.slice(mark + 1)];
}

/** The host that the client asked for: what proxies forward, else the header `host` (`:authority` in HTTP/2). */
function setHost(attributes: Attributes, headers: IncomingHttpHeaders, scheme: string): void {
  const forwarded = headers.forwarded && /(?:^|[;,\s])host="?([^";,\s]+)/i.exec(headers.forwarded)?.[1];
  const host =
    forwarded || first(headers['x-forwarded-host']) || headers.host || (headers[':authority'] as string | undefined);
  if (!host) return;
  const colon = host.lastIndexOf(':');
  // `[::1]` has colons and no port.
  const hasPort = colon > 0 && colon > host.lastIndexOf(']');
  attributes['server.address'] = hasPort ? host.slice(0, colon) : host;
  const port = hasPort ? Number(host.slice(colon + 1)) : defaultPort(headers, scheme);
  if (port > 0) attributes['server.port'] = port;
}

function defaultPort(headers: IncomingHttpHeaders, scheme: string): number {
  return (first(headers['x-forwarded-proto']) ?? scheme) === 'https' ? 443 : 80;
}

function clientOf(headers: IncomingHttpHeaders): string | undefined {
  const forwarded = headers.forwarded && /(?:^|[;,\s])for="?([^";,\s]+)/i.exec(headers.forwarded)?.[1];
  const client = forwarded || first(headers['x-forwarded-for']);
  if (!client) return undefined;
  // With a port: `1.2.3.4:80` and `[::1]:80`; an IPv6 address without brackets has none.
  const inBrackets = /^\[([^\]]+)\]/.exec(client)?.[1];
  return inBrackets ?? (client.split(':').length === 2 ? client.slice(0, client.indexOf(':')) : client);
}

/** The first of a list that proxies append to. */
function first(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  const one = text?.includes(',') ? text.slice(0, text.indexOf(',')).trim() : text;
  return one === '' ? undefined : one;
}
