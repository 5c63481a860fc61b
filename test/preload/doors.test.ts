// What the preload does where it should do little or nothing: switched off, misconfigured, beside another SDK, in worker
// threads, on a bare http server, with a collector of the user's own.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Application, until } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

test('a bare http server gets rows with request id, status and latency, without a route', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: 'web/http.cjs', databaseUrl });
  const url = await application.url();
  const answer = await fetch(`${url}/broken`);
  assert.equal(answer.status, 500);
  const id = answer.headers.get('x-request-id');
  await fetch(`${url}/stop`).then((response) => response.text());
  assert.equal((await application.ended()).code, 0);
  const rows = await db.query('select message, route, http_status, request_id from rowtrace.error_logs');
  assert.deepEqual(rows, [{ message: 'no such page', route: null, http_status: 500, request_id: id }]);
});

test('in Deno no hook is registered for module loading, which would keep the application from its .json files', async (t) => {
  const likeDeno = join(import.meta.dirname, '../fixtures/apps/doors/like-deno.cjs');
  const application = new Application(t, {
    app: 'ends/needs-json.cjs',
    nodeFlags: ['--require', likeDeno],
    databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere',
  });
  const { code, stdout, said } = await application.ended();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'rowtrace\n' });
  assert.match(said.join('\n'), /; ESM CommonJS only$/m);
});

test('OTEL_SDK_DISABLED turns everything off: no line, no folder, no crash hook', async (t) => {
  const application = new Application(t, { app: 'ends/throw.cjs', env: { OTEL_SDK_DISABLED: 'true' } });
  const ended = await application.ended();
  assert.equal(ended.code, 1);
  assert.deepEqual(ended.said, []);
  assert.ok(!existsSync(join(application.dir, 'journal')));
});

test('OTEL_SDK_DISABLED turns off what is started in code, too', async (t) => {
  const application = new Application(t, { app: 'doors/off.mjs', door: 'none', env: { OTEL_SDK_DISABLED: 'true' } });
  const ended = await application.ended();
  assert.equal(ended.code, 1);
  assert.deepEqual(ended.said, []);
  assert.match(ended.stderr, /TypeError: a crash, and no row/);
  assert.ok(!existsSync(join(application.dir, 'journal')));
});

const BAD: [string, Record<string, string>, RegExp][] = [
  [
    'a URL of another database',
    { ROWTRACE_DATABASE_URL: 'mysql://root:hunter2@h/d' },
    /ROWTRACE_DATABASE_URL = "?mysql:.*postgres:\/\//,
  ],
  ['an unknown level', { ROWTRACE_LEVEL: 'LOUD' }, /ROWTRACE_LEVEL = "LOUD".*DEBUG, INFO, WARNING, ERROR, CRITICAL/],
  ['a promoted column of no type', { ROWTRACE_COLUMNS: 'vet_id=money' }, /ROWTRACE_COLUMNS = "vet_id=money".*integer/],
  ['a configuration file that is not there', { ROWTRACE_CONFIG: './nowhere.json' }, /nowhere\.json cannot be read/],
];
for (const [title, env, expected] of BAD) {
  test(`${title}: one line with the value and the fix, and the application runs`, async (t) => {
    const ended = await new Application(t, { app: 'ends/natural.cjs', env }).ended();
    assert.equal(ended.code, 0);
    assert.match(ended.stderr, /fine otherwise/);
    assert.equal(ended.said.length, 1);
    assert.match(ended.said[0] ?? '', expected);
    assert.ok(!ended.said.join('').includes('hunter2'));
  });
}

test('a wrong password is said once, with the fix and without the password; rows wait', async (t) => {
  const { url } = await databaseFor(t);
  const wrong = new URL(url);
  wrong.username = 'no_such_role';
  wrong.password = 'hunter2';
  const application = new Application(t, { app: 'ends/signal.cjs', databaseUrl: wrong.toString() });
  const line = await until(() => /^rowtrace: (?!0\.).*$/m.exec(application.stderr)?.[0], 'a line about the database');
  assert.match(line, /refused|no_such_role/);
  assert.ok(!application.stderr.includes('hunter2'));
  assert.equal(application.child.exitCode, null, 'the application runs on');
});

test('ROWTRACE_MIGRATE=off on an empty database: one line that names the command, and nothing is created', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t, 'empty');
  const application = new Application(t, { app: 'ends/signal.cjs', databaseUrl, env: { ROWTRACE_MIGRATE: 'off' } });
  await until(() => application.stderr.includes('rowtrace migrate'), 'the line that names the command');
  const [schema] = await db.query<{ there: boolean }>(
    "select exists (select from pg_namespace where nspname = 'rowtrace') as there",
  );
  assert.equal(schema?.there, false);
});

