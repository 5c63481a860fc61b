// OpenTelemetry JS as a client, both of its lines with the API each asks for, in processes of their own: what they send
// becomes rows, in both encodings, compressed or not, and also when the receiver first tells them to come again.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { OPEN_BYTES } from '../../src/receive/http/budget.ts';
import { type Child, script, spawnNode } from '../support/children.ts';
import { eventually } from '../support/cli.ts';
import { until } from '../support/journals.ts';
import { logs, record } from '../support/otlp.ts';
import { receiverFor, type TestReceiver } from '../support/receiver.ts';

const LINES = ['2.12', '3.x'] as const;
const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

interface Client extends Child {
  /** Lets it send; resolves when it has ended. */
  go(): Promise<void>;
}

async function clientFor(
  t: TestContext,
  { url }: TestReceiver,
  given: { line: string; protocol: string; compression: string; records?: number },
): Promise<Client> {
  const { line, protocol, compression, records = 1 } = given;
  const child = spawnNode(t, [script('otlp-client.ts'), line, String(records)], {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_COMPRESSION: compression,
    // Retries count into it.
    OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
    OTEL_BSP_EXPORT_TIMEOUT: '60000',
    OTEL_BLRP_EXPORT_TIMEOUT: '60000',
    OTEL_METRIC_EXPORT_INTERVAL: '60000',
    OTEL_METRIC_EXPORT_TIMEOUT: '60000',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    OTEL_SERVICE_NAME: 'kennel',
    OTEL_RESOURCE_ATTRIBUTES:
      'service.version=1.2.3,deployment.environment.name=staging,vcs.ref.head.revision=abc123,host.name=box-7',
  });
  await eventually(() => child.stdout.includes('ready'));
  return Object.assign(child, {
    async go() {
      child.process.stdin!.write('go\n');
      assert.deepEqual(await child.ended, { code: 0, signal: null }, child.stderr);
    },
  });
}

async function catLatencies({ db }: TestReceiver) {
  const [found] = await db.query<{ count: number; sum: number }>(
    `select sum(count)::int as count, sum(sum)::float8 as sum from rowtrace.latency_histograms where operation = '/cats/:id'`,
  );
  return { count: found!.count, sum: Number(found!.sum?.toFixed(3)) };
}

const answersOf = async ({ url }: TestReceiver, status: number): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^rowtrace_http_answers_total\\{code="${status}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
};

for (const line of LINES)
  for (const protocol of PROTOCOLS)
    for (const compression of ['none', 'gzip'])
      test(`SDK ${line}, ${protocol}, compression ${compression}: an exception in a request, a log record and a metric are rows with all they belong to`, async (t) => {
        const receiver = await receiverFor(t);
        const client = await clientFor(t, receiver, { line, protocol, compression });
        await client.go();
        await receiver.settled();
        const rows = await receiver.rows<Record<string, unknown>>(2);
        assert.equal(rows.length, 2);
        const [thrown, logged] = [rows.find((row) => row.error_type), rows.find((row) => !row.error_type)];
        const { traceId, spanId } = JSON.parse(client.stdout.split('\n')[1]!);
        assert.equal(thrown?.error_type, 'TypeError');
        assert.equal(thrown.message, 'no dog 7');
        assert.equal(thrown.route, '/dogs/:id');
        assert.equal(thrown.http_method, 'GET');
        assert.equal(thrown.http_status, 500);
        assert.equal(thrown.user_id, 'u1');
        assert.equal(thrown.function_name, 'load dog');
        assert.equal(thrown.trace_id, traceId);
        assert.equal(thrown.span_id, spanId);
        const tags = thrown.tags as Record<string, unknown>;
        assert.deepEqual([tags.dog_id, tags['url.path']], [7, '/dogs/7']);
        assert.match(String(thrown.stack_trace), /^TypeError: no dog 7\n {4}at /);
        for (const row of rows) {
          assert.equal(row.service, 'kennel');
          assert.equal(row.environment, 'staging');
          assert.equal(row.release_version, '1.2.3');
          assert.equal(row.build_sha, 'abc123');
          assert.equal(row.level, 'ERROR');
        }
        assert.equal(logged?.message, 'nightly job 0 failed');
        assert.equal(logged.module, 'jobs');
        assert.equal((logged.tags as Record<string, unknown>).job, 'cleanup');
        assert.deepEqual(await catLatencies(receiver), { count: 3, sum: 0.6 });
      });

const RECORDS = 20;

async function assertAllOnce(receiver: TestReceiver): Promise<void> {
  await receiver.settled();
  const stored = (await receiver.rows<{ message: string }>(RECORDS + 1)).map(({ message }) => message);
  const expected = ['no dog 7', ...Array.from({ length: RECORDS }, (_, at) => `nightly job ${at} failed`)];
  assert.deepEqual(stored.sort(), expected.sort());
  assert.deepEqual(await catLatencies(receiver), { count: 3, sum: 0.6 });
}

for (const line of LINES) {
  test(`SDK ${line}: told 429, it comes again when Retry-After says, and all of it is stored once`, async (t) => {
    const receiver = await receiverFor(t, {}, { itemsPerSecond: 10 });
    const client = await clientFor(t, receiver, { line, protocol: 'http/json', compression: 'gzip', records: RECORDS });
    // Twenty seconds' worth and ten more: nothing is taken for a second.
    const debt = Array.from({ length: 210 }, () => record('x', { severityNumber: 9 }));
    assert.equal((await receiver.json('/v1/logs', logs(debt))).status, 200);
    await client.go();
    assert.ok((await answersOf(receiver, 429)) > 0);
    await assertAllOnce(receiver);
  });

  test(`SDK ${line}: told 503, it comes again when Retry-After says, and all of it is stored once`, async (t) => {
    const bodyBytes = 64 * 1024;
    const receiver = await receiverFor(t, {}, { maxBytesInFlight: OPEN_BYTES + bodyBytes });
    const client = await clientFor(t, receiver, {
      line,
      protocol: 'http/protobuf',
      compression: 'none',
      records: RECORDS,
    });
    // A slow sender has all the room there is.
    const slow = connect(receiver.port, '127.0.0.1').resume();
    await once(slow, 'connect');
    slow.write(
      `POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
    );
    slow.write('x'.repeat(bodyBytes - 5));
    await until('the room to be taken', async () =>
      (await (await fetch(`${receiver.url}/metrics`)).text()).includes(
        `rowtrace_bytes_in_flight ${OPEN_BYTES + bodyBytes - 5}`,
      ),
    );
    const ended = client.go();
    await until('refusals', async () => (await answersOf(receiver, 503)) >= 3);
    slow.destroy();
    await ended;
    await assertAllOnce(receiver);
  });
}
