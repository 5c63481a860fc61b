// The manual door in whole applications: one program, its decorators compiled by TypeScript in the standard and in the legacy
// style, under Rowtrace's preload and under a plain OpenTelemetry SDK. What it emits is the same everywhere.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import ts from 'typescript';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = join(ROOT, 'test/fixtures/apps/manual/clinic.ts');
const OTHER_SDK = join(ROOT, 'test/fixtures/apps/manual/other-sdk.mjs');

const STYLES = {
  'standard decorators, ES module': { legacy: false, module: ts.ModuleKind.ESNext, file: 'clinic.mjs' },
  'legacy decorators, CommonJS': { legacy: true, module: ts.ModuleKind.CommonJS, file: 'clinic.cjs' },
};
type Style = keyof typeof STYLES;

/** The compiled program in a folder of its own, which finds our packages. */
function compiled(t: TestContext, style: Style): string {
  const { legacy, module, file } = STYLES[style];
  const { outputText } = ts.transpileModule(readFileSync(SOURCE, 'utf8'), {
    compilerOptions: { module, target: ts.ScriptTarget.ES2022, experimentalDecorators: legacy },
  });
  const folder = folderFor(t);
  for (const [name, to] of [
    ['rowtrace', ROOT],
    ['@opentelemetry', join(ROOT, 'node_modules/@opentelemetry')],
  ] as const) {
    const path = join(folder, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(to, path, 'junction');
  }
  writeFileSync(join(folder, file), outputText);
  return join(folder, file);
}

async function run(t: TestContext, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawnNode(t, args, { ROWTRACE_DATABASE_URL: '', ROWTRACE_DIR: folderFor(t), ...env });
  const { code } = await child.ended;
  assert.equal(code, 0, child.stderr);
  assert.match(child.stdout, /^all as before$/m);
}

/** level, type, message, module: of functions and methods, of blocks, of a logger. */
const OF_FUNCTIONS = [
  ...['rent', 'later', 'beds', 'lines', 'found'].map((name) => `ERROR ClinicError ${name} | clinic`),
  'WARNING - pay returned | till',
  'WARNING - refund returned | till',
  'ERROR ClinicError refund failed | till',
  'WARNING - bills returned | till',
];
const NAMES = ['rent', 'later', 'beds', 'lines', 'found', 'pay', 'refund', 'refund', 'bills'];
const OF_BLOCKS = ['block', 'later block', 'swallowed', 'rejected'].map((name) => `ERROR ClinicError ${name} | import`);
const OF_LOGGERS = ['WARNING - warn | kennel', 'ERROR ClinicError error | kennel', 'CRITICAL Error fatal | kennel'];
/** Type of each value thrown in `anything`, in order; the reader of the row tells them apart. */
const ANYTHING = [
  ...['string', 'string', 'null', 'undefined', 'number', 'number', 'bigint', 'boolean', 'symbol'],
  ...['Error', 'Error', 'Error', 'Array', 'Error', 'Promise', 'Map'],
  ...['ClinicError', 'ClinicError', 'ClinicError', 'ClinicError', 'ClinicError', 'ClinicError', 'ClinicError'],
  ...['AggregateError', 'Error', 'Error', 'TypeError', 'string', 'Error', 'AbortError', 'string'],
];

interface Row {
  level: string;
  error_type: string | null;
  message: string;
  error_message: string | null;
  module: string | null;
  function_name: string | null;
  stack_trace: string | null;
  request_id: string | null;
  user_id: string | null;
  session_id: string | null;
  trace_id: string | null;
  tags: Record<string, unknown>;
}

for (const style of Object.keys(STYLES) as Style[]) {
  test(`${style}, preloaded: rows`, async (t) => {
    const { url, db } = await databaseFor(t);
    await run(t, ['--import', REGISTER, compiled(t, style)], { ROWTRACE_DATABASE_URL: url });
    const rows = await db.query<Row>('select * from rowtrace.error_logs order by created_at, event_id');
    const within = (...modules: string[]) => rows.filter(({ module }) => modules.includes(module ?? ''));
    const of = (...modules: string[]) =>
      within(...modules).map((row) => `${row.level} ${row.error_type ?? '-'} ${row.message} | ${row.module}`);
    assert.deepEqual(
      within('clinic', 'till').map((row) => row.function_name),
      NAMES,
    );
    assert.deepEqual(of('clinic', 'till'), OF_FUNCTIONS);
    assert.deepEqual(of('import'), OF_BLOCKS);
    assert.deepEqual(of('kennel'), OF_LOGGERS);
    assert.deepEqual(
      rows.filter(({ module }) => module === 'anything').map(({ error_type }) => error_type),
      ANYTHING,
    );
    const named = (message: string) => rows.find((row) => row.message === message)!;
    assert.deepEqual(named('pay returned').tags['call.arguments'], ['5', '[redacted]']);
    assert.match(named('warn').stack_trace ?? '', /at logs .*clinic\./);
    assert.deepEqual([named('warn').tags.dog_id, named('warn').tags.nested], [7, { a: 1 }]);
    const { user_id, session_id, request_id, function_name, tags } = named('in context');
    // setUser, later on, is for all rows of the request.
    assert.deepEqual([user_id, session_id, request_id, function_name], ['grace', 's1', 'r-1', 'request']);
    assert.deepEqual([tags.clinic_id, tags.plan], [3, 'gold']);
    const later = named('of the user');
    assert.deepEqual([later.user_id, later.tags.ward, later.request_id], ['grace', 5, 'r-1']);
    const slow = rows.find(({ message }) => message.startsWith('Slow client span charge payments'));
    assert.equal(slow?.level, 'WARNING');
    assert.equal(rows.filter(({ error_message, message }) => (error_message ?? message) === 'tracked').length, 1);
    const calls = await db.query<{ peer: string | null }>(
      'select peer from rowtrace.http_calls where peer is not null',
    );
    assert.deepEqual(calls, [{ peer: 'payments' }]);
  });

  test(`${style}, under another SDK: log records and spans`, async (t) => {
    const EMITTED = join(folderFor(t), 'emitted.json');
    await run(t, ['--import', OTHER_SDK, compiled(t, style)], { EMITTED });
    const { records, spans } = JSON.parse(readFileSync(EMITTED, 'utf8')) as Emitted;
    const line = ({ level, body, attributes, module }: Emitted['records'][number]) => {
      const type = attributes['exception.type'] ?? (attributes['exception.stacktrace'] ? 'Error' : '-');
      return `${level} ${type} ${body} | ${module}`;
    };
    const within = (...modules: string[]) => records.filter(({ module }) => modules.includes(module));
    const of = (...modules: string[]) => within(...modules).map(line);
    assert.deepEqual(
      within('clinic', 'till').map(({ attributes }) => attributes['code.function.name']),
      NAMES,
    );
    assert.deepEqual(of('clinic', 'till'), OF_FUNCTIONS);
    assert.deepEqual(of('import'), OF_BLOCKS);
    assert.deepEqual(of('kennel'), ['DEBUG - debug | kennel', 'INFO - info | kennel', ...OF_LOGGERS]);
    const anything = records.filter(({ module }) => module === 'anything');
    assert.deepEqual(
      anything.map(({ attributes }) => attributes['exception.type']),
      ANYTHING,
    );
    const [context] = records.filter(({ body }) => body === 'in context');
    assert.deepEqual(
      ['user.id', 'session.id', 'clinic_id', 'plan', 'rowtrace.fingerprint'].map((name) => context?.attributes[name]),
      ['ada', 's1', 3, 'gold', 'mine'],
    );
    assert.match(String(context?.attributes['exception.stacktrace']), /^ClinicError: in context\n {4}at /);
    const [charge] = spans.filter(({ name }) => name === 'charge');
    assert.equal(charge?.attributes['server.address'], 'payments');
    const [quick] = spans.filter(({ name }) => name === 'quick');
    assert.equal(quick?.status, 2);
    assert.equal(quick?.events[0]?.['exception.message'], 'tracked');
  });
}

interface Emitted {
  records: { level: string; body: string; module: string; attributes: Record<string, unknown> }[];
  spans: {
    name: string;
    attributes: Record<string, unknown>;
    status: number;
    events: Record<string, unknown>[];
  }[];
}
