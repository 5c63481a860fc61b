// Astro as a build has it: the file that runs its middleware, imported and called as its other files do (7.3, 6.4 and 5.18),
// without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

/** What answers a request; the page of a status is asked for in the same way. */
const ENTRY = `
import { createServer } from 'node:http';
const ROUTES = { '/dogs/7': '/dogs/[id]', '/dogs/text': '/dogs/[id]', '/dogs/rex': '/dogs/[id]', '/closed': '/[...path]' };
const pages = {
  '/dogs/7': async () => { await null; throw Object.assign(new TypeError('no dog 7', { cause: new Error('inner') }), { code: 'E_DOG' }); },
  '/dogs/text': () => { throw 'a bare text'; },
};
const middleware = async () => (await import(MIDDLEWARE)).onRequest;
const run = async (path, routePattern, page) => (await middleware())({ routePattern, url: new URL(path, 'http://kennel') }, async () => page?.());
async function answer(path) {
  if (ROUTES[path] === undefined) { await run(path, '/404'); return 404; }
  try {
    await run(path, ROUTES[path], pages[path]);
    return 200;
  } catch (error) {
    console.error('08:00:00 [ERROR] ' + (error.stack || String(error)));
    if (pages[path] !== undefined) await run(path, '/500');
    return 500;
  }
}
const server = createServer(async ({ url }, response) => response.writeHead(await answer(url)).end()).listen(0, async () => {
  const answers = [];
  for (const path of [...Object.keys(ROUTES), '/none'])
    answers.push((await fetch('http://127.0.0.1:' + server.address().port + path)).status);
  console.log(answers.join());
  server.close();
  server.closeAllConnections();
});
`;

const APPLICATION = `export const onRequest = ({ url }, next) => {
  if (url.pathname === '/closed') throw new RangeError('closed today');
  return next();
};`;

for (const [versions, folder, middleware] of [
  ['6 and 7', 'dist/server/chunks/', '../virtual_astro_middleware.mjs'],
  ['5', 'dist/server/', './_astro-internal_middleware.mjs'],
] as const)
  test(`of Astro ${versions}, what pages and middleware throw is a row as it was thrown, with the pattern of its route`, async (t) => {
    const file = new URL(middleware, `file:///${folder}`).pathname.slice(1);
    const { rows, stdout } = await journaled(t, `import './${folder}entry.mjs';`, {
      files: {
        [`${folder}entry.mjs`]: ENTRY.replace('MIDDLEWARE', JSON.stringify(middleware)),
        [file]: APPLICATION,
      },
    });
    assert.equal(stdout.trim(), '500,500,200,500,404');
    assert.deepEqual(drawn(rows), [
      'ERROR no dog 7 | /dogs/[id] | 500',
      'ERROR a bare text | /dogs/[id] | 500',
      'ERROR closed today | /[...path] | 500',
    ]);
    assert.equal(rows[0]?.error?.code, 'E_DOG');
    assert.equal(rows[0]?.error?.cause?.message, 'inner');
  });

test('of Astro 5 without middleware, too', async (t) => {
  const { rows } = await journaled(t, `import './dist/server/entry.mjs';`, {
    files: {
      'dist/server/entry.mjs': ENTRY.replace('MIDDLEWARE', `'./_noop-middleware.mjs'`),
      'dist/server/_noop-middleware.mjs': 'export const onRequest = (_, next) => next();',
    },
  });
  assert.deepEqual(drawn(rows), ['ERROR no dog 7 | /dogs/[id] | 500', 'ERROR a bare text | /dogs/[id] | 500']);
});
