// Loggers in real applications, CommonJS and ESM, each call inside a request: the rows they leave in Postgres, and the
// logger's own output with and without Rowtrace.

import assert from 'node:assert/strict';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { Application, type Ended } from '../support/application.ts';
import { applicationFolder } from '../support/application-folder.ts';
import { databaseFor } from '../support/database.ts';

const APPS = join(import.meta.dirname, '..', 'fixtures', 'apps');
const ERROR = 'DogError: bad dog';

type Expected = [string, string, string, string | null, string | null, string, object];

// call             level       message               template              error   module    tags      (no template: the message)
const PINO: Expected[] = [
  ['template', 'ERROR', 'dog Rex has 3 legs', 'dog %s has %d legs', null, 'kennel', {}],
  ['error', 'ERROR', 'bad dog', null, ERROR, 'kennel', {}],
  ['errorAndWords', 'ERROR', 'feeding Rex', 'feeding %s', ERROR, 'kennel', {}],
  ['errorKey', 'ERROR', 'cannot feed', null, ERROR, 'kennel', { vet_id: 12 }],
  ['errorLast', 'ERROR', 'cannot walk', null, ERROR, 'kennel', {}],
  [
    'child',
    'WARNING',
    'low on food',
    null,
    null,
    'food',
    { bowl: { size: 2 }, chip: { id: 7, code: '[Redacted]' }, name: 'Rex' },
  ],
  ['fatal', 'CRITICAL', 'bad dog', null, ERROR, 'kennel', {}],
  ['thrown', 'ERROR', 'before it is thrown', null, ERROR, 'kennel', {}],
];
const WINSTON: Expected[] = [
  ['template', 'ERROR', 'dog Rex has 3 legs', 'dog %s has %d legs', null, 'kennel', {}],
  ['error', 'ERROR', 'bad dog', null, ERROR, 'kennel', {}],
  ['errorAndWords', 'ERROR', 'feeding', null, ERROR, 'kennel', {}],
  ['errorKey', 'ERROR', 'cannot feed', null, ERROR, 'kennel', { vet_id: 12 }],
  ['errorLast', 'ERROR', 'bad dog', null, ERROR, 'kennel', {}],
  [
    'child',
    'WARNING',
    'low on food',
    null,
    null,
    'food',
    { bowl: { size: 2 }, chip: { id: 7, code: '***' }, name: 'Rex', service: 'kennel' },
  ],
  ['childError', 'ERROR', 'bad dog', null, ERROR, 'food', { bowl: { size: 2 }, service: 'kennel' }],
  ['thrown', 'ERROR', 'before it is thrown', null, ERROR, 'kennel', {}],
];
const BUNYAN: Expected[] = [
  ['template', 'ERROR', 'dog Rex has 3 legs', 'dog %s has %d legs', null, 'kennel', {}],
  ['error', 'ERROR', 'bad dog', null, ERROR, 'kennel', {}],
  ['errorAndWords', 'ERROR', 'feeding Rex', 'feeding %s', ERROR, 'kennel', {}],
  ['errorKey', 'ERROR', 'cannot feed', null, ERROR, 'kennel', { vet_id: 12 }],
  ['errorLast', 'ERROR', 'cannot walk', null, ERROR, 'kennel', {}],
  ['child', 'WARNING', 'low on food', null, null, 'food', { bowl: { size: 2 }, chip: { id: 7 }, name: 'Rex' }],
  ['fatal', 'CRITICAL', 'bad dog', null, ERROR, 'kennel', {}],
  ['source', 'WARNING', 'with a source', null, null, 'traced', {}],
  ['thrown', 'ERROR', 'before it is thrown', null, ERROR, 'kennel', {}],
];

//     logger    package    expected
const CELLS = [
  ['pino', 'pino', PINO],
  ['pino', 'pino9', PINO],
  ['pino', 'pino8', PINO],
  ['winston', 'winston', WINSTON],
  ['bunyan', 'bunyan', BUNYAN],
  ['bunyan', 'bunyan1', BUNYAN],
] as const;

