import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fingerprint } from '../../../src/fingerprint.ts';
import { collapse } from '../../../src/record/fingerprint/select-frames.ts';

const word = fc.stringMatching(/^[a-z]{4,10}$/);
const frame = fc.record({
  fn: word,
  folder: word,
  file: word,
  line: fc.integer({ min: 1, max: 9_999 }),
  column: fc.integer({ min: 1, max: 99 }),
});
type Parts = { fn: string; folder: string; file: string; line: number; column: number };

function stackOf(frames: readonly Parts[], root: string, shift = 0, windows = false): string {
  const lines = frames.map(({ fn, folder, file, line, column }) => {
    const path = `${root}/src/${folder}/${file}.js`;
    return `    at ${fn} (${windows ? `C:${path.replaceAll('/', '\\')}` : path}:${line + shift}:${column})`;
  });
  return `Error: it broke\n${lines.join('\n')}`;
}

const key = (stack: string) => fingerprint({ type: 'Error', message: 'it broke', stack, service: 's' }).fingerprint;
const frames = fc.array(frame, { minLength: 1, maxLength: 8 });

describe('the fingerprint stays the same', () => {
  it('when lines shift and the project moves, also to Windows', () => {
    fc.assert(
      fc.property(
        frames,
        fc.nat(500),
        fc.constantFrom('/srv/x', '/home/ann/my shop (2)', '/app', '/usr/src/app', '/var/task'),
        fc.boolean(),
        (parts, shift, root, windows) => {
          assert.equal(key(stackOf(parts, root, shift, windows)), key(stackOf(parts, '/opt/shop')));
        },
      ),
    );
  });

  it('when platform and instrumentation frames come between', () => {
    const noise = fc.constantFrom(
      '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      '    at processTicksAndRejections (internal/process/task_queues.js:97:5)',
      '    at new Promise (<anonymous>)',
      '    at async Promise.all (index 4)',
      '    at Generator.next (<anonymous>)',
      '    at /app/node_modules/tslib/tslib.js:166:76',
      '    at patched (/app/node_modules/@opentelemetry/instrumentation-express/build/src/instrumentation.js:226:36)',
      '    at AsyncLocalStorage.run (node:async_hooks:346:14)',
    );
    fc.assert(
      fc.property(frames, fc.array(fc.tuple(fc.nat(8), noise), { maxLength: 6 }), (parts, extra) => {
        const lines = stackOf(parts, '/app').split('\n');
        for (const [at, line] of extra) lines.splice(1 + Math.min(at, parts.length), 0, line);
        assert.equal(key(lines.join('\n')), key(stackOf(parts, '/app')));
      }),
    );
  });

  it('when the package manager changes', () => {
    const roots = [
      '/app/node_modules',
      '/srv/node_modules/.pnpm/lib@1.2.3_x/node_modules',
      '/a/.yarn/cache/lib-npm-1.2.3-0a1b2c3d4e-9f8e7d6c5b.zip/node_modules',
      'C:\\x\\node_modules',
      '/app/node_modules/other/node_modules',
      'file:///app/node_modules',
    ];
    const keys = roots.map((root) => {
      const path = root.includes('\\') ? `${root}\\lib\\dist\\deep.js` : `${root}/lib/dist/deep.js`;
      return key(`Error: it broke\n    at run (${path}:3:9)\n    at Object.go (${path}:30:9)`);
    });
    assert.equal(new Set(keys).size, 1);
  });

  it('when content hashes and minified names change', () => {
    const keys = ['server.8f3a2b1c.js', 'server.00aa91fe.js', 'server-BxY3d2f1.js', 'server.js', 'server.min.js'].map(
      (file, i) =>
        key(
          `Error: it broke\n    at charge (/app/dist/${file}:1:${20_000 + i})\n    at ${'abcde'[i]}${i} (/app/dist/${file}:1:${9_000 + i})`,
        ),
    );
    assert.equal(new Set(keys).size, 1);
  });

  it('whatever happened before: parsed lines are kept, results do not depend on it', () => {
    const stack = stackOf([{ fn: 'first', folder: 'cart', file: 'cart', line: 1, column: 1 }], '/app');
    const before = key(stack);
    for (let i = 0; i < 5_000; i++) key(`Error: x\n    at f${i} (/app/src/g${i}.js:1:1)`);
    assert.equal(key(stack), before);
  });
});

describe('collapse', () => {
  it('removes repeats of period one, two and three', () => {
    assert.deepEqual(collapse([...'aaab']), ['a', 'b']);
    assert.deepEqual(collapse([...'ababab']), ['a', 'b']);
    assert.deepEqual(collapse([...'xabcabcabcy']), ['x', 'a', 'b', 'c', 'y']);
    assert.deepEqual(collapse([...'abcd']), ['a', 'b', 'c', 'd']);
  });
});

describe('any input', () => {
  it('gives a key and never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\n    at ',
        '(',
        ')',
        ':1:2',
        ' {',
        '}',
        '[cause]: ',
        '\n  [errors]: [',
        'Error: ',
        'node_modules/',
        '/',
        '\\',
        'async ',
        '\n',
        '... 4 lines matching cause stack trace ...',
        'caused by: ',
        '<anonymous>',
        "code: 'X'",
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, text, (type, message, stack) => {
        assert.match(fingerprint({ type, message, stack }).fingerprint, /^[0-9a-f]{40}$/);
      }),
      { numRuns: 400 },
    );
  });

  it('takes time in proportion to its length', () => {
    const units = [
      'a',
      'a0',
      '0.',
      '0:',
      'a.',
      'a-',
      '/a',
      '\\a',
      '"',
      "'",
      '=',
      'a=',
      'a="',
      'a@b.',
      '://',
      'x://',
      '::',
      '[',
      '(',
      '\n',
      '\n    at ',
      '\n    at a (b:1:2)',
      '\n    at a (',
      '\n  [cause]: Error: x',
      '\n  [errors]: [',
      '\ncaused by: X: y\n    at a (b:1:1)',
      'Jan ',
      'connect ECONNREFUSED ',
      'Unexpected token ',
      '"x" is not valid JSON',
      '{"code":"x","path":[',
      'GET /',
      '<*>',
      '1,111',
      '\n 12| ',
      '\n^^^\n',
      '\x1b[',
    ];
    for (const unit of units) {
      const [half, whole] = [32_768, 65_536].map((size) => {
        const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
        let least = Number.POSITIVE_INFINITY;
        for (let round = 0; round < 4; round++) {
          const start = process.cpuUsage();
          fingerprint({ type: 'Error', message: text.slice(0, 8_192), stack: `Error: x${text}` });
          least = Math.min(least, process.cpuUsage(start).user / 1_000);
        }
        return least;
      }) as [number, number];
      // Twice the text, four times the CPU time, from 50 ms on: a quadratic rule takes seconds, noise on a busy machine does not.
      assert.ok(
        whole < Math.max(half * 4, 50),
        `${JSON.stringify(unit)}: ${half.toFixed(2)} ms → ${whole.toFixed(2)} ms`,
      );
    }
  });
});
