// Which build a process ran: files change below running processes, events come late. A build is a bundle of one line that
// throws in a function of another name; times are given to the files, none is waited for.

import assert from 'node:assert/strict';
import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { transformSync } from 'esbuild';
import { Builds } from '../../src/source-maps/builds.ts';
import { CompiledFile } from '../../src/source-maps/compiled-file.ts';
import { readFrameLine } from '../../src/source-maps/frame-line.ts';
import { folderFor } from './support.ts';

const SECOND = 1_000;

function bench(t: Parameters<typeof folderFor>[0], cacheBytes?: number) {
  const file = join(folderFor(t), 'bundle.js');
  const clock = { now: Date.now() };
  const builds = new Builds(() => clock.now, cacheBytes);
  let column = 0;
  return {
    file,
    clock,
    builds,
    /** Writes a build that was finished at that time. */
    deploy: (name: string, at: number, path = file) => {
      const source = `function ${name}(): never {\n  throw new Error('x');\n}\nglobalThis.run = ${name};`;
      const options = { loader: 'ts', minify: true, sourcemap: 'external', sourcefile: `${name}.ts` } as const;
      const { code, map } = transformSync(source, options);
      column = code.indexOf('throw');
      writeFileSync(path, `${code}//# sourceMappingURL=bundle.js.map\n`);
      writeFileSync(join(path, '../bundle.js.map'), map);
      for (const each of [path, join(path, '../bundle.js.map')]) utimesSync(each, at / 1_000, at / 1_000);
    },
    /** The name of the build that an event of a process is mapped by, or why it is not. */
    mapped: (startedAt: number) => {
      const found = builds.find(file, startedAt);
      if (!(found instanceof CompiledFile)) return found;
      const frame = readFrameLine(`    at x (${file}:1:${column + 1})`)!;
      return found.map(frame)?.path.replace(/.*\//, '');
    },
  };
}

test('a build that was there before the process began is its own', (t) => {
  const { deploy, mapped, clock } = bench(t);
  deploy('first', clock.now);
  clock.now += SECOND;
  assert.equal(mapped(clock.now), 'first.ts');
});

test('a build that came after the process began is another, unpacked with an old time or not', (t) => {
  const { deploy, mapped, clock } = bench(t);
  const startedAt = clock.now - 5 * SECOND;
  deploy('second', clock.now - 3 * SECOND);
  assert.equal(mapped(startedAt), 'other build');
  deploy('second', clock.now - 60 * SECOND);
  assert.equal(mapped(startedAt), 'other build', 'the time of the inode tells');
});

test('what was read of the old build goes on serving its processes, and the new one those that began later', (t) => {
  const { deploy, mapped, clock } = bench(t);
  deploy('first', clock.now);
  clock.now += SECOND;
  const old = clock.now;
  assert.equal(mapped(old), 'first.ts');
  deploy('second', clock.now + 5 * SECOND);
  clock.now += 10 * SECOND;
  assert.equal(mapped(old), 'first.ts');
  assert.equal(mapped(clock.now), 'second.ts');
  assert.equal(mapped(old), 'first.ts');
  assert.equal(mapped(old + 2 * SECOND), 'other build', 'began between the last look at the first and the second');
});

test('a map of another build beside an unchanged bundle is not used', (t) => {
  const { deploy, mapped, clock, file } = bench(t);
  deploy('first', clock.now);
  const at = (clock.now + 9 * SECOND) / 1_000;
  utimesSync(`${file}.map`, at, at);
  clock.now += SECOND;
  assert.equal(mapped(clock.now), 'other build');
});

test('a file that was only touched is still the build that was seen, also when its map had to go from memory', (t) => {
  const { deploy, mapped, clock, file, builds } = bench(t, 1);
  deploy('first', clock.now);
  clock.now += SECOND;
  const startedAt = clock.now;
  assert.equal(mapped(startedAt), 'first.ts');
  const other = join(file, '../other.js');
  writeFileSync(other, readFileSync(file));
  builds.find(other, clock.now);
  utimesSync(file, (clock.now + 9 * SECOND) / 1_000, (clock.now + 9 * SECOND) / 1_000);
  assert.equal(mapped(startedAt), 'first.ts');
  builds.find(other, clock.now);
  deploy('second', clock.now + 9 * SECOND);
  assert.equal(mapped(startedAt), 'other build', 'the contents decide');
});

test('a file that is gone is asked for again after a while, one that is being replaced too', (t) => {
  const { deploy, mapped, clock, file } = bench(t);
  deploy('first', clock.now);
  clock.now += SECOND;
  const startedAt = clock.now;
  renameSync(file, `${file}.away`);
  assert.equal(mapped(startedAt), 'missing');
  renameSync(`${file}.away`, file);
  assert.equal(mapped(startedAt), 'missing', 'believed for a minute');
  clock.now += 61 * SECOND;
  // The rename is a change of the file, and nothing was seen of it before.
  assert.match(String(mapped(clock.now)), /first\.ts/);
});

test('maps in memory stay within their bytes', (t) => {
  const limit = 40_000;
  const { deploy, clock, builds, file } = bench(t, limit);
  clock.now += SECOND;
  for (let i = 0; i < 60; i++) {
    const path = join(file, `../bundle${i}.js`);
    deploy(`build${i}`, clock.now - SECOND, path);
    assert.ok(builds.find(path, clock.now) instanceof CompiledFile);
    assert.ok(builds.cachedBytes <= limit, `${builds.cachedBytes}`);
  }
  rmSync(file, { force: true });
});
