// What does a span cost the host thread? A request with ten child spans, through the bare SDK (a processor that does
// nothing) and through ours; and, each in a loop of its own, what the parts of it take that exist for slow spans, for what
// led to an error, and for exemplars. Rounds interleaved.

import { context, SpanKind, trace } from '@opentelemetry/api';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { leaveCrumb } from '../src/capture/breadcrumbs.ts';
import { Exemplars } from '../src/capture/exemplars.ts';
import { OpenSpan, OpenSpans } from '../src/otel/open-spans.ts';
import { RequestState, SpanState } from '../src/otel/request-state.ts';
import { BaselineJudge } from '../src/record/baseline.ts';
import type { Operation } from '../src/record/fact.ts';
import { captureBench } from '../test/support/capture.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 7 : 40;
const REQUESTS = short ? 1_000 : 5_000;
const CHILDREN = 10;
const SPANS = REQUESTS * (CHILDREN + 1);

const nothing: SpanProcessor = {
  onStart() {},
  onEnd() {},
  forceFlush: async () => {},
  shutdown: async () => {},
};
const dog: Operation = { kind: 'server', name: '/dogs/:id', method: 'GET', statusClass: '2xx' };
const baselines = new BaselineJudge({ slowBaselineFactor: 3, slowBaselineExcessMillis: 25 });
const usual = { count: 4000, hours: 4, p50_ms: 40, p90_ms: 60, p99_ms: 90, source: 'week' } as const;
baselines.set([{ kind: 'server', operation: '/dogs/:id', http_method: 'GET', peer: null, ...usual }]);
const CONTEXT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const exemplars = new Exemplars();
const ours = captureBench({ stillRunningFactor: 5, baselines, exemplars });
const bare = new TracerProvider({ spanProcessors: [nothing] }).getTracer('bench');
const span = ours.tracer.startSpan('idle') as unknown as ReadableSpan & ReturnType<typeof ours.tracer.startSpan>;
const request = new RequestState(span);
const state = new SpanState(span, request, undefined, () => {});
const open = new OpenSpans<SpanState>();

const cases: Record<string, () => void> = {
  'span, bare SDK': () => requests(bare),
  'span, Rowtrace': () => requests(ours.tracer),
  '… in the list of open spans': () => {
    for (let at = 0; at < SPANS; at++) {
      const one = new OpenSpan(span, state, at);
      open.add(one);
      open.remove(one);
      one.childEnded({ operation: dog, from: at, to: at + 1 });
    }
  },
  '… judged by a baseline': () => {
    for (let at = 0; at < SPANS; at++) baselines.judge(dog, 30, at);
  },
  '… a breadcrumb': () => {
    for (let at = 0; at < SPANS; at++) leaveCrumb(request, { t: at, what: dog, millis: 1 });
  },
  '… an exemplar': () => {
    for (let at = 0; at < SPANS; at++) exemplars.note('server GET /dogs/:id', 0.001 * (1 + (at % 50)), at, CONTEXT);
  },
};
const micros = new Map<string, number[]>();
for (let round = -3; round < ROUNDS; round++)
  for (const [name, work] of Object.entries(cases)) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    ours.facts.length = 0;
    // The first rounds warm up.
    if (round >= 0) micros.set(name, [...(micros.get(name) ?? []), (user + system) / SPANS]);
  }

console.log(
  table(
    ['case', 'CPU µs a span'],
    [...micros].map(([name, all]) => [name, spread(all, 2)]),
  ),
);
const [sdk, whole] = ['span, bare SDK', 'span, Rowtrace'].map((name) => median(micros.get(name)!));
console.log(`Rowtrace adds ${(whole! - sdk!).toFixed(2)} µs a span to ${sdk!.toFixed(2)} of the SDK`);
await ours.tracers.shutdown();

function requests(tracer: typeof bare): void {
  const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'http.response.status_code': 200 };
  const query = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' };
  for (let at = 0; at < REQUESTS; at++) {
    const root = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes });
    const inside = trace.setSpan(context.active(), root);
    for (let child = 0; child < CHILDREN; child++)
      tracer.startSpan('q', { kind: SpanKind.CLIENT, attributes: query }, inside).end();
    root.end();
  }
}
