// `rowtrace doctor --canary`: each hop of an error's way broken in turn, and what doctor says about it.
//
//   preload → hook → sdk → journal → delivery → [receiver → queue → worker →] database
//
// Every case is a real doctor with a real child, against a real Postgres, receiver or broker.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { shardQueue } from '../../exporters/amqp/index.ts';
import { listJournals } from '../../src/journal/layout.ts';
import { PERMISSION } from '../support/children.ts';
import { cliDir, eventually, runCli, startCli } from '../support/cli.ts';
import { asSuperuser, databaseFor, testServerUrl } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { rabbitFor } from '../support/rabbit.ts';

const ROOT = join(import.meta.dirname, '../..');
const REGISTER = join(ROOT, 'src/register.ts');

interface Hop {
  name: string;
  state: string;
  text: string;
  fix?: string;
}
interface Examined {
  code: number | null;
  lostAt: string | undefined;
  hops: Hop[];
  /** The one that lost it, else the last one. */
  last: Hop;
  removed: boolean;
  findings: Hop[];
}

interface Given {
  env?: NodeJS.ProcessEnv;
  /** The application's folder. */
  app?: string;
  /** Where journals go; default a folder of its own. */
  dir?: string;
  args?: string[];
}

async function canary(t: TestContext, { env = {}, app = application(t), dir, args = [] }: Given): Promise<Examined> {
  const { code, stdout, stderr } = await runCli(t, ['doctor', '--canary', '--json', ...args], {
    dir: dir ?? cliDir(t),
    env,
    cwd: app,
  });
  assert.ok(stdout.startsWith('{'), stderr + stdout);
  const { canary: flown, findings } = JSON.parse(stdout);
  const { lostAt, hops, removed } = flown as Examined;
  return { code, lostAt, hops, last: hops.at(-1)!, removed, findings };
}

/** A folder with a package.json, and files where given. */
function application(t: TestContext, manifest: object = {}, files: Record<string, string> = {}): string {
  const folder = folderFor(t);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'kennel', version: '1.0.0', ...manifest }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A package of ours, as the application's own. */
function link(app: string, name: string): void {
  const to = join(app, 'node_modules', name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), to, 'junction');
}

function assertLost(found: Examined, hop: string, text: RegExp, fix: RegExp): void {
  const shown = JSON.stringify(found.hops, null, 1);
  assert.equal(found.lostAt, hop, shown);
  assert.equal(found.last.name, hop, shown);
  assert.match(found.last.text, text);
  assert.match(found.last.fix ?? '', fix);
  assert.equal(found.code, 1);
}

function assertArrived(found: Examined, way: string[]): void {
  assert.deepEqual(
    found.hops.map(({ name }) => name),
    way,
    JSON.stringify(found.hops, null, 1),
  );
  assert.equal(found.lostAt, undefined);
  assert.equal(found.code, 0);
}

const TO_POSTGRES = ['preload', 'hook', 'sdk', 'journal', 'delivery', 'database'];

test('Postgres: it arrives from CommonJS, from an ES module, and unsampled, and leaves nothing behind', async (t) => {
  const { url, db } = await databaseFor(t, 'empty');
  const env = { ROWTRACE_DATABASE_URL: url };
  const common = await canary(t, { env });
  assertArrived(common, TO_POSTGRES);
  assert.equal(common.removed, true);
  assert.match(common.hops[1]!.text, /CommonJS/);
  const esm = await canary(t, { env, app: application(t, { type: 'module' }) });
  assertArrived(esm, TO_POSTGRES);
  assert.match(esm.hops[1]!.text, /ES modules hooked: (sync|loader thread)/);
  // A request that is never answered would soon be reported as still running.
  const hanging = { OTEL_TRACES_SAMPLER: 'always_off', ROWTRACE_SLOW_SERVER_MILLIS: '1' };
  assertArrived(await canary(t, { env: { ...env, ...hanging } }), TO_POSTGRES);
  const tables = ['error_logs', 'issue_list', 'latency_histograms', 'http_calls'];
  for (const table of tables) assert.deepEqual(await db.query(`select * from rowtrace.${table}`), [], table);
  await db.query('select rowtrace.fold_issue_deltas()');
  assert.deepEqual(await db.query('select * from rowtrace.issue_deltas'), []);
});

