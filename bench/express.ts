// What does Rowtrace cost an Express service? Requests a second and CPU a request with nothing, with OpenTelemetry's http
// and express instrumentations alone (their defaults, an exporter that does nothing), with Rowtrace; rounds interleaved.

import { fork } from 'node:child_process';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { interleaved } from './rounds.ts';
import { median, spread, table } from './statistics.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 1 : 5;
const SECONDS = short ? 1 : 5;
const CASES = ['nothing', 'otel', 'rowtrace'] as const;

interface Figures {
  perSecond: number;
  p99: number;
  cpuMicros: number;
  rssMegabytes: number;
}

const results = await interleaved(ROUNDS, CASES, measure);

const of = (name: string, field: keyof Figures): number[] => results.get(name)!.map((figures) => figures[field]);
console.log(
  table(
    ['case', 'req/s', 'p99 ms', 'CPU µs/req', 'RSS MB'],
    CASES.map((name) => [
      name,
      spread(of(name, 'perSecond'), 0),
      spread(of(name, 'p99'), 0),
      spread(of(name, 'cpuMicros'), 0),
      spread(of(name, 'rssMegabytes'), 0),
    ]),
  ),
);
const ratio = (one: string, other: string): string => {
  const pairs = of(one, 'perSecond').map((value, round) => value / of(other, 'perSecond')[round]!);
  return `${median(pairs).toFixed(2)} [${Math.min(...pairs).toFixed(2)}-${Math.max(...pairs).toFixed(2)}]`;
};
console.log(`\nthroughput, paired by round: Rowtrace / nothing  ${ratio('rowtrace', 'nothing')}`);
console.log(`                             OTel / nothing      ${ratio('otel', 'nothing')}`);
console.log(`                             Rowtrace / OTel     ${ratio('rowtrace', 'otel')}`);

async function measure(name: string): Promise<Figures> {
  const server = fork(join(import.meta.dirname, 'express/server.cjs'), [name], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const port = await answer<number>(server, undefined);
    const url = `http://127.0.0.1:${port}/hello/world`;
    await autocannon({ url, connections: 50, duration: short ? 1 : 2 });
    await answer(server, 'reset');
    const run = await autocannon({ url, connections: 50, duration: SECONDS });
    const usage = await answer<{ cpuMicros: number; rss: number }>(server, 'usage');
    const total = run.requests.total;
    if (total === 0 || run.errors > 0) throw new Error(`${name}: ${run.errors} errors, ${total} requests`);
    return {
      perSecond: total / run.duration,
      p99: run.latency.p99,
      cpuMicros: usage.cpuMicros / total,
      rssMegabytes: usage.rss / 2 ** 20,
    };
  } finally {
    server.kill('SIGKILL');
  }
}

function answer<T>(server: ReturnType<typeof fork>, question: string | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once('message', (message) => resolve(message as T));
    server.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
    if (question !== undefined) server.send(question);
  });
}
