// Names that a minifier or a runtime made: what of such frames still says where an error is from.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../src/fingerprint.ts';

const page = (root: string, names: string[], runtime: string, route = 'dogs/[id]') =>
  fingerprint({
    type: 'Error',
    message: 'no price',
    stack: `Error: no price
    at ${names[0]} (${root}/.next/server/app/${route}/page.js:1:4322)
    at async ${names[1]} (${root}/.next/server/app/${route}/page.js:1:5012)
    at async ${runtime} (${root}/node_modules/next/dist/compiled/next-server/app-page.runtime.prod.js:16:4120)`,
  });

describe('a minified bundle of a server', () => {
  it('says which file, whatever its functions are called in this build', () => {
    const found = page('/var/task', ['c', 'f'], 'eJ');
    assert.equal(page('/app', ['d', 'k'], 'tS').fingerprint, found.fingerprint);
    assert.match(found.explain.join('\n'), /First in-app frames: dogs\/\[id\]\/page:~\./);
  });

  it('is told from another', () =>
    assert.notEqual(
      page('/app', ['c', 'f'], 'eJ').fingerprint,
      page('/app', ['c', 'f'], 'eJ', 'cats/[id]').fingerprint,
    ));

  it('is told apart by the package that it called, whatever version of it', () => {
    const from = (file: string) =>
      fingerprint({
        message: 'timed out',
        stack: `Error: timed out\n    at ${file}:5:9)\n    at c (/app/dist/server/api.js:1:4322)`,
      });
    const redis = from('Client.ask (/app/node_modules/redis/lib/client.js');
    assert.match(redis.explain.join('\n'), /: redis ← api:~\./);
    assert.equal(from('Client.send (/app/node_modules/redis/dist/index.js').fingerprint, redis.fingerprint);
    assert.notEqual(from('Pool.get (/app/node_modules/pg-pool/index.js').fingerprint, redis.fingerprint);
  });

  it('counts for nothing beside a function that has a name', () => {
    const named = (line: string) =>
      fingerprint({ stack: `Error: no price\n    at total (/app/cart.js:3:9)${line}` }).fingerprint;
    assert.equal(named('\n    at c (/app/server/page.js:1:4322)'), named(''));
  });

  it('counts for nothing where its name changes, too', () => {
    const built = (file: string) => fingerprint({ stack: `Error: no price\n    at c (${file}:1:4322)` }).fingerprint;
    assert.equal(
      built('https://shop.example/assets/kx5kvg0igqglf8xo.js'),
      built('https://shop.example/assets/main.js'),
    );
    assert.equal(
      built('/app/.output/server/chunks/cart-DkX9f2a1.mjs'),
      built('/app/.output/server/chunks/a-DkX9f2aq.mjs'),
    );
  });

  it('of a package has no names that change with its version', () => {
    const fails = (name: string) =>
      fingerprint({
        stack: `Error: no price\n    at ${name} (/app/node_modules/next/dist/compiled/app-page.js:16:4120)\n    at ${name[0]} (/app/node_modules/next/dist/compiled/app-page.js:16:4520)\n    at handle (/app/node_modules/next/dist/server.js:16:4520)`,
      });
    assert.equal(fails('eJ').fingerprint, fails('tS').fingerprint);
    assert.match(fails('eJ').explain.join('\n'), /: next\/app-page:~ ← next\/server:handle\./);
  });
});

it('a computed method has the name that it is called by', () => {
  const { culprit, frames } = fingerprint({
    stack: 'Error: no price\n    at Cart.<computed> [as total] (/app/cart.js:3:9)',
  });
  assert.equal(culprit, 'Cart.total (app/cart.js)');
  assert.equal(frames[0]?.key, 'cart:total');
});

it('the place of Hermes is a file', () => {
  const { culprit, frames } = fingerprint({
    stack: 'TypeError: no price\n    at total (address at index.android.bundle:1:234567)',
    language: 'webjs',
  });
  assert.equal(culprit, 'total (index.android.bundle)');
  assert.equal(frames[0]?.key, 'index.android.bundle:total');
});
