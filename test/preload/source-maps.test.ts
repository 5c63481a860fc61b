// A minified program, preloaded, against a real Postgres: rows show the original source, and go on showing that of the
// build that runs when the bundle is replaced below it.
//
//   order  bundle on disk  stack_trace        raw_stack_trace  unmapped_frames
//   a      first           src/shop/…ts       bundle.mjs       null
//   b      second          src/shop/…ts (*)   bundle.mjs       null               (*) of the first, from memory
//   c      second          bundle.mjs         null             other build        (a process that never read the first)

import assert from 'node:assert/strict';
import { cpSync, utimesSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { folderFor, shiftLines } from '../source-maps/support.ts';
import { Application, until } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

interface Row {
  message: string;
  stack_trace: string;
  raw_stack_trace: string | null;
  source_context: { file: string; line: number; lines: string[] } | null;
  unmapped_frames: { file: string; reason: string }[] | null;
  fingerprint: string;
}

test('rows of a minified program are those of its sources, by its own build or not at all', async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const folder = folderFor(t);
  cpSync(join(FIXTURES, 'source-maps'), join(folder, 'src'), { recursive: true });
  const outfile = join(folder, 'dist', 'bundle.mjs');
  const deploy = (at?: number) =>
    build({
      ...{ entryPoints: [join(folder, 'src/worker.ts')], outfile, bundle: true, minify: true, sourcemap: true },
      ...{ platform: 'node', format: 'esm' },
    }).then(() => {
      if (at !== undefined) for (const file of [outfile, `${outfile}.map`]) utimesSync(file, at / 1_000, at / 1_000);
    });
  const start = async () => {
    const app = relative(join(FIXTURES, 'apps'), outfile);
    const application = new Application(t, { app, databaseUrl });
    await until(() => application.stdout.includes('ready'), `a start from ${application.stderr}`);
    return application;
  };
  const rowOf = async (application: Application, order: string) => {
    application.child.stdin!.write(`${order}\n`);
    return until(async () => {
      const rows = await db.query<Row>(
        `select message, stack_trace, raw_stack_trace, source_context, unmapped_frames, fingerprint
         from rowtrace.error_logs where message like $1`,
        [`order ${order} failed%`],
      );
      return rows[0];
    }, `the row of order ${order}`);
  };

  await deploy();
  const first = await start();
  const a = await rowOf(first, 'a');
  assert.match(
    a.stack_trace,
    /^RangeError: .*\n {4}at priceOf \(.*\/src\/shop\/prices\.ts:9:\d+\)\n {4}at Order\.total \(/,
  );
  assert.match(a.raw_stack_trace ?? '', /bundle\.mjs:\d+:\d+/);
  assert.doesNotMatch(a.raw_stack_trace ?? '', /prices\.ts/);
  assert.equal(a.source_context?.line, 9);
  assert.match(a.source_context?.file ?? '', /src\/shop\/prices\.ts$/);
  assert.match(a.source_context?.lines.join('\n') ?? '', /throw new RangeError/);
  assert.equal(a.unmapped_frames, null);
  assert.doesNotMatch(first.stderr, /delivery/);

  const silent = await start();
  shiftLines(folder, 'src/shop');
  // Later than any clock's slack; nothing is waited for.
  await deploy(Date.now() + 10_000);
  const b = await rowOf(first, 'b');
  assert.match(b.stack_trace, /prices\.ts:9:/, 'the first build goes on being mapped by its own map');
  assert.equal(b.fingerprint, a.fingerprint);
  const c = await rowOf(silent, 'c');
  assert.match(c.stack_trace, /bundle\.mjs:\d+:\d+/);
  assert.doesNotMatch(c.stack_trace, /\.ts:/);
  assert.equal(c.raw_stack_trace, null);
  assert.equal(c.source_context, null);
  assert.equal(c.unmapped_frames?.[0]?.reason, 'other build');
  for (const application of [first, silent]) {
    application.child.stdin!.end();
    assert.equal((await application.ended()).code, 0);
  }
});
