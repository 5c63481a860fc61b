// Nuxt as its build has it: what Nitro 2.13, h3 1.15 and unctx do with a request, in small, in files where a build puts them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

/** The chunk that makes a server listen. `mock` is how a page asks its own application, without a request. */
const NITRO = `
import { createServer } from 'node:http';
const hooks = { listeners: {}, hook(name, listener) { (this.listeners[name] ??= []).push(listener); }, async callHook(name, ...values) { for (const listener of this.listeners[name] ?? []) await listener(...values); } };
class H3Error extends Error { statusCode = 500; unhandled = false; }
export const createError = ({ statusCode, message, stack, cause }) => { const error = new H3Error(message, { cause }); error.statusCode = statusCode ?? 500; if (stack) Object.defineProperty(error, 'stack', { get: () => stack }); return error; };
const contexts = {};
const createContext = () => ({ async callAsync(instance, work) { this.instance = instance; return work(); } });
globalThis.__unctx__ = { get(key) { return contexts[key] ??= createContext(); } };
const pages = {};
export const definePages = (given) => Object.assign(pages, given);
const render = (event) => {
  const [path, setup] = Object.entries(pages).find(([path]) => path.split('/')[1] === event.path.split('/')[1]) ?? [];
  if (path === undefined) throw createError({ statusCode: 404, message: 'Page not found' });
  const page = { ssrContext: { event } };
  return globalThis.__unctx__.get('nuxt-app').callAsync(page, () => { page.$router = { currentRoute: { value: { matched: [{ path }] } } }; return setup(); });
};
const routes = {
  '/api/ok': () => 'ok',
  '/api/dogs/:id': async (event) => { console.error('within', Object.keys(event.context).join()); throw new RangeError('no dog'); },
  '/api/closed': () => { throw createError({ statusCode: 503, message: 'closed' }); },
  '/api/gone': () => { throw createError({ statusCode: 404, message: 'gone' }); },
  '/api/text': () => { throw 'a bare text'; },
  '/api/caused': () => { throw new TypeError('outer', { cause: new Error('inner') }); },
};
const isMatch = (pattern, path) => pattern.split('/').every((part, at) => part.startsWith(':') || part === path.split('/')[at]);
async function serve(req, res) {
  const event = { path: req.url, node: { req, res }, context: {} };
  let status = 200;
  try {
    await hooks.callHook('request', event);
    if (Object.keys(event.context).length > 0) throw new Error('something is listed');
    if (event.path === '/guarded') throw new Error('not let in');
    const [path, handler] = Object.entries(routes).find(([path]) => isMatch(path, event.path)) ?? ['/**', render];
    event.context.matchedRoute = { path, handlers: {} };
    await handler(event);
    await hooks.callHook('beforeResponse', event);
  } catch (thrown) {
    const error = thrown instanceof H3Error ? thrown : typeof thrown === 'string' ? new H3Error(thrown) : createError({ ...thrown, message: thrown.message, stack: thrown.stack, cause: thrown.cause ?? thrown });
    error.unhandled = !(thrown instanceof H3Error);
    status = error.statusCode;
    await hooks.callHook('error', error, { event, tags: ['request'] });
    if (error.unhandled) console.error('[request error] [unhandled] [GET] http://kennel' + req.url + '\\n', error);
  }
  res.writeHead(status).end();
}
const mock = (url) => serve({ url }, { writeHead: () => ({ end() {} }) });
definePages({
  '/': () => 'ok',
  '/dogs/:id()': () => { throw new SyntaxError('no such page'); },
  '/asking': () => mock('/api/dogs/9'),
});
const nitroApp = { hooks };
function useNitroApp() { return nitroApp; }
export { useNitroApp as l };
export const server = createServer(serve);
server.listen(0);
`;

const RENDERER = "import { l } from '../nitro/nitro.mjs';\n";
const FILES = { 'chunks/nitro/nitro.mjs': NITRO, 'chunks/routes/renderer.mjs': RENDERER };

const INDEX = `import { server } from './chunks/nitro/nitro.mjs';
await new Promise((listening) => server.listening ? listening() : server.once('listening', listening));
for (const path of ['/', '/dogs/7', '/asking', '/none', '/guarded', '/api/ok', '/api/dogs/7', '/api/closed', '/api/gone', '/api/text', '/api/caused'])
  console.log(path, (await fetch('http://127.0.0.1:' + server.address().port + path)).status);
server.close();
server.closeAllConnections();`;

test('one row an exception, with the route of the handler or of the page', async (t) => {
  const { rows, facts, stdout, stderr } = await journaled(t, INDEX, { file: 'index.mjs', files: FILES });
  assert.deepEqual(
    drawn(rows),
    [
      'ERROR no such page | /dogs/:id | 500',
      'ERROR no dog | /asking | 200',
      'ERROR not let in | undefined | 500',
      'ERROR no dog | /api/dogs/:id | 500',
      'ERROR closed | /api/closed | 503',
      'ERROR a bare text | /api/text | 500',
      'ERROR outer | /api/caused | 500',
    ],
    stderr,
  );
  assert.match(stderr, /hooked http,[^;]* nuxt,/);
  assert.match(stderr, /within matchedRoute\n/, 'what the application finds on its event');
  assert.match(stdout, /^\/ 200\n(?:.*\n)*\/none 404\n(?:.*\n)*\/api\/gone 404\n/);
  assert.ok(JSON.stringify(facts).includes('"/dogs/:id"'));
});

test('a build whose stacks are mapped to its sources is known all the same', async (t) => {
  const map = { version: 3, sources: ['src/app.ts'], names: [], mappings: `AAAA${';AACA'.repeat(200)}` };
  const files = {
    ...FILES,
    'chunks/nitro/nitro.mjs': `${NITRO}//# sourceMappingURL=nitro.mjs.map\n`,
    'chunks/nitro/nitro.mjs.map': JSON.stringify(map),
  };
  const env = { NODE_OPTIONS: '--enable-source-maps' };
  const { rows, stderr } = await journaled(t, INDEX, { file: 'index.mjs', files, env });
  assert.ok(drawn(rows).includes('ERROR closed | /api/closed | 503'), stderr);
});

test('other applications, and a build that has no such export, are as they were', async (t) => {
  const listen =
    "import { Server } from 'node:net'; console.log(Function.prototype.toString.call(Server.prototype.listen).length);";
  const bare = await journaled(t, listen, { bare: true });
  assert.equal((await journaled(t, listen)).stdout, bare.stdout);
  const alone = { ...FILES, 'chunks/nitro/nitro.mjs': NITRO.replace('export { useNitroApp as l };', '') };
  const { rows, code } = await journaled(t, INDEX, { file: 'index.mjs', files: alone });
  assert.equal(code, 0);
  assert.ok(rows.length > 0 && rows.every(({ route }) => route === undefined));
});
