// The exporters of spans and log records in a user's own SDK, against real Postgres: the rows they make, once, whatever
// the database does meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ExportResult, ExportResultCode, isTracingSuppressed } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { PostgresLogExporter } from '../../../exporters/postgres/log-exporter.ts';
import { PostgresMetricExporter } from '../../../exporters/postgres/metric-exporter.ts';
import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { PostgresSpanExporter } from '../../../exporters/postgres/span-exporter.ts';
import { type Sink, SinkError } from '../../../src/deliver/sink.ts';
import type { RowtraceError } from '../../../src/errors.ts';
import type { Db } from '../../../src/store/db.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { script, spawnNode } from '../../support/children.ts';
import { asSuperuser, databaseFor } from '../../support/database.ts';
import { folderFor } from '../../support/folder.ts';

const resource = resourceFromAttributes({ 'service.name': 'clinic', 'deployment.environment.name': 'test' });

function sinkOf(url: string, opened: (db: Db) => Db = (db) => db) {
  return createPostgresSink({ open: async () => opened(openPostgres(url, { max: 2 })), foldEveryMillis: 3_600_000 });
}

/** A request in which `dogs` fails, and a log record inside it. */
function requestIn(tracerProvider: TracerProvider, loggerProvider: LoggerProvider): void {
  const tracer = tracerProvider.getTracer('app');
  const attributes = { 'http.request.method': 'GET', 'http.route': '/dogs/:id' };
  const server = tracer.startSpan('GET /dogs/:id', { kind: SpanKind.SERVER, attributes });
  const inner = trace.setSpan(context.active(), server);
  loggerProvider.getLogger('vet').emit({
    severityNumber: SeverityNumber.WARN,
    body: 'dog 7 is late',
    attributes: { dog: 7 },
    context: inner,
  });
  const error = new RangeError('no dog 7');
  server.recordException(error);
  server.setStatus({ code: SpanStatusCode.ERROR });
  server.setAttribute('http.response.status_code', 500);
  server.end();
}

function collectedRequest(): { spans: ReadableSpan[]; records: ReadableLogRecord[] } {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  requestIn(
    new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }),
    new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter: records })] }),
  );
  return { spans: spans.getFinishedSpans(), records: records.getFinishedLogRecords() };
}

function recordsOf(...bodies: string[]): ReadableLogRecord[] {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  for (const body of bodies) provider.getLogger('vet').emit({ severityNumber: SeverityNumber.ERROR, body });
  return exporter.getFinishedLogRecords();
}

function exported<T>(exporter: { export(items: T[], done: (result: ExportResult) => void): void }, items: T[]) {
  return new Promise<ExportResult>((resolve) => exporter.export(items, resolve));
}

const messages = async (db: Db): Promise<string[]> =>
  (await db.query<{ message: string }>('select message from rowtrace.error_logs order by message')).map(
    ({ message }) => message,
  );

test('a request through the batch processors of an own SDK becomes its rows, which know its outcome', async (t) => {
  const { db, url } = await databaseFor(t);
  const sink = sinkOf(url);
  const tracerProvider = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: new PostgresSpanExporter(sink) })],
  });
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new PostgresLogExporter(sink) })],
  });
  requestIn(tracerProvider, loggerProvider);
  await tracerProvider.forceFlush();
  await loggerProvider.forceFlush();
  await Promise.all([tracerProvider.shutdown(), loggerProvider.shutdown()]);

  // level   | message       | error_type | route     | status | module
  // WARNING | dog 7 is late |            | /dogs/:id | 500    | vet      (the outcome came with the span)
  // ERROR   | no dog 7      | RangeError | /dogs/:id | 500    | app
  const rows = await db.query(
    'select level, message, error_type, route, http_status, module, service from rowtrace.error_logs order by message',
  );
  const request = { route: '/dogs/:id', http_status: 500, service: 'clinic' };
  assert.deepEqual(rows, [
    { level: 'WARNING', message: 'dog 7 is late', error_type: null, ...request, module: 'vet' },
    { level: 'ERROR', message: 'no dog 7', error_type: 'RangeError', ...request, module: 'app' },
  ]);
  const latencies = await db.query('select operation, count::int from rowtrace.latency_histograms');
  assert.deepEqual(latencies, [{ operation: '/dogs/:id', count: 1 }]);
});

for (const again of ['the same exporter', 'another process'] as const)
  test(`what is exported twice, the second time by ${again}, is one row and is counted once`, async (t) => {
    const { db, url } = await databaseFor(t);
    const { spans, records } = collectedRequest();
    const open = () => {
      const sink = sinkOf(url);
      const exporters = { spans: new PostgresSpanExporter(sink), logs: new PostgresLogExporter(sink) };
      t.after(() => Promise.all([exporters.spans.shutdown(), exporters.logs.shutdown()]));
      return exporters;
    };
    const first = open();
    const second = again === 'the same exporter' ? first : open();
    for (const { spans: spanExporter, logs } of [first, second]) {
      assert.equal((await exported(spanExporter, spans)).code, ExportResultCode.SUCCESS);
      assert.equal((await exported(logs, records)).code, ExportResultCode.SUCCESS);
    }
    assert.deepEqual(await messages(db), ['dog 7 is late', 'no dog 7']);
    const [count] = await db.query('select sum(count)::int as count from rowtrace.latency_histograms');
    assert.deepEqual(count, { count: 1 });
  });

