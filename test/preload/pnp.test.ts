// Under Yarn's Plug'n'Play each thread and process has to load Yarn's file before it finds a package. A file like it is in
// its place here: it says where it was loaded. (With Yarn itself tried by hand: 4.x, CommonJS and ES modules, both databases.)

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';
import { cliDir, MAIN } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';

function plugged(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-pnp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [api, marks] = [join(folder, '.pnp.cjs'), join(folder, 'marks')];
  writeFileSync(
    api,
    `const Module = require('node:module');
     Object.defineProperty(process.versions, 'pnp', { value: '3' });
     const { _resolveFilename } = Module;
     Module._resolveFilename = (request, ...more) => (request === 'pnpapi' ? __filename : _resolveFilename(request, ...more));
     const { isMainThread } = require('node:worker_threads');
     require('node:fs').appendFileSync(${JSON.stringify(marks)}, (isMainThread ? process.argv[2] : 'thread') + '\\n');
     exports.resolveToUnqualified = (name) => (name === 'dog' ? ${JSON.stringify(folder)} : null);`,
  );
  writeFileSync(join(folder, 'package.json'), '{ "version": "7.1.0" }');
  return { folder, api, marks: () => readFileSync(marks, 'utf8').trim().split('\n') };
}

test("the delivery thread loads Yarn's file first", async (t) => {
  const { db, url } = await databaseFor(t);
  const { folder, api, marks } = plugged(t);
  const app = join(folder, 'app.js');
  writeFileSync(app, `console.error(new Error('no dog'));`);
  const env = { ROWTRACE_DATABASE_URL: url, ROWTRACE_EXIT_TIMEOUT_MILLIS: '60000' };
  const child = spawnNode(t, ['--require', api, '--import', REGISTER, app, 'application'], env, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.deepEqual(marks(), ['application', 'thread']);
  assert.deepEqual(await db.query('select message from rowtrace.error_logs'), [{ message: 'no dog' }]);
});

test("the owner of the embedded database loads Yarn's file first", { timeout: 120_000 }, async (t) => {
  const dir = cliDir(t);
  const { api, marks } = plugged(t);
  const env = { ROWTRACE_DIR: dir, ROWTRACE_DATABASE_URL: '' };
  const child = spawnNode(t, ['--require', api, MAIN, 'issues'], env, dir);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.deepEqual(marks(), ['issues', 'owner']);
});

test('a package is where Yarn says that it is', async (t) => {
  const { api, folder } = plugged(t);
  const source = JSON.stringify(new URL('../../src/cli/doctor/packages.ts', import.meta.url));
  const program = `import { installedVersion } from ${source};
    console.log(installedVersion('/nowhere', 'dog'), installedVersion('/nowhere', 'cat'));`;
  const child = spawnNode(t, ['--require', api, '--input-type=module', '-e', program], {}, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.equal(child.stdout, '7.1.0 undefined\n');
});
