// 3.x of OpenTelemetry beside api 1.9, against its peer range: pnpm and Yarn install it so where an application has locked
// the older API. All of Rowtrace works there, and nothing of it fails to load.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { applicationFolder } from '../support/application-folder.ts';
import { spawnNode } from '../support/children.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Dependencies first: what is there is not linked. */
const OF_3 = ['core', 'resources', 'context-async-hooks', 'sdk-logs', 'sdk-metrics', 'sdk-trace'];
const HOOKS = ['instrumentation', 'instrumentation-http', 'instrumentation-undici'];

/** None is copied. */
const NO_CLIENTS = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg' };

const APPLICATION = `
  import { createServer } from 'node:http';
  import { captureError, createLogger } from 'rowtrace';
  const server = createServer((request, response) => {
    captureError(new Error('no dog'));
    createLogger({ module: 'kennel' }).warn('no bed');
    response.end();
  });
  server.listen(0, async () => {
    await fetch('http://127.0.0.1:' + server.address().port + '/dogs');
    server.close();
  });`;

function folderOf(t: TestContext): string {
  const api = { '@opentelemetry/api': 'otel2/node_modules/@opentelemetry/api' };
  const packages = [...OF_3, ...HOOKS].map((name) => `@opentelemetry/${name}`);
  const folder = applicationFolder(t, folderFor(t), {
    ...api,
    ...Object.fromEntries(packages.map((name) => [name, name])),
  });
  const modules = join(folder, 'node_modules');
  for (const part of ['dist', 'package.json'])
    cpSync(join(ROOT, part), join(modules, 'rowtrace', part), { recursive: true });
  for (const name of ['pg', 'commander', 'protobufjs'])
    if (!existsSync(join(modules, name)))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/app.mjs'), APPLICATION);
  return folder;
}

test('beside api 1.9 the preload, its hooks and the helpers of an ES module make their rows', async (t) => {
  const { db, url } = await databaseFor(t);
  const folder = folderOf(t);
  const env = { ROWTRACE_DATABASE_URL: url, ...NO_CLIENTS };
  const child = spawnNode(t, ['--import', 'rowtrace/register', 'src/app.mjs'], env, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(child.stderr, /^rowtrace: [^\n]*; hooked http, undici, http2, [^\n]*\n$/);
  const rows = await db.query(
    `select level, message, module, http_status as status, request_id is not null as requested
     from rowtrace.error_logs order by message desc`,
  );
  assert.deepEqual(rows, [
    { level: 'ERROR', message: 'no dog', module: 'app', status: 200, requested: true },
    { level: 'WARNING', message: 'no bed', module: 'kennel', status: 200, requested: true },
  ]);
});

test('beside api 1.9 commands run, doctor among them', async (t) => {
  const folder = folderOf(t);
  const child = spawnNode(t, ['node_modules/rowtrace/dist/src/cli/main.mjs', 'doctor'], NO_CLIENTS, folder);
  await child.ended;
  assert.match(child.stdout, /recorded +http, undici/, child.stderr);
});