for (const [logger, from, expected] of CELLS) {
  for (const [kind, file] of [
    ['CommonJS', 'app.cjs'],
    ['ESM', `${logger}.mjs`],
  ] as const) {
    test(`${from} (${kind}): a row a record, with its words, its error, its bindings and its request`, async (t) => {
      const { db, url: databaseUrl } = await databaseFor(t);
      const cwd = applicationFolder(t, join(APPS, 'loggers'), { [logger]: from, express: 'express' });
      const options = {
        app: relative(APPS, join(cwd, file)),
        args: [logger],
        cwd,
        env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici' },
      };
      const plain = await new Application(t, { ...options, preload: 'ends/nothing.cjs' }).ended();
      const watched = await new Application(t, { ...options, databaseUrl }).ended();
      assert.equal(watched.code, 0, watched.stderr);
      assert.deepEqual(printed(watched), printed(plain), 'the output is the same');
      assert.ok(plain.stdout.includes('all is well Rex'));
      assert.deepEqual(await rowsOf(db), expected);
    });
  }
}

test("winston with OpenTelemetry's transport beside makes no second row", async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const ended = await new Application(t, {
    app: 'loggers/winston-transport.cjs',
    databaseUrl,
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici' },
  }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await rowsOf(db), WINSTON);
});

test('with our hook switched off, the transport reaches us over the bridge', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const ended = await new Application(t, {
    app: 'loggers/winston-transport.cjs',
    databaseUrl,
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici,winston' },
  }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  const rows = await rowsOf(db);
  assert.deepEqual(
    rows.map(([call]) => call),
    WINSTON.map(([call]) => call),
  );
});

test('loggers made before Rowtrace was started in code are heard, too', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const ended = await new Application(t, { app: 'loggers/late.cjs', door: 'none', databaseUrl }).ended();
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await db.query('select message, error_message, module from rowtrace.error_logs order by id'), [
    { message: 'late winston', error_message: 'w', module: 'winston' },
    { message: 'late bunyan', error_message: 'b', module: 'kennel' },
    { message: 'late pino', error_message: 'p', module: 'kennel' },
  ]);
});

async function rowsOf(db: { query<T>(text: string): Promise<T[]> }): Promise<Expected[]> {
  const rows = await db.query<Record<string, unknown>>(`
    select level::text, message, message_template as template, error_type, error_message, module, tags, route, request_id
    from rowtrace.error_logs order by id`);
  return rows.map((row) => {
    assert.equal(row.route, '/call/:name', `route of ${row.request_id}`);
    const { 'url.path': path, 'user_agent.original': agent, src, ...all } = row.tags as Record<string, unknown>;
    // The branch that is checked out where the test runs is no matter of loggers.
    const tags = Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith('vcs.')));
    const error = row.error_type === null ? null : `${row.error_type}: ${row.error_message}`;
    const template = row.template === row.message ? null : row.template;
    return [row.request_id, row.level, row.message, template, error, row.module, tags] as Expected;
  });
}

/**
 * Lines without times, process ids and stacks (our hooks have no frames in an application's error, instrumentations of
 * frameworks have). Sorted: pino 8 may write a fatal record before the one that came earlier, with or without us.
 */
function printed({ stdout }: Ended): string[] {
  return stdout
    .replaceAll(/"time":("[^"]+"|\d+)/g, '"time":0')
    .replaceAll(/"pid":\d+/g, '"pid":0')
    .replaceAll(/"stack":"(\\.|[^"\\])*"/g, '"stack":""')
    .split('\n')
    .sort();
}

test('AWS Lambda: what its runtime prints by functions of its own in the place of the console is one row', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const env = { AWS_LAMBDA_RUNTIME_API: '127.0.0.1:1' };
  const { code, stdout, stderr } = await new Application(t, { app: 'loggers/lambda.cjs', env, databaseUrl }).ended();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Invoke Error \t\{"errorType":"TypeError"/);
  assert.deepEqual(await db.query('select level::text, error_type, message from rowtrace.error_logs'), [
    { level: 'ERROR', error_type: 'TypeError', message: 'no dogs' },
  ]);
});
