// The blocks of docs/own-sdk.md, each loaded in front of an application as the page says: the rows and latencies it leaves.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { spawnNode } from '../support/children.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { receiverFor, type TestReceiver } from '../support/receiver.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/own-sdk.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```js\n\/\/ (instrumentation\.[cm]js)\n(.*?)^```$/gms)].map(([, file, text]) => ({
  file: file!,
  text: text!,
}));

const CONFIGURATION = /^```yaml\n# otel\.yaml\n(.*?)^```$/ms.exec(PAGE)![1]!;

/** A request that fails, an error on the console, and the end. */
const BODY = `
const server = createServer((request, response) => {
  trace.getActiveSpan().recordException(new RangeError('no dog 7'));
  response.statusCode = 500;
  response.end();
});
server.listen(0, '127.0.0.1', async () => {
  await fetch('http://127.0.0.1:' + server.address().port, { headers: { connection: 'close' } }).then((answer) => answer.text());
  console.error('in the end', new TypeError('the till is closed'));
  server.close();
  if (process.env.CRASH) setImmediate(() => { throw new Error('a crash'); });
});`;
const APPS: Record<string, string> = {
  'app.cjs': `const { createServer } = require('node:http');\nconst { trace } = require('@opentelemetry/api');${BODY}`,
  'app.mjs': `import { createServer } from 'node:http';\nimport { trace } from '@opentelemetry/api';${BODY}`,
};

/** @returns what is in the database after the application ended */
async function run(t: TestContext, index: number, more: NodeJS.ProcessEnv = {}, code = 0, receiver?: TestReceiver) {
  const { url, db } = receiver === undefined ? await databaseFor(t) : { url: '', db: receiver.db };
  const { file, text } = BLOCKS[index]!;
  const folder = folderFor(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/rowtrace'), 'junction');
  symlinkSync(join(ROOT, 'node_modules/@opentelemetry'), join(folder, 'node_modules/@opentelemetry'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{"name":"of-package-json","version":"9.9.9"}');
  writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, 'otel.yaml'), CONFIGURATION);
  const isCommon = file.endsWith('.cjs');
  const app = isCommon ? 'app.cjs' : 'app.mjs';
  writeFileSync(join(folder, app), APPS[app]!);
  const dirs = { ROWTRACE_DIR: join(folder, 'rowtrace'), JOURNAL_DIR: join(folder, 'journal') };
  const env = {
    ROWTRACE_DATABASE_URL: url,
    // The tables are made meanwhile, which may take longer than the second that the end of a process waits by default.
    ROWTRACE_EXIT_TIMEOUT_MILLIS: '60000',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    ...dirs,
    ...more,
  };
  const child = spawnNode(t, [isCommon ? '--require' : '--import', `./${file}`, app], env, folder);
  const ended = await child.ended;
  assert.equal(ended.code, code, child.stderr);
  await receiver?.settled();
  const rows = await db.query<{ message: string; service: string; environment: string }>(
    'select message, service, environment from rowtrace.error_logs order by message',
  );
  for (const { service, environment } of rows) assert.deepEqual([service, environment], ['own-shop', 'test']);
  const latencies = await db.query<{ service: string; environment: string; count: number }>(
    "select service, environment, count::int from rowtrace.latency_histograms where kind = 'server'",
  );
  return { messages: rows.map(({ message }) => message), latencies };
}

const ONE_REQUEST = [{ service: 'own-shop', environment: 'test', count: 1 }];

test('docs/own-sdk.md: processors, with the name that NodeSDK was given, whatever is sampled', async (t) => {
  const { messages, latencies } = await run(t, 0);
  assert.deepEqual(messages, ['in the end', 'no dog 7']);
  assert.deepEqual(latencies, ONE_REQUEST);
});

test('docs/own-sdk.md: with hookProcess() a crash is a row', async (t) => {
  const { messages } = await run(t, 0, { CRASH: '1' }, 1);
  assert.deepEqual(messages, ['a crash', 'in the end', 'no dog 7']);
});

for (const [title, index] of [
  ['without a journal', 1],
  ['with a journal', 2],
] as const)
  test(`docs/own-sdk.md: the exporters alone, ${title}: a request is counted once`, async (t) => {
    const { messages, latencies } = await run(t, index);
    assert.deepEqual(messages, ['no dog 7']);
    assert.deepEqual(latencies, ONE_REQUEST);
  });

test('docs/own-sdk.md: beside other exporters, which get what they got', async (t) => {
  const paths = new Set<string>();
  const collector = createServer((request, response) => {
    paths.add(request.url!);
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  t.after(() => collector.close());
  await new Promise((listening) => collector.once('listening', listening));
  const { port } = collector.address() as AddressInfo;
  const { messages, latencies } = await run(t, 3, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  assert.deepEqual(messages, ['in the end', 'no dog 7']);
  assert.deepEqual(latencies, ONE_REQUEST);
  assert.deepEqual([...paths].sort(), ['/v1/metrics', '/v1/traces']);
});

test('docs/own-sdk.md: declarative configuration, by way of a receiver', async (t) => {
  const receiver = await receiverFor(t);
  const env = { OTEL_CONFIG_FILE: './otel.yaml', ROWTRACE_ENDPOINT: receiver.url, NODE_ENV: 'test' };
  const { messages, latencies } = await run(t, 4, env, 0, receiver);
  assert.deepEqual(messages, ['no dog 7']);
  assert.deepEqual(latencies, ONE_REQUEST);
  assert.equal(BLOCKS.length, 5);
});
