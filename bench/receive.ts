// How much of the bare decoder's speed is left when a request is decoded and mapped to facts? 512 log records and 512 spans
// as protobuf, as `rowtrace serve` gets them; protobufjs' own decoding of the same bytes beside it, rounds interleaved. Of
// the log records one in ten, or all, become rows; mapping includes identities (SHA-256) and scrubbing. What the journal
// makes of it, JSON, comes on top.

import { decode } from '../src/receive/decode/decode.ts';
import { logFacts } from '../src/receive/facts/log-facts.ts';
import type { RowFact } from '../src/receive/facts/mapped.ts';
import { resourceFactOf } from '../src/receive/facts/resource.ts';
import { spanFacts } from '../src/receive/facts/span-facts.ts';
import { mapRules } from '../test/support/map-rules.ts';
import { attributes, logs, record, span, toProtobuf, traces, typeOf } from '../test/support/otlp.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 5 : 40;
const COUNT = 512;

const tags = attributes({
  'http.request.method': 'GET',
  'url.path': '/dogs/7',
  user: 'u-7',
  shard: 3,
  cached: true,
  zone: 'eu-1',
  attempt: 2,
  queue: 'default',
});
const records = (rowsIn: number) =>
  logs(
    Array.from({ length: COUNT }, (_, at) =>
      record(`dog ${at} was not found in the kennel`, { severityNumber: at % rowsIn === 0 ? 17 : 9, attributes: tags }),
    ),
  );
const spans = traces(
  Array.from({ length: COUNT }, (_, at) => ({
    ...span('1'),
    spanId: at.toString(16).padStart(16, 'a'),
    kind: 2,
    attributes: tags,
  })),
);

const rules = mapRules();

function map(signal: 'logs' | 'traces', bytes: Uint8Array): RowFact[][] {
  // As a receiver does once a request; what can be taken back would pile up.
  rules.memory.undo.take();
  if (signal === 'logs')
    return decode('logs', 'protobuf', bytes).groups.map(
      (group) => logFacts(group, resourceFactOf(group.resource, 'p', rules.scrubber), rules).facts,
    );
  return decode('traces', 'protobuf', bytes).groups.map(
    (group) => spanFacts(group, resourceFactOf(group.resource, 'p', rules.scrubber), 'sender', rules).facts,
  );
}

const CASES = [
  ['logs, 1 in 10 a row', 'logs', toProtobuf('logs', records(10))],
  ['logs, all rows', 'logs', toProtobuf('logs', records(1))],
  ['spans, 5 % calls', 'traces', toProtobuf('traces', spans)],
] as const;

const millis = (work: () => unknown): number => {
  const start = performance.now();
  for (let time = 0; time < 5; time++) work();
  return (performance.now() - start) / 5;
};

const ratio = (ours: readonly number[], bare: readonly number[]) =>
  `${((100 * median(bare)) / median(ours)).toFixed(0)} %`;

const rows: string[][] = [];
for (const [name, signal, bytes] of CASES) {
  const type = typeOf(signal === 'logs' ? 'Logs' : 'Traces');
  const [bare, mapped, written]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS + 3; round++) {
    const one = millis(() => type.decode(bytes));
    const two = millis(() => map(signal, bytes));
    const three = millis(() => JSON.stringify(map(signal, bytes)));
    if (round < 3) continue;
    bare.push(one);
    mapped.push(two);
    written.push(three);
  }
  rows.push([name, spread(bare), spread(mapped), ratio(mapped, bare), spread(written), ratio(written, bare)]);
}
const header = ['protobufjs ms', 'decode + map ms', 'of its speed', 'and JSON ms', 'of its speed'];
console.log(table([`${COUNT} items`, ...header], rows));
