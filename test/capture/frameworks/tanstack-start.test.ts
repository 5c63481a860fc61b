// TanStack Start as a build has it: how it keeps a request and runs its router (@tanstack/react-start 1.169), without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

const START = `
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
const KEY = Symbol.for('tanstack-start:start-storage-context');
globalThis[KEY] ??= new AsyncLocalStorage();
const LOADERS = {
  rex: () => ({ status: 'success' }),
  thrown: () => ({ status: 'error', error: Object.assign(new TypeError('no dog'), { code: 'E_DOG' }) }),
  missing: () => ({ status: 'notFound', error: { isNotFound: true } }),
};
let asked = 0;
function routerFor(pathname) {
  asked++;
  const name = pathname.split('/')[2];
  const state = { matches: [{ status: 'success' }] };
  const isDog = pathname.startsWith('/dogs/');
  return {
    latestLocation: { pathname },
    state,
    getMatchedRoutes: () => isDog ? [[], { id: name }, { fullPath: '/dogs/$id' }] : [[], { '**': pathname }, { fullPath: '/' }],
    load: async () => { await null; state.matches.push(isDog ? LOADERS[name]() : { status: 'notFound' }); },
  };
}
async function answer(pathname) {
  let kept;
  const getRouter = () => kept ??= Promise.resolve(routerFor(pathname));
  const store = { getRouter, handlerType: pathname === '/_serverFn/1' ? 'serverFn' : 'router' };
  return globalThis[KEY].run(store, () => globalThis[KEY].run({ ...store, contextAfterGlobalMiddlewares: {} }, async () => {
    if (store.handlerType === 'serverFn') return 200;
    const router = await getRouter();
    if (pathname === '/dogs/printed') { console.error(new RangeError('of a server route')); return 500; }
    await router.load();
    return { success: 200, error: 500, notFound: 404 }[router.state.matches.at(-1).status];
  }));
}
const server = createServer(async ({ url }, response) => response.writeHead(await answer(url)).end()).listen(0, async () => {
  const answers = [];
  for (const path of ['/dogs/rex', '/dogs/thrown', '/dogs/missing', '/dogs/printed', '/none', '/_serverFn/1'])
    answers.push((await fetch('http://127.0.0.1:' + server.address().port + path)).status);
  console.log(answers.join(), asked);
  server.close();
  server.closeAllConnections();
});
`;

const NAMED = { 'package.json': '{"type":"module","dependencies":{"@tanstack/react-start":"*"}}' };

test('what a loader throws is a row as it was thrown, with the pattern; its router is made when it was, and as often', async (t) => {
  const { rows, stdout, stderr } = await journaled(t, START, { files: NAMED });
  assert.equal(stdout.trim(), '200,500,404,500,404,200 5', stderr);
  assert.deepEqual(drawn(rows), ['ERROR no dog | /dogs/$id | 500', 'ERROR of a server route | /dogs/$id | 500']);
  assert.equal(rows[0]?.error?.code, 'E_DOG');
});

test('an application that is not made with it gets no storage', async (t) => {
  const program = `console.log(Symbol.for('tanstack-start:start-storage-context') in globalThis)`;
  assert.equal((await journaled(t, program)).stdout.trim(), 'false');
});

test('a router that cannot be made fails the framework where it asks for it, and not before', async (t) => {
  const program = `
import { AsyncLocalStorage } from 'node:async_hooks';
const storage = globalThis[Symbol.for('tanstack-start:start-storage-context')];
const getRouter = () => { throw new RangeError('no router'); };
const store = { getRouter, handlerType: 'router', contextAfterGlobalMiddlewares: {} };
console.log(storage instanceof AsyncLocalStorage, storage.run(store, () => {
  try { getRouter(); } catch (error) { return error.message; }
}));
`;
  const { stdout, stderr } = await journaled(t, program, { files: NAMED });
  assert.equal(stdout.trim(), 'true no router', stderr);
});
