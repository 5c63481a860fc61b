// What the start of an application costs.

import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';
import { folderFor } from '../support/folder.ts';

const MODULES = join(import.meta.dirname, '../../node_modules');

test('however many instrumentations there are, a file that is required is resolved twice', async (t) => {
  const folder = folderFor(t);
  symlinkSync(MODULES, join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'dog.cjs'), '');
  writeFileSync(
    join(folder, 'app.cjs'),
    `const Module = require('node:module');
     const { _resolveFilename } = Module;
     let asked = 0;
     Module._resolveFilename = function (...given) { asked++; return _resolveFilename.apply(this, given); };
     require('./dog.cjs');
     console.log(asked);`,
  );
  const env = { ROWTRACE_DIR: join(folder, 'journal'), ROWTRACE_DATABASE_URL: '' };
  const child = spawnNode(t, ['--import', REGISTER, 'app.cjs'], env, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(child.stderr, /hooked http, undici, .*pg, mysql2, mongodb, redis, ioredis, amqplib/);
  assert.equal(child.stdout, '2\n');
});
