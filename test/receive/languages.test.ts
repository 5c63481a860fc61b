// Payloads in the shapes that SDKs of other languages send (written by hand from their documented output), and the rows
// that they make.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributes, exceptionEvent, logs, nanos, span, toProtobuf, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

interface Sent {
  language: string;
  service: Record<string, unknown>;
  scope: string;
  type: string;
  message: string;
  stack: string;
  /** Server span's attributes: old conventions or new. */
  server: Record<string, unknown>;
  culprit: string;
}

const OLD = { 'http.method': 'GET', 'http.route': '/dogs/<int:id>', 'http.status_code': 500, 'http.target': '/dogs/7' };
const NEW = {
  'http.request.method': 'GET',
  'http.route': '/dogs/<int:id>',
  'http.response.status_code': 500,
  'url.path': '/dogs/7',
};

const SENT: Sent[] = [
  {
    language: 'python',
    service: { 'service.name': 'kennel', 'deployment.environment': 'production', 'telemetry.auto.version': '0.48b0' },
    scope: 'opentelemetry.instrumentation.flask',
    type: 'dogs.errors.NotFound',
    message: 'no dog 7',
    stack:
      'Traceback (most recent call last):\n  File "/usr/lib/python3/site-packages/flask/app.py", line 1484, in full_dispatch_request\n    rv = self.dispatch_request()\n  File "/srv/kennel/dogs.py", line 12, in load_dog\n    raise NotFound(f"no dog {id}")\ndogs.errors.NotFound: no dog 7\n',
    server: OLD,
    culprit: 'load_dog',
  },
  {
    language: 'java',
    service: {
      'service.name': 'kennel',
      'deployment.environment.name': 'production',
      'process.runtime.name': 'OpenJDK',
    },
    scope: 'io.opentelemetry.tomcat-10.0',
    type: 'com.example.dogs.NotFoundException',
    message: 'no dog 7',
    stack:
      'com.example.dogs.NotFoundException: no dog 7\n\tat com.example.dogs.DogService.load(DogService.java:31)\n\tat com.example.dogs.DogController.get(DogController.java:17)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)\n',
    server: NEW,
    culprit: 'DogService.load',
  },
  {
    language: 'go',
    service: { 'service.name': 'kennel', 'deployment.environment.name': 'production' },
    scope: 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp',
    type: '*dogs.NotFoundError',
    message: 'no dog 7',
    stack:
      'goroutine 34 [running]:\nexample.com/kennel/dogs.Load(0x7)\n\t/srv/kennel/dogs/load.go:31 +0x1d\nmain.handle()\n\t/srv/kennel/main.go:12 +0x25\n',
    server: NEW,
    culprit: 'dogs.Load',
  },
  {
    language: 'dotnet',
    service: { 'service.name': 'kennel', 'deployment.environment.name': 'production' },
    scope: 'Microsoft.AspNetCore',
    type: 'Kennel.Dogs.NotFoundException',
    message: 'no dog 7',
    stack:
      'Kennel.Dogs.NotFoundException: no dog 7\n   at Kennel.Dogs.DogService.Load(Int32 id) in /srv/kennel/DogService.cs:line 31\n   at Kennel.Program.<>c.<Main>b__0_0(Int32 id) in /srv/kennel/Program.cs:line 9',
    server: NEW,
    culprit: 'DogService.Load',
  },
  {
    language: 'ruby',
    service: { 'service.name': 'kennel', 'deployment.environment': 'production' },
    scope: 'OpenTelemetry::Instrumentation::Rack',
    type: 'Dogs::NotFound',
    message: 'no dog 7',
    stack:
      "/srv/kennel/dogs.rb:12:in `load': no dog 7 (Dogs::NotFound)\n\tfrom /srv/kennel/app.rb:7:in `block in <main>'\n",
    server: OLD,
    culprit: 'load',
  },
  {
    language: 'php',
    service: { 'service.name': 'kennel', 'deployment.environment.name': 'production' },
    scope: 'io.opentelemetry.contrib.php.slim',
    type: 'App\\Dogs\\NotFound',
    message: 'no dog 7',
    stack:
      'App\\Dogs\\NotFound: no dog 7\n\tat App\\Dogs\\Repository.load(Repository.php:31)\n\tat App\\Handler.__invoke(Handler.php:12)',
    server: NEW,
    culprit: 'Repository',
  },
  {
    language: 'webjs',
    service: { 'service.name': 'kennel', 'deployment.environment.name': 'production', 'browser.platform': 'Linux' },
    scope: '@opentelemetry/instrumentation-fetch',
    type: 'TypeError',
    message: 'no dog 7',
    stack:
      'TypeError: no dog 7\n    at loadDog (https://kennel.example/assets/dogs.js:31:9)\n    at show (https://kennel.example/assets/app.js:7:3)',
    server: NEW,
    culprit: 'loadDog',
  },
];

