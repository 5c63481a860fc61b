// What `doctor` says about the packages of an application.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkApplication } from '../../src/cli/doctor/application.ts';
import { copiesOf, installedVersion, isAtLeastVersion } from '../../src/cli/doctor/packages.ts';
import { checkRuntime } from '../../src/cli/doctor/runtime.ts';
import { cliDir } from '../support/cli.ts';

function install(folder: string, name: string, version: string): string {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(path, 'index.js'), '');
  return path;
}

test('what is not covered, too old or there twice is named with its fix; the rest is fine', (t) => {
  const app = cliDir(t);
  install(app, 'express', '5.1.0');
  install(app, 'fastify', '5.0.0');
  install(app, 'next', '16.0.0');
  install(app, 'pino', '8.21.0');
  install(app, '@opentelemetry/api', '1.9.0');
  install(install(app, 'some-library', '1.0.0'), '@opentelemetry/api', '1.10.0');
  const findings = checkApplication(app).map(({ state, name, text }) => `${state} ${name}: ${text}`);
  assert.match(findings[0]!, /^ok recorded: http, undici, express 5\.1\.0, fastify 5\.0\.0, http2, /);
  assert.equal(findings[1], 'warning pino: 8.21.0 is too old to be recorded');
  assert.equal(findings[2], 'warning not covered: next: not covered yet');
  assert.match(findings[3]!, /^warning otel api: 2 copies of @opentelemetry\/api: 1\.9\.0 in .*; 1\.10\.0 in /);
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

test('this runtime is fine, and says how it hooks modules', () => {
  const findings = checkRuntime();
  assert.deepEqual([...new Set(findings.map(({ state }) => state))], ['ok']);
  assert.match(findings.find(({ name }) => name === 'module hooks')!.text, /^(synchronous|loader thread)$/);
});
