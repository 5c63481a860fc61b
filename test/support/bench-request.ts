// A request on a bench: its span and its context, as a server makes them; the route that it has then.

import { type Context, context, SpanKind, trace } from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { ASKED } from '../../src/capture/frameworks/served-context.ts';
import { stateOf } from '../../src/otel/request-state.ts';
import type { captureBench } from './capture.ts';

export interface BenchRequest {
  readonly active: Context;
  /** Runs in it. */
  run<T>(work: () => T): T;
  route(): string | undefined;
  end(): void;
}

/** @param url what the client asked for */
export function benchRequest(bench: ReturnType<typeof captureBench>, url = '/'): BenchRequest {
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const rpc = { type: RPCType.HTTP, span, [ASKED]: url } as RPCMetadata & { route?: string };
  stateOf(span)!.request.rpc = rpc;
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  return {
    active,
    run: (work) => context.with(active, work),
    route: () => rpc.route,
    end: () => span.end(),
  };
}
