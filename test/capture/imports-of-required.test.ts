import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { hookModules } from '../../src/capture/frameworks/module-hook.ts';
import { hookImportsOfRequired } from '../../src/capture/imports-of-required.ts';
import { folderFor } from '../support/folder.ts';

/** As Node 20.20 calls it for what a required ES module imports (its translator `commonjs-sync`), newer ones up to 24.11. */
const load = (file: string): unknown =>
  (nodeModule as unknown as { _load: (file: string, parent: null, isMain: boolean) => unknown })._load(
    file,
    null,
    false,
  );

test('a CommonJS package that a required ES module imports is hooked as by require, once, and is what the module gets', (t) => {
  const folder = folderFor(t);
  const file = (name: string) => join(folder, 'node_modules', name, 'index.js');
  const write = (name: string, text: string, manifest = {}) => {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    writeFileSync(
      join(folder, 'node_modules', name, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', ...manifest }),
    );
    writeFileSync(file(name), text);
  };
  write('dog', "exports.name = 'Rex'; exports.cat = require('cat'); exports.parent = module.parent;");
  write('cat', "exports.name = 'Tom'; exports.dog = require('dog').name;");
  write('broken', "throw new Error('no such bed');");
  const seen: string[] = [];
  const apply = (exports: Record<string, unknown>): unknown => {
    seen.push(String(exports.name));
    return { ...exports, hooked: true };
  };
  const hook = hookModules('kennel', [
    { module: 'dog', versions: ['*'], apply },
    { module: 'cat', versions: ['*'], apply },
  ]);
  const undo = hookImportsOfRequired();
  t.after(() => {
    undo();
    hook.disable();
  });
  const dog = load(file('dog'));
  assert.deepEqual(dog, { name: 'Rex', cat: { name: 'Tom', dog: 'Rex', hooked: true }, parent: null, hooked: true });
  assert.deepEqual(seen, ['Tom', 'Rex']);
  const require = createRequire(join(folder, 'app.js'));
  // What the translator of Node reads, and whoever requires it later.
  assert.equal(require.cache[file('dog')]?.exports, dog);
  assert.equal(require('dog'), dog);
  assert.equal(load(file('dog')), dog);
  assert.deepEqual(seen, ['Tom', 'Rex']);
  assert.throws(() => load(file('broken')), { message: 'no such bed' });
  assert.throws(() => load(file('broken')), { message: 'no such bed' });
  assert.throws(() => load(file('missing')), { code: 'MODULE_NOT_FOUND' });
});
