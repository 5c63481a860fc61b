// What `doctor` says about the packages of an application.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkApplication } from '../../src/cli/doctor/application.ts';
import { checkOptions } from '../../src/cli/doctor/options.ts';
import { copiesOf, installedVersion, isAtLeastVersion, isInRange, wantedNode } from '../../src/cli/doctor/packages.ts';
import { checkRuntime } from '../../src/cli/doctor/runtime.ts';
import { checkStart } from '../../src/cli/doctor/start.ts';
import { startCommandOf, startScriptOf } from '../../src/cli/doctor/start-command.ts';
import { RowtraceError } from '../../src/errors.ts';
import { loadOptions } from '../../src/options/options.ts';
import { cliDir } from '../support/cli.ts';

function install(folder: string, name: string, version: string): string {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(path, 'index.js'), '');
  return path;
}

test('what is not covered or there twice is named with its fix; the rest is fine', (t) => {
  const app = cliDir(t);
  install(app, 'express', '5.1.0');
  install(app, 'fastify', '5.0.0');
  install(app, 'next', '16.0.0');
  install(app, 'pino', '8.21.0');
  install(app, '@hapi/hapi', '21.4.10');
  install(app, 'mysql', '2.18.1');
  install(app, '@opentelemetry/api', '1.9.0');
  install(install(app, 'some-library', '1.0.0'), '@opentelemetry/api', '1.10.0');
  const findings = checkApplication(app).map(({ state, name, text }) => `${state} ${name}: ${text}`);
  assert.match(
    findings[0]!,
    /^ok recorded: http, undici, express 5\.1\.0, fastify 5\.0\.0, hapi 21\.4\.10, next 16\.0\.0, http2, /,
  );
  assert.equal(findings[1], 'ok pino: 8.21.0');
  assert.equal(findings[2], 'warning not covered: mysql: not covered yet');
  assert.match(findings[3]!, /^warning otel api: 2 copies of @opentelemetry\/api: 1\.9\.0 in .*; 1\.10\.0 in /);
});

test('a version that no hook is for is named with those that are', (t) => {
  const app = cliDir(t);
  install(app, 'express', '3.21.2');
  install(app, 'pg', '8.16.0');
  install(app, 'mongodb', '2.2.36');
  install(app, 'graphql', '17.1.0');
  const found = checkApplication(app);
  assert.doesNotMatch(found[0]!.text, /express|mongodb/);
  assert.match(found[0]!.text, /pg 8\.16\.0.*graphql 17\.1\.0/);
  const versions = found.filter(({ name }) => name === 'version').map(({ state, text }) => `${state} ${text}`);
  assert.match(versions[0]!, /^warning express 3\.21\.2 is not recorded: versions >=4 <6 are/);
  assert.match(versions[1]!, /^warning mongodb 2\.2\.36 is not recorded: versions /);
  assert.equal(versions.length, 2, versions.join());
});

