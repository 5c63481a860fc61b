// The decoder of maps beside the reference implementation, on maps of real tools and on made-up ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { transform } from 'esbuild';
import fc from 'fast-check';
import { CompiledFile } from '../../src/source-maps/compiled-file.ts';
import { MapTooLargeError, SourceMap } from '../../src/source-maps/source-map.ts';
import { processorMillis } from '../support/processor-time.ts';

const LIMIT = 64 * 1024 * 1024;

function same(json: string, line: number, column: number): void {
  const ours = new SourceMap(Buffer.from(json), LIMIT).lookup(line, column);
  const theirs = originalPositionFor(new TraceMap(json), { line: line + 1, column });
  const place = ours && { line: ours.line + 1, column: ours.column, source: ours.source, name: ours.name ?? null };
  assert.deepEqual(place ?? { line: null, column: null, source: null, name: null }, theirs, `${line}:${column}`);
}

test('every place of a real map is the one that trace-mapping gives', async () => {
  const source = await import('node:fs').then(({ readFileSync }) => readFileSync(import.meta.filename, 'utf8'));
  for (const minify of [false, true]) {
    const { code, map } = await transform(source, {
      loader: 'ts',
      sourcemap: true,
      minify,
      sourcefile: 'a "b" \\ é.ts',
    });
    const ours = new SourceMap(Buffer.from(map), LIMIT);
    const theirs = new TraceMap(map);
    for (const [line, text] of code.split('\n').entries())
      for (let column = 0; column < text.length; column++) {
        const mine = ours.lookup(line, column);
        const given = originalPositionFor(theirs, { line: line + 1, column });
        assert.deepEqual(
          [mine?.line, mine?.column, mine?.name ?? null],
          [given.line === null ? undefined : given.line - 1, given.column ?? undefined, given.name],
        );
      }
    assert.equal(
      ours
        .lookup(
          code.split('\n').findIndex((one) => one !== ''),
          40,
        )
        ?.content(),
      source,
    );
  }
});

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

// Segments of one, four or five fields in any order of columns, as deltas.
const segment = fc.record({
  column: fc.integer({ min: 0, max: 2_000 }),
  fields: fc.constantFrom(1, 4, 5),
  source: fc.integer({ min: 0, max: 2 }),
  line: fc.integer({ min: 0, max: 100_000 }),
  sourceColumn: fc.integer({ min: 0, max: 5_000 }),
  name: fc.integer({ min: 0, max: 2 }),
});

test('made-up mappings, in any order, are read as trace-mapping reads them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uniqueArray(segment, { maxLength: 8, selector: ({ column }) => column }), { maxLength: 6 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 2_100 }),
      (lines, line, column) => {
        const last = [0, 0, 0, 0, 0];
        const mappings = lines.map((segments) => {
          last[0] = 0;
          return segments
            .map((one) =>
              [one.column, one.source, one.line, one.sourceColumn, one.name]
                .slice(0, one.fields)
                .map((value, i) => {
                  const delta = vlq(value - last[i]!);
                  last[i] = value;
                  return delta;
                })
                .join(''),
            )
            .join(',');
        });
        const sources = ['a.ts', 'b.ts', 'c.ts'];
        same(
          JSON.stringify({ version: 3, sources, names: ['x', 'y', 'z'], mappings: mappings.join(';') }),
          line,
          column,
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('broken maps throw, and nothing else happens', () => {
  for (const json of [
    '',
    '{',
    '[]',
    'null',
    '{"mappings":',
    '{"version":3}',
    '{"mappings":"A',
    '{"mappings":"AAAA","names":[}',
  ])
    assert.throws(() => new SourceMap(Buffer.from(json), LIMIT), SyntaxError, json);
  fc.assert(
    fc.property(fc.string(), fc.string(), (mappings, rest) => {
      const json = Buffer.from(
        `{"version":3,"sources":["a"],"names":[],"mappings":${JSON.stringify(mappings)}}${rest}`,
      );
      new SourceMap(json, LIMIT).lookup(0, 3);
    }),
  );
});

test('a map that would take more than its share of memory is refused before it is decoded', () => {
  const json = Buffer.from(JSON.stringify({ version: 3, sources: [], names: [], mappings: ','.repeat(4_000_000) }));
  assert.throws(() => new SourceMap(json, LIMIT), MapTooLargeError);
});

test('a line out of order costs what it holds, not what the map holds', () => {
  const lines = 40_000;
  const read = (line: string) => {
    const json = Buffer.from(
      JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: Array(lines).fill(line).join(';') }),
    );
    let map!: SourceMap;
    const millis = processorMillis(() => {
      map = new SourceMap(json, LIMIT);
    });
    return { millis, map };
  };
  read('AAAA,EAAA');
  const sorted = read('AAAA,EAAA').millis;
  const { millis, map } = read('EAAA,FAAC');
  assert.equal(map.lookup(lines - 1, 0)?.exact, true);
  // 5 to 10 times; 150 times and more as long as each such line copied a column of the whole map.
  assert.ok(millis < 50 * Math.max(sorted, 5), `${millis} ms, sorted ${sorted} ms`);
});

test('a section that names its map by an address answers for nothing, and no other does for it', () => {
  const one = { version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' };
  const sections = [
    { offset: { line: 0, column: 0 }, map: one },
    { offset: { line: 0, column: 100 }, url: 'b.js.map' },
    { offset: { line: 2, column: 0 }, map: one },
  ];
  const map = new SourceMap(Buffer.from(JSON.stringify({ version: 3, sections })), LIMIT);
  const source = (line: number, column: number) => map.lookup(line, column)?.source;
  assert.deepEqual(
    [source(0, 99), source(0, 100), source(0, 150), source(1, 0), source(2, 5)],
    ['a.ts', undefined, undefined, undefined, 'a.ts'],
  );
});

test('sections with roots of their own may name their sources alike', () => {
  const one = (sourceRoot: string) => ({ version: 3, sourceRoot, sources: ['index.ts'], names: [], mappings: 'AAAA' });
  const sections = ['/srv/a', '/srv/b'].map((root, line) => ({ offset: { line, column: 0 }, map: one(root) }));
  const map = new SourceMap(Buffer.from(JSON.stringify({ version: 3, sections })), LIMIT);
  const file = new CompiledFile(Buffer.from('a()\nb()\n'), map, '/srv/dist/out.js.map');
  const frame = { head: '    at ', called: 'f', alias: '', path: '/srv/dist/out.js', column: 1, tail: '' };
  const paths = [1, 2].map((line) => file.map({ ...frame, line })?.path);
  assert.deepEqual(paths, ['/srv/a/index.ts', '/srv/b/index.ts']);
});

test('a slash that JSON has escaped (as PHP writes it) is the digit it is', () => {
  const json = (mappings: string) => `{"version":3,"sources":["a.ts"],"names":[],"mappings":"${mappings}"}`;
  const place = (mappings: string) => new SourceMap(Buffer.from(json(mappings)), LIMIT).lookup(0, 2_000_000);
  const { line, column } = place('+/gBA/+BC')!;
  const escaped = place(String.raw`+\/gBA\/+BC`)!;
  assert.deepEqual([escaped.line, escaped.column], [line, column]);
});
