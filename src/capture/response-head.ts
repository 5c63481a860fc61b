// The head of a response, where all kinds of answers pass: the request id goes on it, error responses included, and it tells
// whether a stream of events follows.

import { ServerResponse } from 'node:http';
import { stateOfContext } from '../otel/request-state.ts';
import { Given } from '../util/given.ts';
import { patchMethod } from './frameworks/module-hook.ts';
import { contextServing } from './frameworks/served-context.ts';

const EVENT_STREAM = /^\s*text\/event-stream\b/i;

interface Id {
  header: string;
  value: string;
}

class Answer extends Given {
  readonly #id: Id;

  private constructor(response: object, id: Id) {
    super(response);
    this.#id = id;
  }

  static note(response: object, id: Id): void {
    if (!(#id in response)) new Answer(response, id);
  }

  static idOf(response: object): Id | undefined {
    return #id in response ? response.#id : undefined;
  }
}

// An ESM and a CommonJS copy of this file must see the same.
const KEY = Symbol.for('rowtrace.answer');
const globals = globalThis as unknown as Record<symbol, typeof Answer | undefined>;
globals[KEY] ??= Answer;
const answer: Pick<typeof Answer, 'note' | 'idOf'> = globals[KEY];

/** A response of node:http or of node:http2. */
export interface IdCarrier {
  readonly headersSent: boolean;
  getHeaderNames(): string[];
  hasHeader(name: string): boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  writeHead(...values: never[]): unknown;
}

/** Gives `response` the id it will answer with. */
export function answerWithId(response: IdCarrier, header: string, value: string): void {
  answer.note(response, { header, value });
}

/**
 * Adds the header when the head is written, once for all responses on the prototype. Set any earlier, frameworks that
 * clear headers for their error pages (Koa, finalhandler) would remove it; a wrapper on each response would cost a
 * closure a request. A header that the application set itself stays.
 */
export function hookWriteHead(): void {
  wrapWriteHead(ServerResponse.prototype as IdCarrier);
}

/** The same for the prototype of another kind of response. */
export function wrapWriteHead(prototype: IdCarrier): void {
  patchMethod(prototype, 'writeHead', aroundWriteHead);
}

function aroundWriteHead(original: (...values: never[]) => unknown): (...values: never[]) => unknown {
  return function (this: IdCarrier, ...values: never[]) {
    const id = answer.idOf(this);
    let given: readonly unknown[] = values;
    if (id !== undefined && !this.headersSent) {
      try {
        given = withId(this, values, id);
      } catch {
        // The answer matters more than the header.
      }
    }
    const result = original.apply(this, given as never[]);
    if (id !== undefined) noteStream(this, given);
    return result;
  };
}

/** A stream of events is open for as long as somebody listens: its request is not slow, and does not hang. */
function noteStream(response: IdCarrier, given: readonly unknown[]): void {
  try {
    if (!EVENT_STREAM.test(String(response.getHeader('content-type') ?? typeIn(given)))) return;
    const state = stateOfContext(contextServing(response));
    if (state !== undefined) state.request.streams = true;
  } catch {
    // Then it is told as slow.
  }
}

/** Of headers that writeHead() was given, in any of its three forms. */
function typeIn(given: readonly unknown[]): unknown {
  const headers = given.find((value) => typeof value === 'object' && value !== null) as object | undefined;
  if (headers === undefined) return undefined;
  const isType = (name: unknown): boolean => String(name).toLowerCase() === 'content-type';
  if (!Array.isArray(headers)) return Object.entries(headers).find(([name]) => isType(name))?.[1];
  if (isTuples(headers)) return headers.find(([name]) => isType(name))?.[1];
  return headers.find((_, at) => at % 2 === 1 && isType(headers[at - 1]));
}

/** @returns what writeHead() is called with; headers that were given are copied, never changed */
function withId(response: IdCarrier, values: readonly unknown[], { header, value }: Id): readonly unknown[] {
  // Once one header is set, node:http checks and keeps what writeHead() is given in another way: setting ours may only be
  // done where the application has set some itself.
  if (response.getHeaderNames().length > 0) {
    if (!response.hasHeader(header)) response.setHeader(header, value);
    return values;
  }
  const at = typeof values[1] === 'string' || (values[2] !== undefined && values[2] !== null) ? 2 : 1;
  const given = values[at];
  // node:http takes null for no headers, node:http2 refuses it.
  if (given === undefined || (given === null && response instanceof ServerResponse))
    return [...values.slice(0, at), { [header]: value }];
  if (typeof given !== 'object' || given === null) return values;
  return [...values.slice(0, at), withHeader(given, header, value), ...values.slice(at + 1)];
}

/** Headers as pairs, `[...answer.headers]`. */
function isTuples(value: unknown): boolean {
  return Array.isArray(value) && Array.isArray(value[0]);
}

function withHeader(given: object, header: string, value: string): object {
  const isHeader = (name: unknown): boolean => String(name).toLowerCase() === header;
  if (!Array.isArray(given)) return Object.keys(given).some(isHeader) ? given : { ...given, [header]: value };
  if (isTuples(given)) return given.some(([name]) => isHeader(name)) ? given : [...given, [header, value]];
  // For node:http to refuse, as it was given.
  if (given.length % 2 === 1) return given;
  return given.some((name, at) => at % 2 === 0 && isHeader(name)) ? given : [...given, header, value];
}
