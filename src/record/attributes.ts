// Which attributes of spans and log records become fields, which become tags, which are noise on a row.

import { setOwn } from './plain.ts';
import { peek } from './thrown.ts';

export type Attributes = Readonly<Record<string, unknown>>;

/** Namespaces of the semantic conventions and of frameworks: on the row as columns, or of transport rather than the error. */
const CONVENTION =
  /^(http|next|url|server|client|network|net|user_agent|error|exception|express|otel|thread|rpc|code)\./;
/** Which of its layers a framework's instrumentation saw. */
const LAYER = /^(express|next|router|koa|fastify|hapi|connect|restify|hook)\./;
/** Of the request's own attributes these help to reproduce an error; a call of RPC has no route. */
const KEPT_OF_REQUEST: readonly (readonly [name: string, old: string])[] = [
  ['url.path', 'http.target'],
  ['user_agent.original', 'http.user_agent'],
  ['rpc.service', 'rpc.service'],
  ['rpc.method', 'rpc.method'],
];
const FIELDS = new Set([
  'session.id',
  'user.id',
  'enduser.id',
  'request.id',
  'rowtrace.fingerprint',
  'log.record.uid',
  'event.name',
  'logger.name',
  'log.template',
  'message.template',
  'code.stacktrace',
  'code.function.name',
  'code.function',
  'rowtrace.call',
  'rowtrace.slow_millis',
]);

function isField(key: string): boolean {
  return FIELDS.has(key) || key.startsWith('exception.');
}

/** Tags of a row made on a span inside its request: all of the span's own attributes, the telling ones of the request's. */
export function rowTags(own: Attributes | undefined, root: Attributes | undefined): Record<string, unknown> {
  const tags: Record<string, unknown> = {};
  if (root !== undefined) {
    for (const [name, old] of KEPT_OF_REQUEST) {
      const value = root[name] ?? pathOnly(root[old]);
      if (value !== undefined) tags[name] = value;
    }
    copyCustom(root, tags);
  }
  if (own !== undefined && own !== root)
    for (const key in own) if (!isField(key) && key !== 'http.route' && !LAYER.test(key)) setOwn(tags, key, own[key]);
  return tags;
}

/** http.target holds the query, too. */
function pathOnly(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('/') ? value.split('?', 1)[0] : value;
}

/** Attributes that the application set itself. */
export function copyCustom(from: Attributes, into: Record<string, unknown>): void {
  for (const key in from) if (!CONVENTION.test(key) && !isField(key)) setOwn(into, key, from[key]);
}

/** Tags of a log record: every attribute that is no column. */
export function recordTags(attributes: Attributes, into: Record<string, unknown>): void {
  for (const key in attributes) if (!isField(key)) setOwn(into, key, peek(attributes, key));
}

/** By the names of the conventions, and `graphql.field.path` of OpenTelemetry JS: `dogs.*.name`. */
export function graphqlTags(type: unknown, name: unknown, path: unknown): Record<string, unknown> {
  const tags = { 'graphql.operation.type': type, 'graphql.operation.name': name, 'graphql.field.path': path };
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}

/** Where a record was made. In the old conventions the function is a bare name, beside its class or module. */
export function codeFunction(attributes: Attributes): string | undefined {
  const told = attributes['code.function.name'];
  if (typeof told === 'string' && told !== '') return told;
  const { 'code.function': name, 'code.namespace': namespace } = attributes;
  if (typeof name !== 'string' || name === '') return undefined;
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}.${name}` : name;
}

export interface Identity {
  userId?: string;
  sessionId?: string;
}

export function readIdentity(attributes: Attributes, into: Identity): void {
  const user = attributes['user.id'] ?? attributes['enduser.id'];
  if (user !== undefined && user !== null) into.userId = String(user);
  const session = attributes['session.id'];
  if (session !== undefined && session !== null) into.sessionId = String(session);
}

/** Scopes of instrumentations, of any language, and of frameworks that trace themselves: their spans have metrics of their own, and names that are no functions. */
export const INSTRUMENTATION =
  /instrumentation|^@[\w-]+\/otel|^@?opentelemetry\b|^io\.opentelemetry\.|^Microsoft\.|^System\.|^next\.js$/i;

/** Attributes of a call that repeat its URL or say nothing of what was called. */
const TRANSPORT = /^(network\.|http\.request\.method|url\.(scheme|path|query)|user_agent\.|error\.type|net\.)/;

/** Why a span failed that told no exception: its status by name, and what an SDK puts on the span itself. */
const REASON = /^(?:error|exception|rpc)\./;

export function reasonTags(attributes: Attributes, status: number | undefined): Record<string, unknown> {
  const reasons = Object.entries(attributes).filter(([key]) => REASON.test(key));
  // Of an answer the conventions' error.type is its status once more.
  return Object.fromEntries(reasons.filter(([, value]) => status === undefined || String(value) !== String(status)));
}

/** A failed call's own attributes tell what was called (url.full, db.query.text, server.address …). */
export function calledTags(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !TRANSPORT.test(key)));
}
