// h3 2 and Nitro 3, as their own code does it (h3 2.0.8, nitro 3.0.260903-beta), without the packages: how an application finds
// a route and calls its handler, and where a build of Nitro's keeps it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookH3Class } from '../../../src/capture/frameworks/h3.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { drawn, journaled } from '../../support/journaled.ts';

const NITRO = `
import { createServer } from 'node:http';
class HTTPError extends Error { name = 'HTTPError'; constructor(status, message, rest) { super(message, rest); this.status = status; } }
class H3Core {
  constructor() { this.handler = this.handler.bind(this); }
  handler(event) { return (this['~findRoute'](event)?.data ?? { handler: () => new HTTPError(404, 'not found') }).handler(event); }
  '~request'(event) {
    let answer;
    try { answer = this.handler(event); } catch (error) { answer = Promise.reject(error); }
    return Promise.resolve(answer).then((value) => value instanceof Error ? Promise.reject(value) : 200).catch((thrown) => {
      if (thrown instanceof HTTPError) return thrown.status;
      console.error(Object.assign(new HTTPError(500, thrown.message, { cause: thrown }), { stack: thrown.stack }));
      return 500;
    });
  }
}
const HANDLERS = {
  rex: () => app.h3['~request']({ path: '/cats/tom' }),
  thrown: () => { throw Object.assign(new TypeError('no dog'), { code: 'E_DOG' }); },
  rejected: async () => { await null; throw new RangeError('no owner'); },
  unavailable: () => { throw new HTTPError(503, 'closed'); },
  returned: () => new HTTPError(500, 'given back'),
  refused: async () => { throw new HTTPError(403, 'not yours'); },
};
const app = { h3: new H3Core() };
app.h3['~findRoute'] = ({ path }) => {
  const [, kind, name] = path.split('/');
  if (kind === 'dogs') return { data: { route: '/dogs/:id', handler: HANDLERS[name] } };
  if (kind === 'cats') return { data: { route: '/cats/:id', handler: () => 'a cat' } };
  if (kind === 'pages') return { data: { route: '/**', handler: () => { throw new Error('of a page'); } } };
};
globalThis.__nitro__ = { default: app };
const server = createServer(async (req, response) => response.writeHead(await app.h3['~request']({ path: req.url, runtime: { node: { req } } })).end());
server.listen(0, async () => {
  const answers = [];
  for (const path of [...Object.keys(HANDLERS).map((name) => '/dogs/' + name), '/pages/1', '/none'])
    answers.push((await fetch('http://127.0.0.1:' + server.address().port + path)).status);
  console.log(answers.join());
  server.close();
  server.closeAllConnections();
});
`;

test('Nitro 3: what fails in a handler is a row as it was thrown, with the pattern; answers of 4xx are none', async (t) => {
  const { rows, stdout, stderr } = await journaled(t, NITRO, {
    file: '.output/server/index.mjs',
    files: { '.output/nitro.json': '{}' },
  });
  assert.equal(stdout.trim(), '200,500,500,503,500,403,500,404', stderr);
  assert.deepEqual(drawn(rows), [
    'ERROR no dog | /dogs/:id | 500',
    'ERROR no owner | /dogs/:id | 500',
    'ERROR closed | /dogs/:id | 503',
    'ERROR given back | /dogs/:id | 500',
    'ERROR of a page | undefined | 500',
  ]);
  assert.deepEqual([rows[0]?.error?.type, rows[0]?.error?.code], ['TypeError', 'E_DOG']);
});

test('Nitro 3: a server listens also where its application cannot be watched', async (t) => {
  const program = `
import { createServer } from 'node:http';
globalThis.__nitro__ = { default: { h3: Object.freeze({ handler() {}, '~findRoute'() {} }) } };
const server = createServer().listen(0, () => { console.log('listens'); server.close(); });
`;
  const options = { file: '.output/server/index.mjs', files: { '.output/nitro.json': '{}' } };
  const { stdout, stderr } = await journaled(t, program, options);
  assert.equal(stdout.trim(), 'listens', stderr);
});

test('h3: the class of applications is hooked where it has its methods, once', () => {
  class Core {
    handler() {}
  }
  class H3 extends Core {
    '~findRoute'() {}
  }
  const { handler } = Core.prototype;
  const seam = new Seam('h3');
  hookH3Class(H3, seam);
  const hooked = [Core.prototype.handler, H3.prototype['~findRoute']];
  assert.notEqual(hooked[0], handler);
  hookH3Class(H3, seam);
  assert.deepEqual([Core.prototype.handler, H3.prototype['~findRoute']], hooked);
  hookH3Class(undefined, seam);
});