test('a role that may not delete: it arrives, and its row says what it is', async (t) => {
  const { url, db } = await databaseFor(t);
  await db.query('create rule keep as on delete to rowtrace.error_logs do instead nothing');
  await db.query(
    'create function rowtrace.refuse() returns trigger language plpgsql as $$ begin raise exception $m$kept$m$; end $$',
  );
  await db.query(
    'create trigger refuse before delete on rowtrace.issues for each statement execute function rowtrace.refuse()',
  );
  const found = await canary(t, { env: { ROWTRACE_DATABASE_URL: url } });
  assertArrived(found, TO_POSTGRES);
  assert.equal(found.removed, false);
  const [row] = await db.query<{ error_type: string; message: string; tags: object }>(
    'select error_type, message, tags from rowtrace.error_logs',
  );
  assert.equal(row?.error_type, 'RowtraceCanary');
  assert.match(row?.message ?? '', /^rowtrace canary [0-9a-f]{8}$/);
  assert.deepEqual(
    Object.keys(row!.tags).filter((name) => name.startsWith('rowtrace')),
    ['rowtrace.canary'],
  );
});

test('embedded: it arrives from both module systems, in one folder', async (t) => {
  const dir = cliDir(t);
  const way = TO_POSTGRES.filter((hop) => hop !== 'delivery');
  assertArrived(await canary(t, { dir }), way);
  assertArrived(await canary(t, { dir, app: application(t, { type: 'module' }) }), way);
});

test('preload: switched off, absent from the command, behind another SDK, with a wrong flag', async (t) => {
  const { url } = await databaseFor(t);
  const env = { ROWTRACE_DATABASE_URL: url };
  const off = await canary(t, { env: { ...env, OTEL_SDK_DISABLED: 'true' } });
  assertLost(off, 'preload', /OTEL_SDK_DISABLED=true/, /Unset/);
  const absent = await canary(t, { env, args: ['--', 'node', 'app.js'] });
  assertLost(absent, 'preload', /was not loaded/, /--import rowtrace\/register/);
  const files = { 'sdk.cjs': OWN_SDK };
  const app = application(t, {}, files);
  for (const name of ['api', 'sdk-trace']) link(app, `@opentelemetry/${name}`);
  const args = ['--', 'node', '--require', './sdk.cjs', '--import', REGISTER, 'app.js'];
  const second = await canary(t, { env, app, args });
  assertLost(second, 'preload', /another OpenTelemetry SDK is registered/, /createProcessors\(\)/);
  const added = application(t, { scripts: { start: 'node --require ./sdk.cjs app.js' } }, files);
  for (const name of ['api', 'sdk-trace']) link(added, `@opentelemetry/${name}`);
  const plain = await canary(t, { env, app: added });
  assertLost(plain, 'preload', /another OpenTelemetry SDK is registered/, /doctor --canary -- node --require/);
  const unknown = await canary(t, { env, args: ['--', 'node', '--no-such-flag', 'app.js'] });
  assertLost(unknown, 'preload', /bad option: --no-such-flag/, /flags/);
});

