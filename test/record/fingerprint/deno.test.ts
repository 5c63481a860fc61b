// Stacks of Deno: its own code, and packages in its cache, are not the service's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from '../../../src/fingerprint.ts';

const stack = (root: string, cache: string) => `Error: no dog 7
    at load (file://${root}/shop/dogs.ts:5:27)
    at Layer.handleRequest (file://${cache}/npm/packages.example.org/router/2.3.0/lib/layer.js:169:33)
    at Object.run (file://${cache}/npm/packages.example.org/@acme/jobs/1.0.2/main.js:3:1)
    at Tracer.startActiveSpan (ext:deno_telemetry/telemetry.ts:1:3381)`;

test('frames of Deno and of packages in its cache are no frames of the service', () => {
  const found = fingerprint({ stack: stack('/home/ann', '/root/.cache/deno'), language: 'deno-rust' });
  assert.deepEqual(
    found.frames.map(({ kind, key }) => `${kind} ${key}`),
    ['app dogs:load', 'framework router/layer:handleRequest', 'dependency @acme/jobs/main:run', 'node undefined'],
  );
  const other = fingerprint({ stack: stack('/app', '/deno-dir').replace('2.3.0', '2.4.1'), language: 'deno-rust' });
  assert.equal(other.fingerprint, found.fingerprint);
  const inCache = (version: string) =>
    fingerprint({
      stack: `Error: no dog\n    at parse (file:///deno-dir/npm/packages.example.org/@acme/jobs/${version}/lib/parse.js:3:1)`,
    });
  assert.equal(inCache('1.0.2').culprit, 'parse (@acme/jobs: parse.js)');
  assert.equal(inCache('1.0.2').fingerprint, inCache('2.1.0-rc.1').fingerprint);
});

test('modules that Deno loads from a registry are no frames of the service', () => {
  const found = (url: string) =>
    fingerprint({ stack: `Error: no dog\n    at parse (${url}:3:1)\n    at load (file:///app/shop/dogs.ts:5:27)` });
  for (const [url, key] of [
    ['https://deno.land/std@0.224.0/http/server.ts', 'std/server:parse'],
    ['https://deno.land/x/oak@v12.6.1/router.ts', 'oak/router:parse'],
    ['https://jsr.io/@acme/jobs/1.2.3/src/parse.ts', '@acme/jobs/parse:parse'],
    ['https://esm.sh/v135/lodash@4.17.21/denonext/lodash.mjs', 'lodash/lodash:parse'],
    ['https://esm.sh/@acme/jobs@1.0.2/lib/parse.mjs', '@acme/jobs/parse:parse'],
  ] as const) {
    assert.equal(found(url).frames[0]?.key, key);
    assert.equal(found(url).frames[0]?.kind, 'dependency');
    assert.equal(found(url).culprit, 'load (shop/dogs.ts)');
  }
});
