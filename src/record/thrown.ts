// Reading values that were thrown: anything may be, so nothing about them is taken for granted.

import { Marks } from '../util/marks.ts';

/** Reads a property; a throwing getter or a revoked proxy reads as undefined. */
export function peek(value: unknown, key: PropertyKey): unknown {
  // Reading of nothing throws, too, which takes 10 µs and more.
  if (value === undefined || value === null) return undefined;
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** True for errors of any realm: a message and a stack are what we need of them, not their constructor. */
export function isErrorLike(value: unknown): value is Error {
  return isObject(value) && typeof peek(value, 'message') === 'string' && typeof peek(value, 'stack') === 'string';
}

/** An error as plain data, as serializers make it: its stack says which error it is a copy of, not the object. */
export function isCopyOfError(value: object): boolean {
  try {
    const prototype = Object.getPrototypeOf(value);
    // Of another realm as well.
    return (prototype === null || Object.getPrototypeOf(prototype) === null) && isErrorLike(value);
  } catch {
    return false;
  }
}

/** Frameworks give errors that are the client's fault a status (`http-errors`): worth a row, not an alarm. */
export function isClientFault(thrown: unknown): boolean {
  return faultOfClient(thrown) !== undefined;
}

/** Codes of GraphQL errors that servers agree on; most are answered with status 200. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  BAD_USER_INPUT: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
};

/** What a GraphQLError says of itself: `extensions: { code, http: { status } }`. */
function statusOfExtensions(thrown: unknown): unknown {
  const extensions = peek(thrown, 'extensions');
  const code = peek(extensions, 'code');
  const known = typeof code === 'string' && Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code] : undefined;
  return peek(peek(extensions, 'http'), 'status') ?? known;
}

/** `code` is a status in errors of Feathers alone. */
function statusOfFeathers(thrown: unknown): unknown {
  return peek(thrown, 'type') === 'FeathersError' ? peek(thrown, 'code') : undefined;
}

/** That status. */
export function faultOfClient(thrown: unknown): number | undefined {
  const told =
    peek(thrown, 'statusCode') ?? peek(thrown, 'status') ?? statusOfExtensions(thrown) ?? statusOfFeathers(thrown);
  const status = typeof told === 'number' || typeof told === 'string' ? Number(told) : 0;
  return status >= 400 && status < 500 ? status : undefined;
}

/** The cause of an error; verror has a method of that name, which is no cause, and keeps it elsewhere. */
export function causeOf(thrown: unknown): unknown {
  const cause = peekAlong(thrown, causePathOf(thrown));
  return typeof cause === 'function' ? peek(thrown, 'jse_cause') : cause;
}

const CAUSE = ['cause'];
/** Sequelize keeps the error of the driver under two names. */
const PARENT = ['parent'];
/** A GraphQLError, that of a resolver. */
const ORIGINAL = ['originalError'];
/** Prisma 7, what its adapter made of the driver's. */
const ADAPTER = ['meta', 'driverAdapterError'];

/** Where the cause stands: there it is shown, and may be redacted. */
export function causePathOf(thrown: unknown): readonly string[] {
  if (peek(thrown, 'cause') !== undefined) return CAUSE;
  const parent = peek(thrown, 'parent');
  if (isErrorLike(parent) && peek(thrown, 'original') === parent) return PARENT;
  if (isObject(peek(thrown, 'extensions')) && isErrorLike(peek(thrown, 'originalError'))) return ORIGINAL;
  return isErrorLike(peekAlong(thrown, ADAPTER)) ? ADAPTER : CAUSE;
}

export function peekAlong(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = peek(found, key);
  return found;
}

const MAX_AROUND = 4;

const copies = new Marks<object>();

/** Of one that has no trace of the error it is a copy of. */
export function noteCopy(copy: object, origin: object): void {
  if (copy !== origin) copies.set(copy, origin);
}

/**
 * Servers of GraphQL put the place in the query around an error, tRPC a code and h3 a status, with its own words and stack: it
 * stays that error.
 */
export function originOf(thrown: object): object {
  let found = thrown;
  for (let depth = 0; depth < MAX_AROUND; depth++) {
    const copied = copies.get(found);
    const origin = copied ?? peek(found, 'originalError') ?? peek(found, 'cause');
    if (!isErrorLike(origin) || origin.message !== peek(found, 'message')) break;
    const stack = peek(found, 'stack');
    // Copies of @hapi/hoek 9 have none on Node 24.
    if (origin.stack !== stack && (copied === undefined || stack !== undefined)) break;
    found = origin;
  }
  return found;
}

/** What an AggregateError holds, or verror's MultiError; nothing where it cannot be read. */
export function membersOf(thrown: unknown, most: number): unknown[] {
  try {
    const held = peek(thrown, 'errors');
    const errors = typeof held === 'function' ? peek(thrown, 'ase_errors') : held;
    return Array.isArray(errors) ? errors.slice(0, most) : [];
  } catch {
    return [];
  }
}

/**
 * The class name, never `code`: `name` where the class set one, else the constructor's (a subclass that forgot to set
 * `name` still has a class, and pg's DatabaseError calls itself "error").
 */
export function errorType(error: object): string {
  const name = peek(error, 'name');
  const named = typeof name === 'string' && name !== '' && name.toLowerCase() !== 'error';
  if (named) return name;
  const constructorName = peek(peek(error, 'constructor'), 'name');
  const classed = typeof constructorName === 'string' && constructorName.length > 2;
  return classed && constructorName !== 'Object' && constructorName !== 'Function' ? constructorName : 'Error';
}
