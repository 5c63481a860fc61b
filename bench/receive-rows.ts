// What does a receiver carry from socket to committed row? `rowtrace serve` as a process of its own, log records of which
// every one is an error with a stack of 2.2 KB, four senders that wait for their answers. Beside it psql's \copy of the same
// rows (raw write limit of this Postgres), the same through RabbitMQ and `rowtrace worker`, and spans of which one in fifty
// fails. Then ten times as many errors a second as were stored, whatever is answered, for memory: what is too much is
// answered 503.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openPostgres } from '../src/store/postgres.ts';
import { brokerFor } from '../test/support/broker.ts';
import { attributes, logs, record, span, toProtobuf, traces } from '../test/support/otlp.ts';
import { median, spread, table } from './statistics.ts';
import { errorFacts } from './write/rows.ts';
import { startBenchServer } from './write/server.ts';

const short = process.argv.includes('--short');
const ROUNDS = short ? 1 : 3;
/**
 * Seconds of each: while the first batch is read Postgres waits, while the last one is written all others do, and \copy writes
 * 40,000 rows faster than more of them. Errors to \copy in rounds of 40,000, 80,000 and 120,000: 0.62, 0.81 and 0.89.
 */
const ROWS = short ? 2_000 : 120_000;
const PER_REQUEST = 250;
const SENDERS = 4;
const FLOOD_MILLIS = short ? 5_000 : 45_000;
const FLOOD_TIMES = 10;
/** Connections that the sender has at a time: more than the receiver takes, which cuts the others. */
const MOST_OPEN = 6_000;
const MAIN = join(import.meta.dirname, '../src/cli/main.ts');

const folder = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
const server = await startBenchServer();
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true }), () => server.stop()];
interface Running {
  child: ChildProcess;
  url: string;
}

async function start(words: string[], env: NodeJS.ProcessEnv): Promise<Running> {
  const dir = mkdtempSync(join(folder, 'dir-'));
  const all = { ...process.env, ROWTRACE_DIR: dir, ROWTRACE_DATABASE_URL: '', ROWTRACE_STORM_ROWS: 'off', ...env };
  const child = spawn(process.execPath, [MAIN, ...words], { env: all, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout!.setEncoding('utf8')) {
    said += text;
    if (said.includes('\n')) break;
  }
  return { child, url: /http:\/\/[\d.]+:\d+/.exec(said)?.[0] ?? '' };
}

async function stop({ child }: Running): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Seconds of processor time, as the receiver itself counts them. */
async function cost(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^rowtrace_process_cpu_seconds_total ([\d.]+)$/m.exec(text)![1]);
}

interface Load {
  path: string;
  bodies: Uint8Array[];
}

let made = 0;

const agent = new Agent({ keepAlive: true });

/** Of the sender, and so of the identity of all records of a request; as long as any number that replaces it. */
const MARK = 'host-000000000000';

interface Packed {
  head: Buffer;
  /** Compressed. */
  rest: Buffer;
}

/** Cut behind the sender's name. */
function pack(body: Uint8Array): Packed {
  const bytes = Buffer.from(body);
  const end = bytes.indexOf(MARK) + MARK.length;
  return { head: bytes.subarray(0, end), rest: gzipSync(bytes.subarray(end)) };
}

/** The same records from another sender: other rows. Two gzip members are one stream. */
function anew({ head, rest }: Packed): Buffer[] {
  head.write(String(++made).padStart(12, '0'), head.length - 12);
  return [gzipSync(head, { level: 0 }), rest];
}

/** New every time: what was stored once is not stored again. */
function errors(count: number, traced = false): Load {
  const bodies = [];
  for (let at = 0; at < count; at += PER_REQUEST)
    bodies.push(
      toProtobuf(
        'logs',
        logs(
          errorFacts(Math.min(PER_REQUEST, count - at)).map(({ error, message }) =>
            record(message, {
              ...(traced && { traceId: (++made).toString(16).padStart(32, '0'), spanId: '0123456789abcdef' }),
              attributes: attributes({
                'exception.type': error!.type,
                'exception.message': message,
                'exception.stacktrace': error!.stack!,
                nr: made++,
              }),
            }),
          ),
          { 'service.name': 'checkout', 'host.name': MARK },
        ),
      ),
    );
  return { path: '/v1/logs', bodies };
}