test('an SDK of the application with our processors: it arrives; without them, or sampled out, it does not', async (t) => {
  const { url } = await databaseFor(t);
  const env = { ROWTRACE_DATABASE_URL: url };
  const start = 'node --import ./otel.mjs app.js';
  const fly = (provider: string, manifest: object = {}, args = ['--', ...start.split(' ')]) => {
    const app = application(t, manifest, { 'otel.mjs': ownSdk(provider) });
    for (const name of ['api', 'sdk-trace', 'instrumentation', 'instrumentation-http'])
      link(app, `@opentelemetry/${name}`);
    return canary(t, { env, app, args });
  };
  const arrived = await fly('{ spanProcessors: [rowtrace.spanProcessor] }');
  assertArrived(arrived, TO_POSTGRES);
  assert.match(arrived.hops[0]!.text, /SDK of its own/);
  // The start script loads it: it flies like that without being told.
  const manifest = { scripts: { start }, dependencies: { '@opentelemetry/sdk-node': '*' } };
  const plain = await fly('{ spanProcessors: [rowtrace.spanProcessor] }', manifest, []);
  assertArrived(plain, TO_POSTGRES);
  assert.match(plain.hops[0]!.text, /SDK of its own/);
  assertLost(await fly('{}'), 'journal', /hands nothing to Rowtrace/, /createProcessors/);
  const sampled = await fly('{ sampler: new AlwaysOffSampler(), spanProcessors: [rowtrace.spanProcessor] }');
  assertLost(sampled, 'sdk', /sampled out/, /alwaysRecord/);
});

function ownSdk(provider: string): string {
  return `
import { context, trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { AsyncLocalStorageContextManager } from '${new URL('../../node_modules/@opentelemetry/context-async-hooks/dist/index.cjs', import.meta.url)}';
import { createProcessors } from '${new URL('../../src/index.ts', import.meta.url)}';
const rowtrace = createProcessors();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new TracerProvider(${provider}));
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });
rowtrace.hookProcess();
import { createRequire } from 'node:module';
createRequire(import.meta.url)('node:http');`;
}

const SECOND_SDK = {
  'sdk.cjs': "new (require('@opentelemetry/sdk-node').NodeSDK)().start();",
  'sdk.mjs': "import { NodeSDK } from '@opentelemetry/sdk-node'; new NodeSDK().start();",
};

const OWN_SDK = `
const { trace } = require('@opentelemetry/api');
const { TracerProvider } = require('@opentelemetry/sdk-trace');
trace.setGlobalTracerProvider(new TracerProvider());`;

