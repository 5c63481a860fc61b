// Functions and classes of ours in the place of others look like those: each program says the same with the preload and
// without it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../../support/journaled.ts';

const PARTS = `
const look = (owner, ...names) => {
  const listed = new Set();
  for (const name in owner) listed.add(name);
  for (const name of names) {
    const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(owner, name) ?? {};
    const symbols = Object.getOwnPropertySymbols({ ...owner[name] }).length;
    console.log(name, owner[name].name, owner[name].length, symbols, listed.has(name), Object.keys(owner).includes(name));
    if (Object.hasOwn(owner, name)) console.log(configurable, writable);
  }
};`;

const PROGRAMS = {
  'Node’s own': `import http from 'node:http'; import http2 from 'node:http2';
    look(console, 'error', 'warn');
    look(http.ServerResponse.prototype, 'writeHead', 'end');
    look(http.ClientRequest.prototype, 'destroy');
    look(AbortController.prototype, 'abort');
    look(http2.Http2ServerResponse.prototype, 'writeHead');
    look(http2, 'createServer', 'createSecureServer');
    // Of these, what is inherited is their own now.
    for (const one of [http.Server, http.IncomingMessage, http.ServerResponse]) console.log(one.prototype.emit.name, one.prototype.emit.length);`,
  Express: `import express from 'express';
    look(express.application, 'handle', 'use');
    look(express.Router.prototype, 'use', 'route', 'handle');
    look(express.Route.prototype, 'dispatch');
    const app = express();
    look(app, 'handle', 'use');
    console.log(Object.keys(app).join(' '));`,
  Koa: `import Koa from 'koa'; import Router from '@koa/router';
    look(Koa.prototype, 'use', 'callback');
    look(Router.prototype, 'register');
    const app = new Koa();
    app.use(async function first(context, next) { await next(); });
    console.log(app instanceof Koa, app.constructor === Koa, app.middleware.map(({ name, length }) => name + length).join());`,
  Fastify: `import fastify from 'fastify';
    const app = fastify();
    look(app, 'setErrorHandler');
    app.setErrorHandler(function handled(error, request, reply) { reply.send('handled'); });
    await app.ready();
    console.log(app.errorHandler.name, app.errorHandler.length);`,
  Hono: `import { Hono } from 'hono'; import { Hono as Quick } from 'hono/quick'; import { Hono as Tiny } from 'hono/tiny';
    for (const one of [Hono, Quick, Tiny]) {
      class Own extends one { static made() { return new this(); } }
      const apps = [new one(), Own.made(), new one().basePath('/dogs')];
      for (const app of apps) {
        look(app, 'onError', 'notFound', 'basePath');
        console.log(app instanceof one, app instanceof Own, app.constructor === one, app.constructor === Own, Object.keys(app).join());
      }
      console.log(one.name, one.length, one.prototype.constructor === one, Object.keys(one.prototype).length);
    }`,
};

for (const [name, program] of Object.entries(PROGRAMS))
  test(`${name}: what is hooked looks as it did`, async (t) => {
    const hooked = await journaled(t, PARTS + program);
    const bare = await journaled(t, PARTS + program, { bare: true });
    assert.equal(hooked.code, 0, hooked.stderr);
    assert.ok(hooked.stdout.length > 30);
    // By line: what differs is readable then.
    assert.deepEqual(hooked.stdout.split('\n'), bare.stdout.split('\n'));
  });