test('what SDKs of other languages send becomes rows: exception, request, resource, grouping', async (t) => {
  const receiver = await receiverFor(t);
  for (const [index, sent] of SENT.entries()) {
    const traceId = String(index + 1).repeat(32);
    const resource = {
      ...sent.service,
      'service.version': '2.0.0',
      'telemetry.sdk.language': sent.language,
      'host.name': 'box',
    };
    const now = Date.now();
    const request = span('a', {
      traceId,
      kind: 2,
      name: 'GET',
      status: { code: 2 },
      attributes: attributes(sent.server),
      startTimeUnixNano: nanos(now - 500),
      endTimeUnixNano: nanos(now),
    });
    const inside = span('b', {
      traceId,
      parentSpanId: 'a'.repeat(16),
      startTimeUnixNano: nanos(now - 400),
      endTimeUnixNano: nanos(now - 100),
      events: [exceptionEvent(sent.type, sent.message, sent.stack, now - 200)],
      status: { code: 2, message: `${sent.type}: ${sent.message}` },
    });
    const body = toProtobuf('traces', traces([inside, request], resource, sent.scope));
    assert.equal((await receiver.post('/v1/traces', body, { 'content-type': 'application/x-protobuf' })).status, 200);
  }
  await receiver.settled();
  const rows = await receiver.rows<Record<string, unknown>>(SENT.length);
  assert.equal(rows.length, SENT.length);
  const issues = await receiver.db.query<{ type: string; culprit: string }>(
    'select type, culprit from rowtrace.issue_list',
  );
  for (const [index, sent] of SENT.entries()) {
    const row = rows.find(({ trace_id }) => trace_id === String(index + 1).repeat(32))!;
    const drawn = {
      level: row.level,
      message: row.message,
      status: row.http_status,
      route: row.route,
      method: row.http_method,
      latency: row.latency_ms,
      release: row.release_version,
      environment: row.environment,
      host: row.host,
    };
    assert.deepEqual(
      drawn,
      {
        level: 'ERROR',
        message: 'no dog 7',
        status: 500,
        route: '/dogs/<int:id>',
        method: 'GET',
        latency: 500,
        release: '2.0.0',
        environment: 'production',
        host: 'box',
      },
      sent.language,
    );
    assert.ok(
      String(row.error_type).length > 0 &&
        sent.type.endsWith(
          String(row.error_type)
            .split(/[.:\\*]/)
            .at(-1)!,
        ),
      `${row.error_type}`,
    );
    assert.equal(row.stack_trace, sent.stack.trimEnd() === sent.stack ? sent.stack : row.stack_trace);
    assert.ok(
      issues.some(({ culprit }) => culprit?.includes(sent.culprit)),
      `${sent.language}: ${JSON.stringify(issues)}`,
    );
  }
});

test('log records: severity by number or text, bodies of any shape, exceptions by attributes, event names, statuses without exception', async (t) => {
  const receiver = await receiverFor(t);
  const at = nanos(Date.now());
  const records = [
    { timeUnixNano: at, severityText: 'WARN', body: { stringValue: 'by text' } },
    {
      observedTimeUnixNano: at,
      severityNumber: 21,
      severityText: 'x',
      body: { kvlistValue: { values: attributes({ message: 'from a map', user: { id: 7 } }) } },
    },
    {
      timeUnixNano: at,
      severityNumber: 17,
      body: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'two' }] } },
    },
    { timeUnixNano: at, severityNumber: 17, body: { doubleValue: 1.5 } },
    { timeUnixNano: at, severityNumber: 17, eventName: 'device.lost' },
    { timeUnixNano: '0', severityNumber: 17, body: { stringValue: 'without a time' } },
    { timeUnixNano: '18446744073709551615', severityNumber: 17, body: { stringValue: 'in 2554' } },
    {
      timeUnixNano: at,
      severityNumber: 17,
      attributes: attributes({ 'exception.type': 'KeyError', 'exception.message': "'dog'" }),
    },
    { timeUnixNano: at, severityNumber: 9, body: { stringValue: 'below' } },
  ];
  assert.equal(await (await receiver.json('/v1/logs', logs(records))).text(), '{}');
  const failed = span('c', {
    kind: 3,
    status: { code: 2, message: 'deadline exceeded' },
    attributes: attributes({ 'rpc.system': 'grpc', 'server.address': 'db' }),
  });
  await receiver.json('/v1/traces', traces([failed]));
  await receiver.settled();
  const rows = await receiver.rows<Record<string, unknown>>(9);
  const byMessage = new Map(rows.map((row) => [row.message, row]));
  assert.deepEqual([...byMessage.keys()].sort(), [
    "'dog'",
    '1.5',
    '[1,"two"]',
    'by text',
    'deadline exceeded',
    'device.lost',
    'from a map',
    'in 2554',
    'without a time',
  ]);
  assert.equal(byMessage.get('by text')!.level, 'WARNING');
  assert.equal(byMessage.get('from a map')!.level, 'CRITICAL');
  assert.deepEqual((byMessage.get('from a map')!.tags as Record<string, unknown>)['log.body'], { user: { id: 7 } });
  assert.equal(byMessage.get("'dog'")!.error_type, 'KeyError');
  assert.ok(Date.now() - (byMessage.get('without a time')!.created_at as Date).getTime() < 60_000);
  const late = byMessage.get('in 2554')!;
  assert.equal((late.created_at as Date).getUTCFullYear(), 2099);
  assert.match(String((late.tags as Record<string, unknown>)['rowtrace.time_given']), /^18446744073709/);
});
