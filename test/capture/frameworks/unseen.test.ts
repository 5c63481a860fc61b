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

const BEHAVIOUR = {
  'Koa: a route is known by contexts that were made of one, and behind a proxy': `import Koa from 'koa'; import Router from '@koa/router';
    const app = new Koa();
    const router = new Router();
    router.get('/dogs/:id', (context) => {
      for (const one of [context, Object.create(context), new Proxy(context, {})]) console.log('in', one._matchedRoute);
      context.body = 'ok';
    });
    const routes = router.routes();
    const ways = { same: (context) => context, made: Object.create, behind: (context) => new Proxy(context, {}) };
    app.use(async (context, next) => {
      await routes(ways[context.query.way](context), next);
      console.log(context.query.way, context._matchedRoute, Object.keys(context).includes('_matchedRoute'));
    });
    const server = app.listen(0);
    await new Promise((listening) => server.once('listening', listening));
    for (const way of Object.keys(ways)) await fetch('http://127.0.0.1:' + server.address().port + '/dogs/7?way=' + way);
    server.close();
    server.closeAllConnections();`,
  'Fastify: a logger of the application whose methods are one function is told all': `import fastify from 'fastify';
    const said = [];
    const log = (...values) => { said.push(String(values.at(-1))); };
    const own = { info: log, warn: log, error: log, fatal: log, debug: log, trace: log, child: () => own };
    const app = fastify({ loggerInstance: own });
    app.get('/', async (request) => { request.log.warn('a text'); throw new Error('thrown'); });
    await app.inject('/');
    console.log(said.join(), own.error === log, Object.keys(own).join());`,
  'Nest: what is no Observable is refused by Nest': `import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const { NestFactory } = require('@nestjs/core');
    const { Controller, Module, Sse } = require('@nestjs/common');
    class Dogs {
      stream() { return require('node:stream').Readable.from(['a']); }
      async alike() { return { subscribe() {}, pipe() { return this; } }; }
    }
    Controller()(Dogs);
    for (const name of ['stream', 'alike']) Sse(name)(Dogs.prototype, name, Object.getOwnPropertyDescriptor(Dogs.prototype, name));
    class App {}
    Module({ controllers: [Dogs] })(App);
    const told = (error) => console.log(String(error).split('\\n')[0]);
    const app = await NestFactory.create(App, { logger: { log() {}, warn() {}, error: told } });
    await app.listen(0);
    for (const name of ['stream', 'alike'])
      await fetch('http://127.0.0.1:' + app.getHttpServer().address().port + '/' + name).then(async (answer) => console.log(await answer.text()));
    await app.close();`,
};

for (const [name, program] of Object.entries(BEHAVIOUR))
  test(name, async (t) => {
    const hooked = await journaled(t, program);
    const bare = await journaled(t, program, { bare: true });
    assert.equal(hooked.code, 0, hooked.stderr);
    assert.ok(hooked.stdout.length > 40);
    assert.deepEqual(hooked.stdout.split('\n'), bare.stdout.split('\n'));
  });