test('another SDK that was registered first: one line with the fix, and that SDK goes on', async (t) => {
  const ended = await new Application(t, { app: 'doors/other-sdk.cjs', door: 'none' }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.said.join('\n'), /another OpenTelemetry SDK is registered/);
  assert.match(ended.stdout, /theirs saw the span/);
});

for (const [app, printed] of [
  ['doors/second-sdk.cjs', 'false false\n'],
  ['doors/second-sdk-esm.mjs', 'false\n'],
] as const)
  test(`another SDK that is started later is refused by the API, and one line says so: ${app}`, async (t) => {
    const databaseUrl = 'postgres://nobody@127.0.0.1:1/nowhere';
    const { code, stdout, said } = await new Application(t, { app, databaseUrl }).ended();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: printed });
    assert.deepEqual(
      said.filter((line) => line.includes('another OpenTelemetry SDK was started after Rowtrace')).length,
      1,
      said.join('\n'),
    );
  });

test('worker threads and child processes of the application are left alone or are their own', async (t) => {
  const ended = await new Application(t, { app: 'doors/worker.cjs', door: 'NODE_OPTIONS' }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.said.length, 1, ended.said.join('\n'));
});

test('OTEL_TRACES_EXPORTER=otlp still sends the sampled traces to the collector', async (t) => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
    });
    request.on('end', () => {
      bodies.push(`${request.url} ${size > 0}`);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  }).listen(0, '127.0.0.1');
  t.after(() => collector.close());
  await until(() => collector.listening, 'the collector');
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const application = new Application(t, {
    app: 'web/http.cjs',
    env: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '50' },
  });
  const url = await application.url();
  await fetch(`${url}/broken`).then((response) => response.text());
  await until(() => bodies.includes('/v1/traces true'), 'traces at the collector');
});

test('the DATABASE_URL of the application is not used, only mentioned', async (t) => {
  const { db, url } = await databaseFor(t, 'empty');
  const ended = await new Application(t, { app: 'ends/natural.cjs', env: { DATABASE_URL: url } }).ended();
  assert.match(ended.said[0] ?? '', /ROWTRACE_DATABASE_URL=\$DATABASE_URL/);
  const [schema] = await db.query<{ there: boolean }>(
    "select exists (select from pg_namespace where nspname = 'rowtrace') as there",
  );
  assert.equal(schema?.there, false);
});

test('started in code: rows are there after flush, status tells, shutdown ends it', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const ended = await new Application(t, { app: 'doors/programmatic.mjs', door: 'none', databaseUrl }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /"state":"idle","stored":/);
  const rows = await db.query('select service, release_version, error_type, message, module from rowtrace.error_logs');
  assert.deepEqual(rows, [
    { service: 'in-code', release_version: '7.0.0', error_type: 'TypeError', message: 'job failed', module: 'jobs' },
  ]);
});

test("beside a user's own SDK: our processors make the same rows, their sampling stays theirs", async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const ended = await new Application(t, { app: 'doors/own-sdk.mjs', door: 'none', databaseUrl }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  const rows = await db.query('select service, error_type, message, route, http_status from rowtrace.error_logs');
  assert.deepEqual(rows, [
    { service: 'own-sdk', error_type: 'RangeError', message: 'own', route: '/x', http_status: 500 },
  ]);
  const [work] = await db.query<{ count: number }>(
    "select count::int from rowtrace.latency(now() - interval '1 hour', now() + interval '1 hour') where operation = 'work'",
  );
  assert.equal(work?.count, 1, 'spans of their own are measured');
});

test('hookProcess() says once that no LoggerProvider takes what it hooks', async (t) => {
  const { url: databaseUrl } = await databaseFor(t);
  const run = (app: string) => new Application(t, { app, door: 'none', databaseUrl }).ended();
  const without = await run('doors/no-logger-provider.mjs');
  assert.equal(without.code, 0, without.stderr);
  const spoken = ({ said }: { said: string[] }) => said.filter((line) => line.includes('LoggerProvider'));
  assert.equal(spoken(without).length, 1, without.said.join('\n'));
  assert.match(spoken(without)[0]!, /logRecordProcessors: \[rowtrace\.logRecordProcessor\].*after start\(\)/);
  // Nothing that keeps a context either.
  assert.equal(without.said.filter((line) => line.includes('no context manager is registered')).length, 1);
  const whole = await run('doors/own-sdk.mjs');
  assert.deepEqual(spoken(whole), []);
  assert.deepEqual(
    whole.said.filter((line) => line.includes('context manager')),
    [],
  );
});