test('hook: http left out, a module loaded too early, an SDK that comes second, ES modules not hooked', async (t) => {
  const { url } = await databaseFor(t);
  const env = { ROWTRACE_DATABASE_URL: url };
  const without = await canary(t, { env: { ...env, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' } });
  assertLost(without, 'hook', /node:http is not hooked/, /OTEL_NODE_DISABLED_INSTRUMENTATIONS/);
  const app = application(t, {}, { 'early.cjs': "require('express');" });
  link(app, 'express');
  const args = ['--', 'node', '--require', './early.cjs', '--import', REGISTER, 'app.js'];
  const early = await canary(t, { env, app, args });
  assertArrived(early, TO_POSTGRES);
  const hook = early.hops[1]!;
  assert.equal(hook.state, 'warning');
  assert.match(hook.text, /^express loaded before Rowtrace/);

  for (const [file, text] of Object.entries(SECOND_SDK)) {
    const two = application(t, {}, { [file]: text });
    link(two, '@opentelemetry/sdk-node');
    const second = await canary(t, {
      env,
      app: two,
      args: ['--', 'node', '--import', REGISTER, '--import', `./${file}`, 'app.js'],
    });
    assertArrived(second, TO_POSTGRES);
    assert.match(second.hops[1]!.text, /(sdk-node|another SDK) is in the same process, and registers nothing/);
  }

  const index = new URL('../../src/index.ts', import.meta.url);
  const late = application(t, { type: 'module' }, { 'late.js': `import { start } from '${index}';\nstart();` });
  const unhooked = await canary(t, { env, app: late, args: ['--', 'node', '--import', './late.js', 'app.js'] });
  assertArrived(unhooked, TO_POSTGRES);
  assert.match(unhooked.hops[1]!.text, /ES modules are not hooked \(start\(\) was called by the application\)/);
});

test('sdk: the API of the application is another one than that of Rowtrace', async (t) => {
  const { url } = await databaseFor(t);
  const app = application(t);
  const api = join(app, 'node_modules/@opentelemetry/api');
  mkdirSync(api, { recursive: true });
  // What a copy that is newer than the registered one gives: it takes nothing of it.
  writeFileSync(join(api, 'package.json'), '{"name":"@opentelemetry/api","version":"1.99.0","main":"index.js"}');
  const real = JSON.stringify(join(ROOT, 'node_modules/@opentelemetry/api'));
  writeFileSync(
    join(api, 'index.js'),
    `const { trace } = require(${real});
     exports.trace = { getActiveSpan: () => trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }) };`,
  );
  const found = await canary(t, { env: { ROWTRACE_DATABASE_URL: url }, app });
  assertLost(found, 'sdk', /@opentelemetry\/api 1\.99\.0 in .* reach no SDK/, /npm dedupe/);
});

test('journal: a file stands where its folder should be', async (t) => {
  const { url } = await databaseFor(t);
  const dir = join(folderFor(t), 'file');
  writeFileSync(dir, '');
  const embedded = await canary(t, { dir });
  assertLost(embedded, 'journal', /cannot be written, so it is in/, /ROWTRACE_DIR/);
  const env = { ROWTRACE_DATABASE_URL: url };
  const elsewhere = await canary(t, { dir, env });
  assertArrived(elsewhere, TO_POSTGRES);
  assert.equal(elsewhere.hops[3]!.state, 'warning');
  const nowhere = await canary(t, { dir, env: { ...env, TMPDIR: dir, TEMP: dir, TMP: dir } });
  assertLost(nowhere, 'journal', /journal|file/, /ROWTRACE_DIR/);
});

test('delivery: its thread may not be started', async (t) => {
  const { url } = await databaseFor(t);
  const flags = [...PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*', '--import', REGISTER];
  const found = await canary(t, { env: { ROWTRACE_DATABASE_URL: url }, args: ['--', 'node', ...flags, 'app.js'] });
  assertLost(found, 'delivery', /delivery thread|restricted/, /./);
});

test('database: away, refusing, without rights, without the table, read-only', async (t) => {
  const { url, db } = await databaseFor(t);
  const through = (change: (url: URL) => void) => {
    const changed = new URL(url);
    change(changed);
    return { ROWTRACE_DATABASE_URL: changed.toString() };
  };
  const port = String(await freePort());
  const dir = cliDir(t);
  const away = await canary(t, { dir, env: through((to) => (to.port = port)) });
  assertLost(away, 'database', /cannot be reached: .*ECONNREFUSED/, /host, port and network/);
  assert.deepEqual(listJournals(dir), [], 'it does not arrive later');
  const refused = await canary(t, { env: through((to) => (to.password = 'wrong')) });
  assertLost(refused, 'database', /refused the connection/, /user, password/);

  const database = new URL(url).pathname.slice(1);
  const role = `${database}_nobody`;
  await asSuperuser((client) => client.query(`create role ${role} login password 'x'`));
  t.after(() => asSuperuser((client) => client.query(`drop role if exists ${role}`)));
  const rightless = await canary(t, {
    env: { ROWTRACE_DATABASE_URL: testServerUrl({ database, user: role, password: 'x' }) },
  });
  assertLost(rightless, 'database', /permission denied/, /Grant it/);

  await asSuperuser((client) => client.query(`alter database ${database} set default_transaction_read_only = on`));
  const readOnly = await canary(t, { env: { ROWTRACE_DATABASE_URL: url } });
  assertLost(readOnly, 'database', /takes no writes: .*read-only transaction/, /primary/);
  await asSuperuser((client) => client.query(`alter database ${database} reset default_transaction_read_only`));

  await db.query('alter table rowtrace.error_logs rename to error_logs_gone');
  const tableless = await canary(t, { env: { ROWTRACE_DATABASE_URL: url } });
  assertLost(tableless, 'database', /error_logs/, /rowtrace migrate/);
});

test('database: a rule of its own takes the row', async (t) => {
  const { url, db } = await databaseFor(t);
  await db.query(`create function rowtrace.swallow() returns trigger language plpgsql as $$ begin return null; end $$`);
  await db.query(
    'create trigger swallow before insert on rowtrace.error_logs for each row execute function rowtrace.swallow()',
  );
  const found = await canary(t, { env: { ROWTRACE_DATABASE_URL: url } });
  assertLost(found, 'database', /no row within/, /trigger/);
});

/** `rowtrace serve` as a process. @returns its URL */
async function receiver(t: TestContext, env: NodeJS.ProcessEnv, ...args: string[]): Promise<string> {
  const child = startCli(t, ['serve', '--port', '0', ...args], { dir: cliDir(t), env });
  return eventually(() => /on (http:\S+)/.exec(child.stdout)?.[1]);
}

test('receiver: it arrives; down, another key, its database gone', async (t) => {
  const { url, db } = await databaseFor(t);
  const database = { ROWTRACE_DATABASE_URL: url };
  const endpoint = await receiver(t, database);
  const healthy = await canary(t, { env: { ROWTRACE_ENDPOINT: endpoint }, args: ['--database', url] });
  assertArrived(healthy, [...TO_POSTGRES.slice(0, -1), 'receiver', 'database']);
  assert.equal(healthy.removed, true);

  const down = await canary(t, { env: { ROWTRACE_ENDPOINT: `http://127.0.0.1:${await freePort()}` } });
  assertLost(down, 'receiver', /cannot be reached/, /rowtrace serve/);

  assert.equal((await runCli(t, ['keys', 'create', 'kennel'], { dir: cliDir(t), env: database })).code, 0);
  const guarded = await receiver(t, database, '--require-key');
  const stranger = await canary(t, { env: { ROWTRACE_ENDPOINT: guarded, ROWTRACE_API_KEY: 'rt_wrong' } });
  assertLost(stranger, 'receiver', /takes nothing from here: 401/, /ROWTRACE_API_KEY/);

  await db.query('alter table rowtrace.error_logs rename to error_logs_gone');
  const broken = await canary(t, { env: { ROWTRACE_ENDPOINT: endpoint } });
  assertLost(broken, 'receiver', /answered 503/, /doctor` there: its database/);
});

test('queue: it arrives; no worker, no broker', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const { url } = await databaseFor(t);
  const names = ['--queue', rabbit.url, '--queue-name', rabbit.queue];
  const endpoint = await receiver(t, {}, ...names, '--no-auth');
  const env = { ROWTRACE_ENDPOINT: endpoint };
  const idle = await canary(t, { env, args: names });
  assertLost(idle, 'worker', new RegExp(`no worker takes ${shardQueue(rabbit.queue, 0)}; [1-9]`), /rowtrace worker/);

  const worker = startCli(t, ['worker', ...names], { dir: cliDir(t), env: { ROWTRACE_DATABASE_URL: url } });
  rabbit.closeFirst(() => {
    worker.process.kill();
    return worker.ended;
  });
  await eventually(() => worker.stdout.includes('takes'));
  const args = [...names, '--database', url];
  const healthy = await canary(t, { env, args });
  assertArrived(healthy, [...TO_POSTGRES.slice(0, -1), 'receiver', 'queue', 'database']);

  const elsewhere = await canary(t, { env, args: ['--queue', rabbit.url, '--queue-name', 'rowtrace-no-such'] });
  assertLost(elsewhere, 'queue', /NOT_FOUND|no queue/, /queue-name/);

  const severed = await receiver(t, {}, '--queue', `amqp://127.0.0.1:${await freePort()}`, '--no-auth');
  const cut = await canary(t, { env: { ROWTRACE_ENDPOINT: severed } });
  assertLost(cut, 'receiver', /answered 503/, /its queue is away/);
});
