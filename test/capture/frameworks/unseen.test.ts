// What an application can see of its own objects is what it sees without us: each program says the same with the preload and
// without it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../../support/journaled.ts';

const PARTS = `
import { inspect } from 'node:util';
const stringOrSymbol = (key) => typeof key === 'string' ? key : String(key);
const keys = (value) => Reflect.ownKeys(value).map(stringOrSymbol).sort().join(' ');
const copied = (value) => Reflect.ownKeys({ ...value }).map(stringOrSymbol).sort().join(' ');
async function ask(server, path) {
  if (!server.listening) await new Promise((listening) => server.once('listening', listening));
  await fetch('http://127.0.0.1:' + server.address().port + path).then((answer) => answer.text());
  server.close();
  server.closeAllConnections();
}`;

const PROGRAMS = {
  'node:http': `import { createServer } from 'node:http';
    await ask(createServer((request, response) => {
      for (const one of [request, response]) console.log(keys(one), copied(one), /rowtrace/i.test(inspect(one)));
      response.writeHead(200).end();
      console.log(keys(response), copied(response));
    }).listen(0), '/');`,
  Express: `import express from 'express';
    const app = express();
    const router = express.Router();
    router.get('/:id', (request, response) => {
      for (const one of [request, response]) console.log(keys(one), copied(one));
      response.json({ ok: true });
    });
    app.use('/dogs', router);
    await ask(app.listen(0), '/dogs/7');`,
  Koa: `import Koa from 'koa'; import Router from '@koa/router';
    const app = new Koa();
    const router = new Router();
    router.get('/dogs/:id', (context) => {
      console.log(copied(context), context._matchedRoute);
      for (const one of [context.request, context.response, context.req, context.res]) console.log(keys(one), copied(one));
      context.body = 'ok';
    });
    app.use(router.routes());
    await ask(app.listen(0), '/dogs/7');`,
};

for (const [name, program] of Object.entries(PROGRAMS))
  test(`${name}: requests, responses and what holds them list nothing of ours`, async (t) => {
    const hooked = await journaled(t, PARTS + program);
    const bare = await journaled(t, PARTS + program, { bare: true });
    assert.equal(hooked.code, 0, hooked.stderr);
    assert.ok(hooked.stdout.length > 100);
    // By line: what differs is readable then.
    assert.deepEqual(hooked.stdout.split('\n'), bare.stdout.split('\n'));
  });
