// What of a file's name reaches the key: no bundler's hash, and all of a name that only looks like one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stemOf } from '../../../src/record/fingerprint/file-key.ts';

const nameOf = (path: string) => stemOf(path, true).name;
/** The two builds' names of one file. */
const same = (pattern: string, ...hashes: string[]) => {
  const names = new Set(hashes.map((hash) => nameOf(pattern.replace('HASH', hash))));
  assert.equal(names.size, 1, `${pattern}: ${[...names].join(', ')}`);
  return [...names][0];
};
const HEX = ['5ecd60fb', '8f3a2b1c'];
const BASE64URL = ['DkX9f2a1', 'BdTvoQaX', 'Ca0iZy1u', 'D_kSvyQ2', '-kXyf2a1', 'ab-CdEfG', 'abcdefgH'];

describe('a new build of the same file', () => {
  for (const kind of ['chunk', 'bundle', 'esm', 'module', 'prod', 'iife', 'legacy', 'esm.prod'])
    it(`has the same name before .${kind}`, () => {
      assert.equal(same(`https://shop.example/static/js/main.HASH.${kind}.js`, ...HEX), 'main');
      assert.equal(same(`https://shop.example/js/app-HASH.${kind}.min.js`, ...HEX), 'app');
    });

  it('has the same name whether its hash has digits or not, in the folders of bundlers', () => {
    for (const folder of [
      'https://x/assets',
      'https://x/_nuxt',
      '/srv/dist/server/chunks',
      'https://x/_app/immutable/nodes',
    ])
      for (const separator of '-._') assert.equal(same(`${folder}/cart${separator}HASH.js`, ...BASE64URL), 'cart');
  });

  it('has the same name where the hash is all there is', () => {
    assert.equal(same('https://x/_nuxt/HASH.js', ...BASE64URL), '');
    assert.equal(same('https://x/_app/immutable/chunks/HASH.js', ...BASE64URL), '');
  });

  it('has the same name from Turbopack', () => {
    const folder = '.next/server/chunks';
    assert.equal(
      same(`${folder}/[root-of-the-server]__HASH._.js`, 'a1b2c3', 'd4e5f6', 'abcdef'),
      '[root-of-the-server]',
    );
    assert.equal(same(`${folder}/ssr/_HASH._.js`, ...HEX), '');
    assert.equal(same(`${folder}/src_app_page_tsx_HASH._.js`, ...HEX), 'src_app_page_tsx');
  });
});

describe('a name that is no hash', () => {
  const NAMES =
    'oauth2Client parseCsv2Json base64Utils Step1Form web3Wallet handleV2Payment http2Server i18nConfig sha256Hash ORDERS01 CHECKOUT';
  for (const name of NAMES.split(' ')) it(`${name} is kept`, () => assert.equal(nameOf(`/app/src/${name}.ts`), name));

  it('of words in a folder of assets or chunks is kept', () => {
    const names = ['cart-settings', 'cart-Settings', 'order_controls', 'useStore', 'splitter', 'a-foo-page'];
    for (const name of names) assert.equal(nameOf(`/srv/dist/chunks/${name}.js`), name);
    assert.equal(nameOf('/srv/shop/src/chunks/rank-Top5Hits.ts'), 'rank');
    assert.equal(nameOf('/srv/shop/src/chunks/rank-topFewXY.ts'), 'rank-topFewXY');
  });

  it('and that a kind of build follows is kept with it', () => {
    assert.equal(nameOf('/app/src/order.module.ts'), 'order.module');
    assert.equal(nameOf('/app/dist/server.bundle.js'), 'server.bundle');
  });
});

describe('a name that says nothing without its folder', () => {
  it('has it from the first folder below the root of a container on', () => {
    for (const root of ['/app', '/usr/src/app', '/var/task', '/workspace', '/code', '/usr/app']) {
      assert.equal(nameOf(`${root}/users/index.js`), 'users/index');
      assert.equal(nameOf(`${root}/shop/orders/index.js`), 'orders/index');
      assert.equal(nameOf(`${root}/index.js`), 'index');
      assert.equal(nameOf(`${root}/dist/index.js`), 'index');
    }
  });

  it('has none that may be where a machine keeps the project', () => {
    assert.equal(nameOf('/srv/releases/20260101120000/index.js'), 'index');
    assert.equal(nameOf('/home/ann/shop/index.js'), 'index');
  });

  it('has the resource of a route, behind its parameters too', () => {
    const NAMES: Record<string, string> = {
      '/srv/shop/.next/server/app/api/users/[id]/route.js': 'users/[id]/route',
      '/srv/shop/app/orders/[id]/[...rest]/page.tsx': 'orders/[id]/[...rest]/page',
      '/srv/shop/app/[locale]/page.tsx': '[locale]/page',
      '/srv/shop/app/[locale]/cart/page.tsx': 'cart/page',
      '/app/[id]/route.js': '[id]/route',
      '/srv/shop/.next/server/pages/users/[id].js': 'users/[id]',
      'https://x/_next/static/chunks/pages/users/[id]-8f3a2b1c.js': 'users/[id]',
      '/srv/shop/server/api/users/[id].get.ts': 'users/[id].get',
      '/srv/shop/server/api/users/index.get.ts': 'users/index.get',
      '/srv/shop/src/routes/users/[id]/+page.server.ts': 'users/[id]/+page.server',
      '/srv/shop/build/server/entries/endpoints/api/users/_id_/_server.ts.js': 'users/_id_/_server.ts',
      '/srv/shop/app/routes/users/$userId.tsx': 'users/$userId',
      '/srv/shop/src/routes/users/_id/index.js': 'users/_id/index',
      '/home/runner/_work/index.js': 'index',
    };
    for (const [path, name] of Object.entries(NAMES)) assert.equal(nameOf(path), name, path);
  });
});
