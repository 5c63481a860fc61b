// What does a measurement cost the host thread? record() into our exponential histogram against the SDK's explicit buckets,
// the same 200 attribute sets and values, collections included; and what choosing an exemplar adds. Rounds interleaved.

import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Exemplars } from '../src/capture/exemplars.ts';
import { RowtraceMetricReader } from '../src/capture/metric-reader.ts';
import { createScrubber } from '../src/record/scrub/scrubber.ts';
import { uniform } from '../test/support/distributions.ts';
import { spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 5 : 40;
const CALLS = short ? 20_000 : 100_000;

const random = uniform('record');
const values = Array.from({ length: CALLS }, () => 0.01 * Math.exp(3 * random()));
const sets = Array.from({ length: 200 }, (_, nr) => ({
  'http.request.method': 'GET',
  'http.route': `/dogs/${nr}`,
  'http.response.status_code': 200,
}));
const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
const keys = sets.map((set) => `server ${set['http.route']}`);

const exemplars = new Exemplars();
let rows = 0;
const ours = new RowtraceMetricReader((facts) => (rows += facts.length), createScrubber());
const theirs = new PeriodicExportingMetricReader({
  exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
  exportIntervalMillis: 3_600_000,
});
const cases = {
  'SDK, explicit buckets': recorder(theirs),
  'ours, exponential': recorder(ours),
  exemplar: (at: number) => exemplars.note(keys[at % keys.length]!, values[at]!, at, span),
};

const nanos = new Map<string, number[]>();
for (let round = -2; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(cases)) {
    const start = process.hrtime.bigint();
    for (let at = 0; at < CALLS; at++) work(at);
    const each = Number(process.hrtime.bigint() - start) / CALLS;
    // The first rounds warm up.
    if (round >= 0) nanos.set(name, [...(nanos.get(name) ?? []), each]);
  }
  await ours.forceFlush();
  await theirs.collect();
  exemplars.clear();
}
if (rows === 0) throw new Error('nothing was recorded');

const base = nanos.get('SDK, explicit buckets')!;
console.log(
  table(
    ['case', 'ns a call', 'to the SDK, paired by round'],
    [...nanos].map(([name, all]) => [name, spread(all, 0), spread(all.map((each, round) => each / base[round]!))]),
  ),
);
await ours.shutdown();
await theirs.shutdown();

function recorder(reader: RowtraceMetricReader | PeriodicExportingMetricReader): (at: number) => void {
  const histogram = new MeterProvider({ readers: [reader] })
    .getMeter('bench')
    .createHistogram('http.server.request.duration', { unit: 's' });
  return (at) => histogram.record(values[at]!, sets[at % sets.length]);
}