const FAILED_OF = 50;

function spans(count: number): Load {
  const bodies = [];
  for (let at = 0; at < count; at += PER_REQUEST)
    bodies.push(
      toProtobuf(
        'traces',
        traces(
          Array.from({ length: PER_REQUEST }, (_, index) => ({
            ...span('1'),
            traceId: (++made).toString(16).padStart(32, '0'),
            spanId: made.toString(16).padStart(16, 'a'),
            kind: 2,
            status: { code: index % FAILED_OF === 0 ? 2 : 0 },
            attributes: attributes({ 'http.request.method': 'GET', 'http.route': '/dogs/:id', dog: made }),
          })),
        ),
      ),
    );
  return { path: '/v1/traces', bodies };
}

/** Not by fetch, which costs the cores that all share here 19 µs an error, three times as much. */
function post(url: string, body: Uint8Array): Promise<number> {
  return new Promise((answered, failed) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const sent = request(url, { method: 'POST', headers, agent });
    sent.on('response', (response) => response.resume().on('end', () => answered(response.statusCode!)));
    sent.on('error', failed);
    sent.end(body);
  });
}

async function send(url: string, { path, bodies }: Load): Promise<number[]> {
  const waits: number[] = [];
  const left = [...bodies];
  const sender = async () => {
    for (let body = left.pop(); body !== undefined; body = left.pop()) {
      const start = performance.now();
      const status = await post(url + path, body);
      if (status !== 200) throw new Error(`answered ${status}`);
      waits.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return waits;
}

async function run(): Promise<void> {
  const db = openPostgres(server.url, { max: 1 });
  ends.push(() => db.close());
  // As the transactions count that store them: to count the rows would take a part of the cores.
  const stored = async () => (await db.query<{ n: number }>('select sum(stored)::int as n from rowtrace.ledger'))[0]!.n;
  const figures = new Map<string, number[]>();
  const note = (name: string, value: number) => figures.set(name, [...(figures.get(name) ?? []), value]);
  const waits: number[] = [];

  /**
   * Rows a second, and a second of the receiver's processor time, until the last one is committed. Into an empty table, as
   * those of \copy: a row costs Postgres 19 µs in the first 120,000, 24 where there are 400,000.
   */
  async function measure(name: string, receiver: Running, load: Load, items: number, rows: number): Promise<void> {
    const before = await cost(receiver.url);
    const there = await stored();
    await db.query('truncate rowtrace.error_logs');
    settle();
    const start = performance.now();
    const answered = await send(receiver.url, load);
    if (name === 'errors') waits.push(...answered);
    while ((await stored()) < there + rows) await new Promise((later) => setTimeout(later, 20));
    const seconds = (performance.now() - start) / 1_000;
    note(name, items / seconds);
    note(`${name}, a core`, items / ((await cost(receiver.url)) - before));
  }

  const direct = await start(['serve', '--port', '0'], { ROWTRACE_DATABASE_URL: server.url });
  ends.push(() => direct.child.kill('SIGKILL'));
  await send(direct.url, errors(PER_REQUEST));
  const broker = await brokerFor({
    after: (end: () => void) => ends.push(end),
    skip: console.log,
  } as unknown as TestContext);
  const queued =
    broker &&
    (await Promise.all([
      start(['serve', '--port', '0', '--queue', broker.url], {}),
      start(['worker', '--queue', broker.url], { ROWTRACE_DATABASE_URL: server.url }),
    ]));
  if (queued) ends.push(() => queued.map(({ child }) => child.kill('SIGKILL')));

  for (let round = 0; round < ROUNDS; round++) {
    await measure('errors', direct, errors(ROWS), ROWS, ROWS);
    note('\\copy', copyAgain());
    await measure('errors of traces', direct, errors(ROWS, true), ROWS, ROWS);
    if (queued) await measure('errors through RabbitMQ', queued[0], errors(ROWS), ROWS, ROWS);
    await measure('spans, 1 in 50 a row', direct, spans(ROWS), ROWS, ROWS / FAILED_OF);
  }
  const copy = median(figures.get('\\copy')!);
  console.log(
    table(
      ['from socket to committed row', 'a second', 'to \\copy'],
      [...figures].map(([name, values]) => [name, spread(values, 0), (median(values) / copy).toFixed(2)]),
    ),
  );
  const sorted = waits.sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0);
  console.log(`answer to ${PER_REQUEST} errors (fsync included): p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
  await stop(direct);
  await flood(median(figures.get('errors')!));

  /** What was measured before writes nothing to the disk meanwhile. */
  function settle(): void {
    execFileSync('sync');
  }

  /** The newest rows out to a file, and in again into a table like it, of which nothing is left to write then. */
  function copyAgain(): number {
    const psql = (command: string) =>
      execFileSync('psql', ['-qXAt', server.url, '-c', '\\timing on', '-c', command], { encoding: 'utf8' });
    const file = join(folder, 'rows.copy');
    psql('create schema if not exists raw; create table raw.error_logs (like rowtrace.error_logs including all)');
    psql(`\\copy (select * from rowtrace.error_logs order by id) to '${file}'`);
    settle();
    const said = psql(`\\copy raw.error_logs from '${file}'`);
    psql('drop table raw.error_logs');
    rmSync(file);
    return ROWS / (Number(/Time: ([\d.]+) ms/.exec(said)![1]) / 1_000);
  }
}

/**
 * Ten times what was stored a second before, whatever is answered: a sender that is refused hangs up, the next comes all the
 * same. A journal of 16 MiB.
 */
async function flood(rowsPerSecond: number): Promise<void> {
  const receiver = await start(['serve', '--port', '0'], {
    ROWTRACE_DATABASE_URL: server.url,
    ROWTRACE_JOURNAL_MAX_BYTES: String(16 * 1024 * 1024),
  });
  ends.push(() => receiver.child.kill('SIGKILL'));
  await send(receiver.url, errors(PER_REQUEST * 8));
  const bodies = errors(PER_REQUEST * 40).bodies.map(pack);
  const wanted = (FLOOD_TIMES * rowsPerSecond) / PER_REQUEST;
  const answers = new Map<number | string, number>();
  const note = (answer: number | string) => answers.set(answer, (answers.get(answer) ?? 0) + 1);
  let open = 0;
  const offer = (at: number) => {
    open++;
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    const sent = request(`${receiver.url}/v1/logs`, { method: 'POST', headers, agent: false });
    sent.on('response', (response) => {
      note(response.statusCode!);
      if (response.statusCode === 200) response.resume();
      else sent.destroy();
    });
    sent.on('error', () => note('cut'));
    sent.on('close', () => open--);
    const [head, rest] = anew(bodies[at % bodies.length]!);
    sent.write(head);
    sent.end(rest);
  };
  const resident: number[] = [];
  const began = performance.now();
  let offered = 0;
  for (let now = 0; now < FLOOD_MILLIS; now = performance.now() - began) {
    while (offered < (now / 1_000) * wanted && open < MOST_OPEN) offer(offered++);
    if (resident.length < now / 500) resident.push(residentMiB(receiver.child));
    await new Promise((later) => setTimeout(later, 5));
  }
  const rate = (offered * PER_REQUEST) / (FLOOD_MILLIS / 1_000);
  const [first, second] = [resident.slice(0, resident.length / 2), resident.slice(resident.length / 2)];
  const taken = ((answers.get(200) ?? 0) * PER_REQUEST) / (FLOOD_MILLIS / 1_000);
  const told = [...answers].map(([status, count]) => `${status}: ${count}`).join(', ');
  console.log(
    `flood of ${FLOOD_MILLIS / 1_000} s, ${rate.toFixed(0)} errors a second offered (${(rate / rowsPerSecond).toFixed(1)} times the above, ${(rate / taken).toFixed(1)} times what was taken meanwhile), answers ${told}; resident MiB, first half ${spread(first, 0)}, second half ${spread(second, 0)}`,
  );
  receiver.child.kill('SIGKILL');
}

function residentMiB({ pid }: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
}

try {
  await run();
} finally {
  for (const end of ends.reverse()) await end();
}
