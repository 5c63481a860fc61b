// Clients that leave in the midst of an upload or a download, in whole programs; and errors of other connections, which look
// the same. The rows that each program leaves in its journal are drawn beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

const PARTS = `
import net from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
const endless = () => Readable.from((async function* () { for (;;) yield await new Promise((more) => setTimeout(more, 1, Buffer.alloc(65536))); })());
const read = async (request) => { for await (const _ of request); return 'read'; };
/** Sends a request, and leaves in the midst of it. */
async function leave(server, path, how = 'destroy') {
  if (!server.listening) await new Promise((listening) => server.once('listening', listening));
  const up = path === '/up';
  const client = net.connect(server.address().port).on('error', () => {});
  const over = new Promise((closed) => server.once('request', (request, response) => {
    response.once('close', closed);
    if (up) setImmediate(() => client[how]());
  }));
  client.write(up
    ? 'POST /up HTTP/1.1\\r\\nhost: a\\r\\ncontent-type: application/json\\r\\ncontent-length: 100\\r\\n\\r\\n{"a":'
    : 'GET ' + path + ' HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n');
  if (!up) client.once('data', () => client.pause()[how]());
  await over;
}
async function leaveAll(server, ...paths) {
  for (const path of paths) for (const how of ['destroy', 'resetAndDestroy']) await leave(server, path, how);
  server.close();
}`;

const APPLICATIONS = {
  Koa: `import Koa from 'koa';
    const app = new Koa().on('error', (error) => console.log(error.code));
    app.use(async (context) => { context.body = context.path === '/up' ? await read(context.req) : endless(); });
    await leaveAll(app.listen(0), '/down', '/up');`,
  Fastify: `import fastify from 'fastify';
    const app = fastify();
    app.addHook('onError', async (request, reply, error) => console.log(error.code));
    app.post('/up', async () => 'read');
    await app.listen({ port: 0 });
    await leaveAll(app.server, '/up');`,
  Express: `import express from 'express';
    const app = express();
    app.get('/down', (request, response) => pipeline(endless(), response));
    app.get('/written', async (request, response) => {
      for (;;) await new Promise((done, failed) => response.write(Buffer.alloc(65536), (error) => error ? failed(error) : done()));
    });
    app.post('/up', express.json(), () => {});
    app.use((error, request, response, next) => { console.log(error.code); response.destroy(); });
    await leaveAll(app.listen(0), '/down', '/written', '/up');`,
  Hono: `import { serve } from '@hono/node-server'; import { Hono } from 'hono';
    const app = new Hono();
    app.post('/up', async (context) => context.text(await context.req.text()));
    app.onError((error, context) => { console.log(error.code); return context.text('sorry', 500); });
    await leaveAll(serve({ fetch: app.fetch, port: 0 }), '/up');`,
};

for (const [framework, program] of Object.entries(APPLICATIONS))
  test(`${framework}: a client that leaves in the midst is no error of the application's`, async (t) => {
    const { rows, code, stdout, stderr } = await journaled(t, PARTS + program);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^E(?:CONN|RR_STREAM)\w+$/m, 'the application sees its error as before');
    assert.deepEqual(drawn(rows), []);
  });

test('what other connections break with is one, also of a request whose client has left', async (t) => {
  const { rows } = await journaled(
    t,
    `${PARTS} import express from 'express'; import { get } from 'node:http';
    let cut;
    const upstream = net.createServer((socket) => {
      socket.on('error', () => {}).once('data', () => {
        socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 100\\r\\n\\r\\nabc');
        cut = () => socket.resetAndDestroy();
      });
    }).listen(0);
    const app = express();
    app.get('/proxy', async (request, response) => {
      const answer = await new Promise((got) => get({ port: upstream.address().port, agent: false }, got).on('error', () => {}));
      await pipeline(answer, response);
    });
    app.get('/cut', (request, response) => {
      const source = new Readable({ read() {} });
      source.push('a part');
      cut = () => source.destroy();
      return pipeline(source, response);
    });
    app.get('/database', async (request, response) => {
      const left = new Promise((closed) => response.once('close', closed));
      response.write('one moment');
      await left;
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
    });
    app.use((error, request, response, next) => { response.destroy(); });
    const server = app.listen(0);
    await new Promise((listening) => server.once('listening', listening));
    for (const path of ['/proxy', '/cut']) {
      const answer = await fetch('http://127.0.0.1:' + server.address().port + path);
      cut();
      await answer.text().catch(() => {});
    }
    upstream.close();
    await leave(server, '/database');
    server.close();
    server.closeAllConnections();`,
  );
  assert.deepEqual(
    // Not the call to the upstream, which is a row of its own.
    rows.flatMap(({ message, error, route, module }) =>
      module?.includes('instrumentation-http') ? [] : [`${message} ${error?.code} ${route}`],
    ),
    [
      'aborted ECONNRESET /proxy',
      'Premature close ERR_STREAM_PREMATURE_CLOSE /cut',
      'read ECONNRESET ECONNRESET /database',
    ],
  );
});

test('a fault of the client’s stays a WARNING where the client has left', async (t) => {
  const { rows } = await journaled(
    t,
    `${PARTS} import express from 'express';
    const app = express();
    app.get('/taken', (request, response, next) => {
      response.once('close', () => setImmediate(() => next(Object.assign(new Error('taken'), { status: 409 })))).write('one moment');
    });
    app.use((error, request, response, next) => { response.end(); });
    const server = app.listen(0);
    await leave(server, '/taken');
    server.close();`,
  );
  assert.deepEqual(drawn(rows), ['WARNING taken | /taken | 200']);
});
