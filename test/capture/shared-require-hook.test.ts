import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { withSharedRequireHook } from '../../src/capture/shared-require-hook.ts';
import { folderFor } from '../support/folder.ts';

const load = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/instrumentation'));

test('all hooks that are made in it see a module, one after the other, and one that throws harms nobody', (t) => {
  const folder = folderFor(t);
  mkdirSync(join(folder, 'node_modules/dog'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/dog/index.js'), 'exports.seen = [];');
  const middle = load('require-in-the-middle');
  const { Hook } = middle;
  const hook = (name: string) =>
    new middle.Hook(null, { internals: true }, (exports: { seen: string[] }, module: string) =>
      module === 'dog' ? { seen: [...exports.seen, name] } : exports,
    );
  const made = withSharedRequireHook(() => {
    hook('pg');
    new middle.Hook(null, { internals: true }, (_: unknown, module: string) => {
      if (module === 'dog') throw new Error('of no shape that I know');
    });
    hook('http');
    return middle.Hook !== Hook;
  });
  assert.ok(made);
  assert.equal(middle.Hook, Hook);
  assert.deepEqual(createRequire(join(folder, 'app.js'))('dog'), { seen: ['pg', 'http'] });
  assert.throws(() => withSharedRequireHook(() => assert.fail('no instrumentation')), /no instrumentation/);
  assert.equal(middle.Hook, Hook);
});
