// gRPC servers (@grpc/grpc-js): a SERVER span a call, with what its handler answers with or throws. grpc-js answers that
// itself, with its text alone or none. Codes that the semantic conventions count as the server's fault are failures, the others
// answers. The instrumentation there is keeps name and message of such an error, and no stack.

import { context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { stateOf } from '../../otel/request-state.ts';
import { isFaultOfGrpcServer } from '../../record/operation.ts';
import { isErrorLike, peek } from '../../record/thrown.ts';
import { alike } from '../alike.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { recordFailure } from './work-span.ts';

type Answer = (this: unknown, error: unknown, ...more: unknown[]) => unknown;

/** A stream where answers or requests are; with `callback` one answer is given. */
interface Call {
  metadata?: { get(name: string): unknown[]; getMap(): Record<string, unknown> };
  once(event: string, listener: (value?: unknown) => void): unknown;
}

type Handler = (this: unknown, call: Call, callback?: Answer) => unknown;

const [OK, CANCELLED, UNKNOWN] = [0, 1, 2];

export function createGrpcHook(): Instrumentation {
  const seam = seamOf('grpc');
  return createModuleHook(seam, [
    { module: '@grpc/grpc-js', versions: ['>=1 <2'], apply: (exports) => hookGrpc(exports, seam) },
  ]);
}

/** `exports` of the package. */
export function hookGrpc(exports: Record<string, unknown>, seam: Seam): void {
  const { prototype } = exports.Server as { prototype: object };
  patchMethod(
    prototype,
    'register',
    (register) =>
      function (this: unknown, ...values: unknown[]) {
        const [path, handler, ...rest] = values;
        const watched = typeof handler === 'function' ? watch(String(path), handler as Handler, seam) : handler;
        return register.apply(this, [path, watched, ...rest] as never);
      },
  );
}

/** @param path "/dogs.Dogs/Get" */
function watch(path: string, handler: Handler, seam: Seam): Handler {
  const [service = '', method = ''] = path.slice(1).split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method };
  return alike(function (this: unknown, call: Call, callback?: Answer) {
    if (!seam.active) return handler.call(this, call, callback);
    const outer = parentOf(call);
    const tracer = trace.getTracer('rowtrace/grpc');
    const span = tracer.startSpan(`${service}/${method}`, { kind: SpanKind.SERVER, attributes }, outer);
    const settle = settler(span);
    const inside = trace.setSpan(outer, span);
    let answer = callback;
    if (callback !== undefined)
      answer = function (error, ...more) {
        settle(error);
        return callback.call(this, error, ...more);
      };
    call.once('cancelled', () => settle({ code: CANCELLED }));
    const isStream = typeof peek(call, 'pipe') === 'function';
    // grpc-js itself listens to errors of streams, and answers them.
    if (isStream) call.once('error', settle);
    if (callback === undefined) for (const end of ['finish', 'close']) call.once(end, () => settle());
    try {
      // What comes in later is dealt with in the context of the call.
      return context.with(inside, handler, this, isStream ? context.bind(inside, call) : call, answer);
    } catch (error) {
      settle(error, UNKNOWN);
      throw error;
    }
  }, handler);
}

function parentOf({ metadata }: Call) {
  try {
    return propagation.extract(ROOT_CONTEXT, metadata, {
      get: (from, key) => from?.get(key).map(String),
      keys: (from) => Object.keys(from?.getMap() ?? {}),
    });
  } catch {
    return ROOT_CONTEXT;
  }
}

/** Ends the span, once. What has no code of gRPC's is answered with UNKNOWN; `code`: whatever it has. */
function settler(span: Span): (error?: unknown, code?: number) => void {
  let settled = false;
  return (error, given) => {
    if (settled) return;
    settled = true;
    const code = given ?? codeOf(error);
    span.setAttribute('rpc.grpc.status_code', code);
    if (isFaultOfGrpcServer(code)) {
      // A framework (Nest) answers for what was thrown, with words of its own.
      if (!isErrorLike(error) && stateOf(span)?.failed) span.setStatus({ code: SpanStatusCode.ERROR });
      else
        recordFailure(span, isErrorLike(error) ? error : (peek(error, 'details') ?? peek(error, 'message') ?? error));
    }
    span.end();
  };
}

function codeOf(error: unknown): number {
  // As grpc-js asks.
  if (!error) return OK;
  const code = peek(error, 'code');
  return typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 16 ? code : UNKNOWN;
}
