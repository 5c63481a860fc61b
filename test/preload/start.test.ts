// What the start of an application costs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';

const MODULES = join(import.meta.dirname, '../../node_modules');

function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(MODULES, join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('however many instrumentations there are, a file that is required is resolved twice', async (t) => {
  const folder = folderOf(t, {
    'dog.cjs': '',
    'app.cjs': `const Module = require('node:module');
      const { _resolveFilename } = Module;
      let asked = 0;
      Module._resolveFilename = function (...given) { asked++; return _resolveFilename.apply(this, given); };
      require('./dog.cjs');
      console.log(asked);`,
  });
  const env = { ROWTRACE_DIR: join(folder, 'journal'), ROWTRACE_DATABASE_URL: '' };
  const child = spawnNode(t, ['--import', REGISTER, 'app.cjs'], env, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(child.stderr, /hooked http, undici, .*pg, mysql2, mongodb, redis, ioredis, amqplib/);
  assert.equal(child.stdout, '2\n');
});