test('one record that the database refuses becomes a dead letter, the others of its batch rows', async (t) => {
  const { db, url } = await databaseFor(t);
  await db.query("alter table rowtrace.error_logs add constraint no_poison check (message <> 'poison')");
  const exporter = new PostgresLogExporter(sinkOf(url));
  t.after(() => exporter.shutdown());
  const result = await exported(exporter, recordsOf('a', 'b', 'poison', 'c', 'd'));
  assert.equal(result.code, ExportResultCode.SUCCESS);
  assert.deepEqual(await messages(db), ['a', 'b', 'c', 'd']);
  const letters = await db.query<{ raw: string; reason: string }>('select raw, reason from rowtrace.dead_letters');
  assert.equal(letters.length, 1);
  assert.match(letters[0]!.raw, /poison/);
  assert.match(letters[0]!.reason, /no_poison/);
});

const setAway = (url: string, isAway: boolean) =>
  asSuperuser(async (client) => {
    const name = new URL(url).pathname.slice(1);
    await client.query(`alter database ${name} with allow_connections ${!isAway}`);
    const others = 'datname = $1 and pid <> pg_backend_pid()';
    if (isAway) await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`, [name]);
  });

test('without a journal what an absent database did not take is reported as failed, and taken when sent again', async (t) => {
  const { db, url } = await databaseFor(t);
  const exporter = new PostgresLogExporter(sinkOf(url));
  t.after(() => exporter.shutdown());
  const before = recordsOf('before');
  const during = recordsOf('during');
  assert.equal((await exported(exporter, before)).code, ExportResultCode.SUCCESS);
  await setAway(url, true);
  const refused = await exported(exporter, during).finally(() => setAway(url, false));
  assert.equal(refused.code, ExportResultCode.FAILED);
  assert.match(refused.error!.message, /2 records were not written in 4 attempts/);
  assert.equal((await exported(exporter, during)).code, ExportResultCode.SUCCESS);
  assert.deepEqual(await messages(db), ['before', 'during']);
});

test('with a journal an export succeeds while the database is away, and its rows are there once it is back', async (t) => {
  const { db, url } = await databaseFor(t);
  const exporter = new PostgresLogExporter(sinkOf(url), { journal: { dir: folderFor(t) } });
  t.after(() => exporter.shutdown());
  await setAway(url, true);
  const result = await exported(exporter, recordsOf('during')).finally(() => setAway(url, false));
  assert.equal(result.code, ExportResultCode.SUCCESS);
  await exporter.forceFlush();
  assert.deepEqual(await messages(db), ['during']);
});

test('what a process exported into its journal before it was killed in an outage, the next one ships', async (t) => {
  const { db, url } = await databaseFor(t);
  const dir = folderFor(t);
  await setAway(url, true);
  const killed = spawnNode(t, [script('export-and-die.ts'), url, dir, 'during']);
  await killed.ended.finally(() => setAway(url, false));
  assert.equal(killed.stdout, `exported ${ExportResultCode.SUCCESS}`, killed.stderr);
  const next = new PostgresLogExporter(sinkOf(url), { journal: { dir } });
  t.after(() => next.shutdown());
  assert.equal((await exported(next, recordsOf('after'))).code, ExportResultCode.SUCCESS);
  await next.forceFlush();
  assert.deepEqual(await messages(db), ['after', 'during']);
});

for (const journaled of [false, true])
  test(`queries of the exporters run with tracing suppressed, ${journaled ? 'with' : 'without'} a journal`, async (t) => {
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    t.after(() => context.disable());
    const { url } = await databaseFor(t);
    const seen: boolean[] = [];
    const watched = (db: Db): Db => ({
      ...db,
      transaction: (work) => {
        seen.push(isTracingSuppressed(context.active()));
        return db.transaction(work);
      },
    });
    const options = journaled ? { journal: { dir: folderFor(t) } } : {};
    const exporter = new PostgresLogExporter(sinkOf(url, watched), options);
    await exported(exporter, recordsOf('a'));
    await exporter.shutdown();
    assert.ok(seen.length > 0 && seen.every(Boolean), String(seen));
  });

test('after its shutdown an exporter reports failure, and the other of its sink still writes', async (t) => {
  const { db, url } = await databaseFor(t);
  const sink = sinkOf(url);
  const spans = new PostgresSpanExporter(sink);
  const logs = new PostgresLogExporter(sink);
  t.after(() => logs.shutdown());
  await spans.shutdown();
  assert.equal((await exported(spans, collectedRequest().spans)).code, ExportResultCode.FAILED);
  assert.equal((await exported(logs, recordsOf('a'))).code, ExportResultCode.SUCCESS);
  assert.deepEqual(await messages(db), ['a']);
});

test('an operation that a metric tells is not counted by its span, too, where both go into one sink', async (t) => {
  const { db, url } = await databaseFor(t);
  const sink = sinkOf(url);
  const spanProcessor = new BatchSpanProcessor({ exporter: new PostgresSpanExporter(sink) });
  const tracers = new TracerProvider({ resource, spanProcessors: [spanProcessor] });
  const reader = new PeriodicExportingMetricReader({
    exporter: new PostgresMetricExporter(sink),
    exportIntervalMillis: 3_600_000,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const request = { 'http.request.method': 'GET', 'http.route': '/dogs/:id', 'http.response.status_code': 200 };
  const handle = (scope: string) => {
    tracers.getTracer(scope).startSpan('GET', { kind: SpanKind.SERVER, attributes: request }).end();
    meters.getMeter(scope).createHistogram('http.server.request.duration', { unit: 's' }).record(0.1, request);
  };
  const hooked = '@opentelemetry/instrumentation-http';
  handle(hooked);
  // Spans come first, as they do in a process that has just begun.
  await spanProcessor.forceFlush();
  await reader.forceFlush();
  handle('a framework of their own');
  tracers.getTracer('jobs').startSpan('nightly').end();
  await meters.shutdown();
  await tracers.shutdown();
  // The metric exporter was shut down first, and left the sink to the spans.
  const rows = await db.query(
    'select operation, environment, sum(count)::int as count from rowtrace.latency_histograms group by 1, 2 order by 1',
  );
  assert.deepEqual(rows, [
    { operation: '/dogs/:id', environment: 'test', count: 2 },
    { operation: 'nightly', environment: 'test', count: 1 },
  ]);
});

test('an exporter without a sink says what to give', () => {
  for (const Exporter of [PostgresSpanExporter, PostgresLogExporter, PostgresMetricExporter])
    for (const given of [undefined, 'postgres://h/d', {}])
      assert.throws(
        () => new Exporter(given as never),
        (error: RowtraceError) =>
          error.code === 'RT_SINK_MISSING' &&
          error.message.startsWith(`${Exporter.name} needs a sink`) &&
          /createPostgresSink/.test(error.fix),
      );
});

const dogs = (count: number) => recordsOf(...Array.from({ length: count }, (_, nr) => `dog ${nr}`));

test('two exporters that open one sink side by side open one database', async (t) => {
  const { url } = await databaseFor(t);
  const counts = { opened: 0, closed: 0 };
  const sink = createPostgresSink({
    async open() {
      counts.opened++;
      // As where a password is asked for first.
      await new Promise((later) => setTimeout(later, 50));
      const db = openPostgres(url, { max: 2 });
      const close = async () => {
        counts.closed++;
        await db.close();
      };
      return { ...db, close };
    },
  });
  const logs = new PostgresLogExporter(sink);
  const reader = new PeriodicExportingMetricReader({
    exporter: new PostgresMetricExporter(sink),
    exportIntervalMillis: 3_600_000,
  });
  const metrics = new MeterProvider({ readers: [reader], resource });
  metrics.getMeter('test').createHistogram('http.server.request.duration', { unit: 's' }).record(0.1);
  const exported = new Promise<ExportResult>((resolve) => logs.export(dogs(3), resolve));
  const [{ code }] = await Promise.all([exported, reader.forceFlush()]);
  assert.equal(code, ExportResultCode.SUCCESS);
  await Promise.all([logs.shutdown(), metrics.shutdown()]);
  assert.deepEqual(counts, { opened: 1, closed: 1 });
  // A sink may be opened again, as before: another database then.
  await sink.open();
  await sink.close();
  assert.deepEqual(counts, { opened: 2, closed: 2 });
});

test('of an export that is written in part the ledger counts that part', async (t) => {
  const { db, url } = await databaseFor(t);
  const real = sinkOf(url);
  let left = 0;
  const sink: Sink = {
    ...real,
    write: async (batch) => {
      if (left-- <= 0) throw new SinkError('outage', 'away');
      return real.write(batch);
    },
  };
  const exporter = new PostgresLogExporter(sink);
  const codeOf = (records: ReadableLogRecord[]) =>
    new Promise((resolve) => exporter.export(records, ({ code }) => resolve(code)));
  left = 1;
  assert.equal(await codeOf(dogs(600)), ExportResultCode.FAILED);
  left = Number.POSITIVE_INFINITY;
  assert.equal(await codeOf(dogs(1)), ExportResultCode.SUCCESS);
  await exporter.shutdown();
  const [{ rows }] = (await db.query('select count(*)::int as rows from rowtrace.error_logs')) as [{ rows: number }];
  assert.ok(rows > 1 && rows < 601, `${rows} rows`);
  const ledger = await db.query('select accepted::int, stored::int, pending::int, closes from rowtrace.ledger_balance');
  assert.deepEqual(ledger, [{ accepted: rows, stored: rows, pending: 0, closes: true }]);
});
