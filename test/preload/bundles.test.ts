// An application in one file, with Rowtrace in it or beside it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildSync } from 'esbuild';
import { spawnNode } from '../support/children.ts';
import { databaseFor } from '../support/database.ts';

const ROOT = join(import.meta.dirname, '../..');

/** @returns a bundle of the application, in a folder of its own */
function bundle(t: TestContext, application: string, external: string[] = []): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-bundle-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'app.cjs');
  const stdin = { contents: application, resolveDir: ROOT };
  buildSync({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile: file, external, logLevel: 'silent' });
  return { folder, file };
}

test('part of a bundle the preload starts nothing, and says what to leave out', async (t) => {
  const { folder, file } = bundle(t, `require('./dist/src/register.cjs'); console.log('runs');`);
  const child = spawnNode(t, [file], {}, folder);
  assert.equal((await child.ended).code, 0);
  assert.equal(child.stdout, 'runs\n');
  assert.match(
    child.stderr,
    /^rowtrace: not started: Rowtrace is part of a bundle.* no \S+\/preload\.cjs\. Leave it out.*--external:rowtrace/,
  );
});

test('part of a bundle start() keeps the journal, and says once what to leave out', async (t) => {
  const { url } = await databaseFor(t);
  const { folder, file } = bundle(
    t,
    `const { start, captureError } = require('./dist/src/index.cjs');
     const running = start({ databaseUrl: ${JSON.stringify(url)} });
     captureError(new Error('no dog'));
     running.flush(1_500).then((done) => console.log(done));`,
  );
  const child = spawnNode(t, [file], {}, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.equal(child.stdout, 'false\n');
  assert.equal(child.stderr.match(/is part of a bundle/g)?.length, 1, child.stderr);
  assert.equal(readdirSync(join(folder, '.rowtrace/journal')).length, 1);
});

test('of ES modules that a bundler makes CommonJS of, start() and the helpers throw nothing', async (t) => {
  const { folder, file } = bundle(
    t,
    `import { captureError, start } from './dist/src/index.mjs';
     start({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' });
     captureError(new Error('no dog'));
     console.log('runs');`,
  );
  const child = spawnNode(t, [file], {}, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.equal(child.stdout, 'runs\n');
  assert.equal(child.stderr.match(/is part of a bundle/g)?.length, 1, child.stderr);
  assert.equal(readdirSync(join(folder, '.rowtrace/journal')).length, 1);
});

test('beside a bundle Rowtrace is what it is beside other programs', async (t) => {
  const { db, url } = await databaseFor(t);
  const { folder, file } = bundle(t, `require('rowtrace/register'); console.error(new Error('no dog'));`, [
    'rowtrace/*',
  ]);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/rowtrace'));
  const env = { ROWTRACE_DATABASE_URL: url, ROWTRACE_EXIT_TIMEOUT_MILLIS: '60000' };
  const child = spawnNode(t, [file], env, folder);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.deepEqual(await db.query('select message from rowtrace.error_logs'), [{ message: 'no dog' }]);
});
