// How many events a second can be mapped, and what does the first event of a file cost? A bundle of a program and its
// libraries is built, minified; stacks of 12 frames in it are mapped with everything in memory, beside making the row
// alone; then the first look at bundles of growing size, in time and in memory beside trace-mapping.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { transformSync } from 'esbuild';
import { recordRules } from '../src/deliver/rules.ts';
import type { LogFact, ResourceFact } from '../src/record/fact.ts';
import { createSourceMapper } from '../src/source-maps/source-mapper.ts';
import { uuidv7 } from '../src/util/uuid.ts';

const EVENTS = process.argv.includes('--short') ? 5_000 : 50_000;
const FRAMES = 12;
const folder = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
const SOURCE = readFileSync(new URL('../node_modules/typescript/lib/typescript.js', import.meta.url), 'utf8');

/** Minified, some share of a large real program. */
function bundle(name: string, share: number): { file: string; frames: string[]; codeBytes: number; mapBytes: number } {
  const parts = SOURCE.split(/\n(?=function )/);
  const text = share === 1 ? SOURCE : parts.slice(1, Math.ceil(parts.length * share)).join('\n');
  const { code, map } = transformSync(text, { minify: true, sourcemap: 'external', sourcefile: 'src/program.ts' });
  const file = join(folder, name);
  writeFileSync(file, `${code}//# sourceMappingURL=${name}.map\n`);
  writeFileSync(`${file}.map`, map);
  const lines = code.split('\n');
  const frames: string[] = [];
  for (let i = 0; i < 200; i++) {
    const line = Math.floor((lines.length - 1) * (i / 200));
    const called = /function (\w+)\(/.exec(lines[line]!)?.[1] ?? 'x';
    frames.push(`    at ${called} (${file}:${line + 1}:${(i * 7_919) % (lines[line]!.length || 1)})`);
  }
  return { file, frames, codeBytes: code.length, mapBytes: Buffer.byteLength(map) };
}

const resource = (): ResourceFact => ({
  ...{ k: 'resource', v: 1, process: uuidv7(), service: 'shop', environment: 'bench', host: hostname(), pid: 1 },
  startedAt: Date.now(),
});

function facts(frames: readonly string[], count: number): LogFact[] {
  return Array.from({ length: count }, (_, i) => {
    const stack = `RangeError: no price ${i}\n${Array.from({ length: FRAMES }, (_, n) => frames[(i * 3 + n) % frames.length]).join('\n')}`;
    const error = { type: 'RangeError', message: `no price ${i}`, stack };
    return { k: 'log', id: uuidv7(), t: Date.now(), level: 'ERROR', message: error.message, error } as const;
  });
}

function perSecond(count: number, work: () => void): number {
  const begin = performance.now();
  work();
  return Math.round((count / (performance.now() - begin)) * 1_000);
}

try {
  const { frames } = bundle('warm.js', 0.2);
  const mapper = createSourceMapper();
  const own = resource();
  const given = facts(frames, EVENTS);
  for (const fact of facts(frames, 500)) mapper.map(fact, own);
  const mapping = perSecond(EVENTS, () => {
    for (const fact of given) if (mapper.map(fact, own).fact === fact) throw new Error('not mapped');
  });
  const whole = recordRules({}, [], mapper);
  const bare = recordRules({}, [], { map: (fact) => ({ fact }) });
  const rows = (rules: typeof whole) =>
    perSecond(EVENTS, () => {
      for (const fact of given) rules.log(fact, own);
    });
  rows(bare);
  const [without, withMaps] = [rows(bare), rows(whole)];
  console.log(`events mapped, warm, ${FRAMES} frames each: ${mapping}/s`);
  console.log(`rows made: ${withMaps}/s with maps, ${without}/s without (ratio ${(withMaps / without).toFixed(2)})`);

  for (const share of [0.02, 0.2, 1]) {
    const built = bundle(`cold${share}.js`, share);
    const [fact] = facts(built.frames, 1);
    const begin = performance.now();
    createSourceMapper().map(fact!, resource());
    const millis = performance.now() - begin;
    const reference = performance.now();
    originalPositionFor(new TraceMap(readFileSync(`${built.file}.map`, 'utf8')), { line: 1, column: 1 });
    const theirs = performance.now() - reference;
    const size = `${(built.codeBytes / 1e6).toFixed(2)} MB of code, ${(built.mapBytes / 1e6).toFixed(2)} MB of map`;
    console.log(
      `first event of a file, ${size}: ${millis.toFixed(1)} ms (trace-mapping, map alone: ${theirs.toFixed(1)} ms)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
