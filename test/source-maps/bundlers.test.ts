// Real bundlers, real stacks: what is thrown in a bundle is shown and grouped as if it came from the sources.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build as esbuild } from 'esbuild';
import { build as tsdown } from 'tsdown';
import ts from 'typescript';
import webpack from 'webpack';
import { fingerprint } from '../../src/record/fingerprint/index.ts';
import { stackText } from '../../src/record/stack-text.ts';
import { createSourceMapper } from '../../src/source-maps/source-mapper.ts';
import { logOf, places, resourceOf, runCases, STRIP_TYPES, shiftLines, shop } from './support.ts';

type Build = (folder: string) => Promise<string>;

const CASES = ['arrow', 'constructor', 'cause'] as const;

const BUILDS: Record<string, Build> = {
  tsc: async (folder) => {
    const program = ts.createProgram([join(folder, 'src/main.ts')], {
      outDir: join(folder, 'dist'),
      rootDir: join(folder, 'src'),
      sourceMap: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      rewriteRelativeImportExtensions: true,
      types: [],
      noCheck: true,
      noLib: true,
    });
    program.emit();
    return join(folder, 'dist/main.js');
  },
  'esbuild, minified': async (folder) => {
    const outfile = join(folder, 'dist/main.mjs');
    await esbuild({ ...esbuildOptions(folder), outfile, sourcemap: true });
    return outfile;
  },
  'esbuild, inline map, without the sources in it': async (folder) => {
    const outfile = join(folder, 'dist/main.mjs');
    await esbuild({ ...esbuildOptions(folder), outfile, sourcemap: 'inline', sourcesContent: false });
    return outfile;
  },
  'rolldown, minified': async (folder) => {
    await tsdown({
      cwd: folder,
      entry: [join(folder, 'src/main.ts')],
      outDir: join(folder, 'dist'),
      config: false,
      minify: true,
      sourcemap: true,
      dts: false,
      logLevel: 'silent',
    });
    return join(folder, 'dist/main.mjs');
  },
  'webpack, minified': async (folder) => {
    const compiler = webpack({
      context: folder,
      mode: 'production',
      entry: './src/main.ts',
      target: 'node20',
      devtool: 'source-map',
      output: { path: join(folder, 'dist'), filename: 'main.mjs', module: true },
      experiments: { outputModule: true },
      module: { rules: [{ test: /\.ts$/, use: STRIP_TYPES }] },
    });
    await new Promise<void>((resolve, reject) =>
      compiler.run((error, stats) => (error || stats?.hasErrors() ? reject(error ?? stats?.toString()) : resolve())),
    );
    return join(folder, 'dist/main.mjs');
  },
};

function esbuildOptions(folder: string) {
  const platform = 'node' as const;
  return { entryPoints: [join(folder, 'src/main.ts')], bundle: true, minify: true, platform, format: 'esm' as const };
}

for (const [name, build] of Object.entries(BUILDS)) {
  test(`${name}: original file, line and function; one fingerprint before, after and without the build`, async (t) => {
    const folder = shop(t);
    const plain = runCases(join(folder, 'src/main.ts'));
    const first = mapped(runCases(await build(folder)));
    for (const one of CASES) {
      assert.deepEqual(places(first[one].stack).slice(0, 2), places(plain[one]!.stack).slice(0, 2), one);
      assert.deepEqual(places(first[one].cause?.stack)[0], places(plain[one]!.cause?.stack)[0], one);
      assert.equal(keyOf(first[one]), keyOf(plain[one]!), `${one}: the key is that of the sources`);
    }
    assert.deepEqual(places(first.arrow.stack)[0], 'priceOf src/prices.ts:9');

    shiftLines(folder);
    rmSync(join(folder, 'dist'), { recursive: true });
    const second = mapped(runCases(await build(folder)));
    for (const one of CASES) {
      assert.notEqual(second[one].stack, first[one].stack);
      assert.equal(keyOf(second[one]), keyOf(first[one]), `${one}: the key outlives the build`);
    }
  });
}

