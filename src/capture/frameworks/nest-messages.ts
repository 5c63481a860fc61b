// What NestJS 9 to 12 is handed by something else than HTTP: messages and events of microservices, each a span with its
// pattern, and messages of gateways. It answers all that is thrown itself, HttpExceptions without a word in the log. What the
// application throws to answer with (RpcException, WsException) is an answer, unless it says otherwise.

import { createRequire } from 'node:module';
import { context, ROOT_CONTEXT, type Span, SpanKind, trace } from '@opentelemetry/api';
import { isClientFault, isErrorLike, isObject, peek } from '../../record/thrown.ts';
import { type Patch, patchMethod } from './module-hook.ts';
import type { Seam } from './seam.ts';
import { inSpan, recordFailure } from './work-span.ts';

type Exports = Record<string, unknown>;
/** Around Nest's own printing of an exception. */
type Answering = <T>(exception: unknown, work: () => T) => T;

export const NEST = ['>=9 <13'];

interface Source {
  subscribe(observer: unknown): unknown;
}

interface Rxjs {
  Observable: new (subscribe: (observer: unknown) => unknown) => { pipe(operator: unknown): unknown };
  finalize(work: () => void): unknown;
  isObservable(value: unknown): value is Source;
}

type Callback = (...values: unknown[]) => unknown;

interface Server {
  transportId?: unknown;
  normalizePattern?(pattern: unknown): unknown;
}

/** @param resolve finds the application's packages */
export function messagePatches(resolve: (name: string) => unknown, answering: Answering, seam: Seam): Patch[] {
  return [
    {
      module: '@nestjs/microservices',
      versions: NEST,
      apply: (exports) => {
        const load = createRequire(String(resolve('@nestjs/microservices')));
        const { prototype } = load('./exceptions/rpc-exceptions-handler.js').RpcExceptionsHandler;
        hookAnswers(prototype, exports.RpcException, answering, seam);
        hookMessages(exports, load('rxjs'), seam);
      },
    },
    {
      module: '@nestjs/websockets',
      versions: NEST,
      apply: (exports) => {
        const load = createRequire(String(resolve('@nestjs/websockets')));
        const { prototype } = load('./exceptions/ws-exceptions-handler.js').WsExceptionsHandler;
        hookAnswers(prototype, exports.WsException, answering, seam);
      },
    },
  ];
}

/** Spans of messages, which are over when the answer is, and whether it is an event: nobody waits for an answer. */
const messages = new WeakMap<Span, boolean>();
/** Taken now, since tests of an application put their own in its place. */
const [nextTurn, clearTurn] = [setImmediate, clearImmediate];

/** @param exports of @nestjs/microservices */
export function hookMessages(exports: Exports, rxjs: Rxjs, seam: Seam): void {
  const transports = (exports.Transport ?? {}) as Record<string, unknown>;
  // Hooks of these clients make a span a call or message already.
  const spanned = new Set<unknown>([transports.GRPC, transports.KAFKA].filter((id) => id !== undefined));
  patchMethod(
    (exports.Server as { prototype: object }).prototype,
    'addHandler',
    (addHandler) =>
      function (this: Server, pattern: unknown, callback: unknown, isEvent?: unknown, ...rest: unknown[]) {
        const watched =
          typeof callback === 'function' && !spanned.has(this.transportId)
            ? watch(callback as Callback, patternOf(this, pattern), isEvent === true, rxjs, seam)
            : callback;
        return addHandler.call(this as never, ...([pattern, watched, isEvent, ...rest] as never[]));
      },
  );
}

/** As Nest writes it: {"cmd":"find"}. */
function patternOf(server: Server, pattern: unknown): string {
  return String(server.normalizePattern?.(pattern) ?? pattern);
}

/** A proxy: Nest keeps what it knows of a handler on it, the next one of the same event too. */
function watch(callback: Callback, pattern: string, isEvent: boolean, rxjs: Rxjs, seam: Seam): Callback {
  const kind = isEvent ? SpanKind.CONSUMER : SpanKind.SERVER;
  const name = isEvent ? `process ${pattern}` : pattern;
  const work = { scope: 'rowtrace/nestjs', name, kind, attributes: { 'nest.pattern': pattern } };
  const follow = (answer: unknown, end: () => void) => followed(answer, end, rxjs);
  return new Proxy(callback, {
    apply: (target, self, values) => {
      if (!seam.active) return Reflect.apply(target, self, values);
      // Of the trace that brought it (a broker's client may have a span), and a request of its own.
      const outer = trace.getSpanContext(context.active());
      const parent = outer === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, outer);
      return inSpan<unknown>({ ...work, parent, follow }, async (span) => {
        messages.set(span, isEvent);
        return Reflect.apply(target, self, values);
      });
    },
  });
}

/**
 * What comes out of an Observable from when it is asked for, inside of the span, to its end. Nobody may ask: two handlers of one
 * event, the first of which failed, or a transport that takes no answers.
 */
function followed(answer: unknown, end: () => void, { Observable, finalize, isObservable }: Rxjs): unknown {
  if (!isObservable(answer)) {
    end();
    return answer;
  }
  const inside = context.active();
  let open = true;
  const close = () => {
    if (open) end();
    open = false;
  };
  // Nest asks before it waits for anything else.
  const unasked = nextTurn(close);
  return new Observable((observer) => {
    clearTurn(unasked);
    return context.with(inside, () => answer.subscribe(observer));
  }).pipe(finalize(close));
}

/**
 * @param prototype of RpcExceptionsHandler or WsExceptionsHandler
 * @param Answer class of what is thrown to answer with
 */
export function hookAnswers(prototype: object, Answer: unknown, answering: Answering, seam: Seam): void {
  patchMethod(
    prototype,
    'handle',
    (handle) =>
      function (this: unknown, exception: unknown, ...rest: unknown[]) {
        const failure = exception instanceof (Answer as never) ? failureIn(exception) : exception;
        if (seam.active && failure !== undefined) tell(failure, seam);
        return answering(exception, () => handle.call(this as never, exception as never, ...(rest as never[])));
      },
  );
}

/** `new RpcException(error)`, `{ status: 500 }`, and what nobody is answered with. */
function failureIn(exception: unknown): unknown {
  const given = peek(exception, 'error');
  if (isErrorLike(given)) return given;
  const status = Number(peek(given, 'statusCode') ?? peek(given, 'status'));
  const isFailure = isLost() || (isObject(given) && status >= 500 && status < 600);
  return isFailure ? exception : undefined;
}

/** Whether it is of an event. */
function isLost(): boolean {
  return messages.get(trace.getActiveSpan() as Span) === true;
}

function tell(failure: unknown, seam: Seam): void {
  const span = trace.getActiveSpan();
  const isFailure = isLost() || !isClientFault(failure);
  if (span?.isRecording() && messages.has(span) && isFailure) recordFailure(span, failure);
  else seam.thrown(failure, context.active(), true);
}
