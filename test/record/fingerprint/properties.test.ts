import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fingerprint } from '../../../src/fingerprint.ts';

const key = (type: string, message: string, frames: readonly string[], more: object = {}) =>
  fingerprint({
    type,
    message,
    stack: `${type}: ${message}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`,
    service: 's',
    ...more,
  }).fingerprint;
const one = (keys: readonly string[]) => assert.equal(new Set(keys).size, 1);

const minified = fc.stringMatching(/^[a-zA-Z_$][a-z0-9]?$/);
const hash = fc.stringMatching(/^[0-9][a-f][0-9a-f]{6}$/);
const column = fc.integer({ min: 500, max: 900_000 });

describe('the fingerprint stays the same', () => {
  it('when a bundle is minified again: other short names, hashes and columns', () => {
    const build = fc.record({ names: fc.tuple(minified, minified), hash, columns: fc.tuple(column, column, column) });
    fc.assert(
      fc.property(build, build, (a, b) => {
        const keyOf = ({ names, hash: own, columns }: typeof a) =>
          key('TypeError', 'no stock', [
            `${names[0]} (/srv/dist/main.${own}.js:1:${columns[0]})`,
            `reserveStock (/srv/dist/main.${own}.js:1:${columns[1]})`,
            `Object.${names[1]} [as handle] (/srv/dist/chunks/main.${own}.js:2:${columns[2]})`,
          ]);
        assert.equal(keyOf(a), keyOf(b));
      }),
    );
  });

  it('when files move from one package manager or monorepo tool to another', () => {
    const version = fc.tuple(fc.nat(40), fc.nat(40)).map(([major, minor]) => `${major}.${minor}.0`);
    fc.assert(
      fc.property(version, hash, (at, own) => {
        one(
          [
            '/app/node_modules/@acme/db/lib/pool.js',
            `/app/node_modules/.pnpm/@acme+db@${at}_pg@${at}/node_modules/@acme/db/lib/pool.js`,
            `/app/.yarn/cache/@acme-db-npm-${at}-${own}-${own}.zip/node_modules/@acme/db/lib/pool.js`,
            `/root/.bun/install/cache/node_modules/@acme/db/lib/pool.js`,
            'C:\\repo\\packages\\web\\node_modules\\@acme\\db\\lib\\pool.js',
            `file:///app/node_modules/.deno/@acme+db@${at}/node_modules/@acme/db/lib/pool.js`,
          ].map((file) => key('Error', 'pool is gone', [`Pool.take (${file}:12:9)`])),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('whatever the environment is, in another process', () => {
    const script = `
      const { fingerprint } = await import(${JSON.stringify(new URL('../../../src/fingerprint.ts', import.meta.url).href)});
      const stack = 'Error: no stock\\n    at reserve (/app/src/stock.js:3:9)';
      console.log(fingerprint({ type: 'Error', message: 'no stock', stack, service: 's' }).fingerprint);`;
    const printed = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', NODE_ENV: 'production' },
    });
    assert.equal(printed.trim(), key('Error', 'no stock', ['reserve (/app/src/stock.js:3:9)']));
  });

  const versions: Record<string, { type: string; message: string; frames: string[] }[]> = {
    'a main module, CommonJS': [
      'Module._compile (node:internal/modules/cjs/loader:1256:14)|Module._extensions..js (node:internal/modules/cjs/loader:1310:10)|Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:81:12)',
      'Module._compile (node:internal/modules/cjs/loader:1554:14)|Object..js (node:internal/modules/cjs/loader:1706:10)|TracingChannel.traceSync (node:diagnostics_channel:322:14)|wrapModuleLoad (node:internal/modules/cjs/loader:235:24)',
      'Module._compile (node:internal/modules/cjs/loader:1830:14)|node:internal/main/run_main_module:33:47',
    ].map((tail) => ({
      type: 'Error',
      message: 'no port',
      frames: ['Object.<anonymous> (/app/main.js:3:7)', ...tail.split('|')],
    })),
    'an asynchronous function': [
      'process.processTicksAndRejections (node:internal/process/task_queues:95:5)|async load (/app/src/load.js:9:3)',
      'process.processTicksAndRejections (node:internal/process/task_queues:105:5)|async load (/app/src/load.js:9:3)|async Promise.all (index 1)',
      'async load (/app/src/load.js:9:3)|async node:internal/modules/esm/loader:639:26',
    ].map((tail) => ({
      type: 'Error',
      message: 'no rates',
      frames: ['fetchRates (/app/src/rates.js:4:9)', ...tail.split('|')],
    })),
    'JSON that is none': [
      'Unexpected token < in JSON at position 0',
      'Unexpected token \'<\', "<html>" is not valid JSON',
      'Unexpected token \'<\', "<html><bo"... is not valid JSON',
      "Expected property name or '}' in JSON at position 1",
      "Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ].map((message) => ({
      type: 'SyntaxError',
      message,
      frames: ['JSON.parse (<anonymous>)', 'parse (/app/src/parse.js:1:1)'],
    })),
    'a timer': [
      'Timeout._onTimeout (/app/src/tick.js:3:9)|listOnTimeout (node:internal/timers:569:17)|process.processTimers (node:internal/timers:512:7)',
      'Timeout._onTimeout (/app/src/tick.js:3:9)|listOnTimeout (node:internal/timers:608:17)|process.processTimers (node:internal/timers:543:7)',
    ].map((frames) => ({ type: 'Error', message: 'late', frames: frames.split('|') })),
  };
  for (const [what, variants] of Object.entries(versions))
    it(`from Node 20 to 26: ${what}`, () =>
      one(variants.map(({ type, message, frames }) => key(type, message, frames))));

  it('below frames that do not count', () => {
    const frames = ['reserve (/app/src/stock.js:3:9)', 'order (/app/src/order.js:5:3)', 'main (/app/src/main.js:9:1)'];
    const below = fc.shuffledSubarray([
      'Layer.handle [as handle_request] (/app/node_modules/express/lib/router/layer.js:95:5)',
      'next (/app/node_modules/express/lib/router/route.js:144:13)',
      'Server.emit (node:events:519:28)',
      'log (/app/src/middleware/log.js:3:3)',
    ]);
    fc.assert(
      fc.property(below, (rest) => assert.equal(key('Error', 'x', [...frames, ...rest]), key('Error', 'x', frames))),
    );
  });

  it('whatever is not part of the input is there', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (release, host, pid) => {
        const more = { release, host, pid, environment: host, buildSha: release };
        assert.equal(key('Error', 'x', ['a (/app/src/b.js:1:1)'], more), key('Error', 'x', ['a (/app/src/b.js:1:1)']));
      }),
    );
  });
});