test('--enable-source-maps has mapped already: nothing is mapped twice', async (t) => {
  const folder = shop(t);
  const file = await BUILDS['esbuild, minified']!(folder);
  const errors = runCases(file, ['--enable-source-maps']);
  const mapper = createSourceMapper();
  for (const one of CASES) {
    const log = logOf(errors[one]!);
    const { fact, unmapped } = mapper.map(log, resourceOf());
    assert.equal(fact, log, one);
    assert.equal(unmapped, undefined);
  }
});

test("a chunk of Next.js' kind: a sectioned map, sources of turbopack and of webpack's layers", async (t) => {
  const folder = shop(t);
  const sections: unknown[] = [];
  let code = '"use strict";/* chunk */ const unnamed = 1;\n';
  for (const [source, text] of [
    ['turbopack:///[project]/src/app/dogs/page.tsx', 'export default function DogPage(dog) {\n  return dog.name;\n}'],
    ['webpack-internal:///(rsc)/./src/lib/dogs.ts', 'export function loadDog(id) {\n  throw new Error(id);\n}'],
    ['webpack://_N_E/../node_modules/kennel/bark.js?1a2b', 'export const bark = (dog) => dog.voice.loud();'],
  ] as const) {
    const { outputFiles } = await esbuild({
      stdin: { contents: text, sourcefile: 'x.js' },
      write: false,
      minifyWhitespace: true,
      minifySyntax: true,
      sourcemap: 'external',
      outfile: join(folder, 'x.js'),
    });
    const map = JSON.parse(outputFiles[0]!.text);
    const prefix = `(globalThis.c ||= []).push([377, (m) => {`;
    sections.push({
      offset: { line: code.split('\n').length - 1, column: prefix.length },
      map: { ...map, sources: [source] },
    });
    code += `${prefix}${outputFiles[1]!.text.trim()}}]);\n`;
  }
  const chunk = join(folder, '.next-chunk-377.8f3a2b1c.js');
  writeFileSync(chunk, `${code}//# sourceMappingURL=chunk.js.map\n`);
  writeFileSync(join(folder, 'chunk.js.map'), JSON.stringify({ version: 3, sections }));

  const lines = code.split('\n');
  const at = (line: number, needle: string) => `${chunk}:${line + 1}:${lines[line]!.indexOf(needle) + 1}`;
  const stack = [
    'Error: no dog 7',
    `    at loadDog (${at(2, 'new Error')})`,
    `    at async Object.DogPage (${at(1, 'return')})`,
    `    at bark (${at(3, 'dog.voice')})`,
    '    at node:internal/process/task_queues:95:5',
  ].join('\n');
  const { fact, context } = createSourceMapper().map(
    logOf({ type: 'Error', message: 'no dog 7', stack }),
    resourceOf(),
  );
  assert.deepEqual(fact.error!.stack!.replaceAll(folder, '').split('\n'), [
    'Error: no dog 7',
    '    at loadDog (/src/lib/dogs.ts:2:9)',
    '    at async Object.DogPage (/src/app/dogs/page.tsx:2:3)',
    `    at bark (${join(folder, '..', 'node_modules/kennel/bark.js')}:1:30)`,
    '    at node:internal/process/task_queues:95:5',
  ]);
  assert.deepEqual(context?.lines, ['export function loadDog(id) {', '  throw new Error(id);', '}']);
});

function mapped(errors: ReturnType<typeof runCases>): Record<(typeof CASES)[number], (typeof errors)[string]> {
  const mapper = createSourceMapper();
  const resource = resourceOf();
  return Object.fromEntries(
    Object.entries(errors).map(([name, error]) => [name, mapper.map(logOf(error), resource).fact.error!]),
  ) as never;
}

function keyOf(error: ReturnType<typeof runCases>[string]): string {
  return fingerprint({ ...error, service: 'shop', stack: stackText(error) }).fingerprint;
}