test('ranges are read as instrumentations write them', () => {
  const cases: [string, string, boolean][] = [
    ['5.1.0', '>=4 <6', true],
    ['6.0.0', '>=4 <6', false],
    ['3.21.2', '>=4.0.0 <6', false],
    ['8.0.3', '>=8.0.3 <9', true],
    ['8.0.2', '>=8.0.3 <9', false],
    ['1.4.1', '^0.2.0 || ^1.0.0', true],
    ['0.3.0', '^0.2.3', false],
    ['0.2.9', '^0.2.3', true],
    ['2.0.0', '^1.2.0', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['4.9.9', '4.x', true],
    ['5.0.0', '4.*', false],
    ['12.0.0-next.1', '>=4.0.0 <13', true],
    ['1.0.0', '*', true],
    ['1.0.0', '<=1.0.0', true],
    ['1.0.1', '>1.0.0', true],
  ];
  for (const [version, range, expected] of cases)
    assert.equal(isInRange(version, range), expected, `${version} ${range}`);
});

test('a start command is taken apart: flags, module system, whether it loads Rowtrace', (t) => {
  const app = cliDir(t);
  const scripts = {
    start: 'NODE_ENV=production node --enable-source-maps --import "rowtrace/register" src/app.js --port 80',
    dev: 'node --watch -r ./env.js app.mjs',
    next: 'next start',
  };
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  const start = startScriptOf(app, {})!;
  assert.deepEqual(start.flags, ['--enable-source-maps', '--import', 'rowtrace/register']);
  assert.deepEqual([start.env, start.esm, start.preloads], [{ NODE_ENV: 'production' }, true, true]);
  const dev = startCommandOf(['npm', 'run', 'dev'], app, {});
  assert.deepEqual([dev.flags, dev.esm, dev.preloads], [['-r', './env.js'], true, false]);
  assert.equal(startCommandOf(['node', 'app.cjs'], app, {}).esm, false);
  assert.equal(startCommandOf(['node', 'app.js'], app, { NODE_OPTIONS: '--require rowtrace/register' }).preloads, true);
  for (const words of [
    ['npm', 'run', 'next'],
    ['npm', 'run', 'none'],
    ['python', 'app.py'],
  ])
    assert.throws(
      () => startCommandOf(words, app, {}),
      (error) => error instanceof RowtraceError && error.code === 'RT_USAGE',
    );
});

test('a start script without Rowtrace, and an SDK beside it, are named', (t) => {
  const app = cliDir(t);
  const manifest = (start: string) =>
    writeFileSync(
      join(app, 'package.json'),
      JSON.stringify({ scripts: { start }, dependencies: { '@opentelemetry/sdk-node': '*' } }),
    );
  const look = () => checkStart(startScriptOf(app, {}), app, {}).map(({ state, name }) => `${state} ${name}`);
  manifest('node app.js');
  assert.deepEqual(look(), ['warning start', 'info other sdk']);
  const advice = () => checkStart(startScriptOf(app, {}), app, {})[0]!.fix!;
  assert.match(advice(), /doctor --canary -- node --require \.\/instrumentation\.js app\.js/);
  manifest('node --require ./instrumentation.js app.js');
  assert.deepEqual(look(), ['info start', 'info other sdk']);
  assert.match(advice(), /`rowtrace doctor --canary`/);
  manifest('node --import rowtrace/register app.js');
  assert.deepEqual(look(), ['ok start', 'warning other sdk']);
});

test('an agent that traces by means of its own is no second SDK', (t) => {
  const app = cliDir(t);
  const dependencies = { 'dd-trace': '*', '@vercel/otel': '*' };
  writeFileSync(join(app, 'package.json'), JSON.stringify({ scripts: { start: 'node app.js' }, dependencies }));
  const found = checkStart(startScriptOf(app, {}), app, {});
  assert.deepEqual(found.map(({ state, name, text }) => [state, name, text.split(/[ :]/)[0]]).slice(1), [
    ['info', 'other sdk', '@vercel/otel'],
    ['info', 'other agent', 'dd-trace'],
  ]);
});

test('options are shown as they are, and variables that are none are warned of', () => {
  const options = loadOptions({ scrub: (value: unknown) => value, scrubPatterns: [/dog-\d+/] }, {});
  const [set, variable] = checkOptions(options, { ROWTRACE_LEVLE: 'INFO' });
  assert.ok(set!.text.endsWith('scrubPatterns = ["/dog-\\\\d+/"], scrub = [function]'), set!.text);
  assert.equal(variable!.text, 'ROWTRACE_LEVLE is no option (did you mean ROWTRACE_LEVEL?)');
});

test('an application without any of them has nothing to hear', (t) => {
  assert.deepEqual(
    checkApplication(cliDir(t)).map(({ state }) => state),
    ['ok', 'ok'],
  );
});

test('one copy reached on several ways is one copy', { skip: process.platform === 'win32' && 'needs links' }, (t) => {
  const app = cliDir(t);
  const store = join(app, 'node_modules', '.pnpm', '@opentelemetry+api@1.9.0');
  const real = install(store, '@opentelemetry/api', '1.9.0');
  mkdirSync(join(app, 'node_modules', '@opentelemetry'));
  symlinkSync(real, join(app, 'node_modules', '@opentelemetry', 'api'));
  assert.deepEqual(
    copiesOf(app, '@opentelemetry/api').map(({ version }) => version),
    ['1.9.0'],
  );
  assert.equal(installedVersion(join(app, 'src', 'deep'), '@opentelemetry/api'), '1.9.0');
});

test('versions are compared by number', () => {
  const cases: [string, string, boolean][] = [
    ['9.10.0', '9.10', true],
    ['9.9.9', '9.10', false],
    ['10.0.0', '9.10', true],
    ['20.19.1', '20.19', true],
    ['22.0.0-rc.1', '20.19', true],
  ];
  for (const [version, least, expected] of cases) assert.equal(isAtLeastVersion(version, least), expected, version);
});

test('the Node that a package is for is as it says, and ours is for this one', (t) => {
  const app = cliDir(t);
  install(app, 'plain', '1.0.0');
  assert.equal(wantedNode(app, 'plain'), undefined);
  const wanted = wantedNode(import.meta.dirname, '@opentelemetry/sdk-trace')!;
  assert.match(wanted, /\d/);
  assert.ok(isInRange(process.versions.node, wanted));
  assert.equal(isInRange('20.20.2', '>=22.15.0'), false);
  assert.equal(isInRange('20.20.2', '^18.19.0 || >=20.6.0'), true);
});

test('this runtime is fine, and says how it hooks modules', () => {
  const findings = checkRuntime();
  assert.deepEqual([...new Set(findings.map(({ state }) => state))], ['ok']);
  assert.match(findings.find(({ name }) => name === 'module hooks')!.text, /^(synchronous|loader thread)$/);
});
