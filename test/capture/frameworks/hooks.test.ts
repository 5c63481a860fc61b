// Hooks into frameworks in whole programs: errors that the framework answers by itself, contexts that get lost, dispatches
// within a request, answers that never come. The rows that each program leaves in its journal are drawn beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASK, drawn, journaled } from '../../support/journaled.ts';

test('Fastify: an error sent from a callback that lost its context is one row, of its request', async (t) => {
  const { rows } = await journaled(
    t,
    `import fastify from 'fastify'; ${ASK}
    const app = fastify();
    const handled = fastify();
    handled.setErrorHandler((error, request, reply) => reply.code(409).send('handled'));
    // Made at start-up, as pools are: it calls back out of a context of its own.
    const waiting = [];
    setInterval(() => { for (const send of waiting.splice(0)) send(new Error('from the pool')); }, 5).unref();
    for (const one of [app, handled]) one.get('/dogs/:id', (request, reply) => { waiting.push((error) => reply.send(error)); });
    await app.listen({ port: 0 });
    await ask(app.server, '/dogs/7');
    await handled.listen({ port: 0 });
    await ask(handled.server, '/dogs/8');`,
  );
  assert.deepEqual(drawn(rows), ['ERROR from the pool | /dogs/:id | 500', 'ERROR from the pool | /dogs/:id | 409']);
});

test('Fastify without a logger: what it would only log is a row, of its request', async (t) => {
  const { rows, stdout } = await journaled(
    t,
    `import fastify from 'fastify'; import { Readable } from 'node:stream'; ${ASK}
    const app = fastify();
    console.log(Object.keys(app.log).join());
    app.get('/streams/:id', (request, reply) => {
      const source = new Readable({ read() {} });
      source.push('a part');
      setTimeout(() => source.destroy(new Error('disk failed')), 20);
      return reply.send(source);
    });
    app.get('/hooks/:id', { onResponse: async () => { throw new TypeError('no meter'); } }, async () => 'ok');
    app.get('/thrown/:id', async () => { throw new Error('thrown'); });
    app.get('/refused/:id', async () => { throw Object.assign(new Error('refused'), { statusCode: 409 }); });
    await app.listen({ port: 0 });
    await ask(app.server, '/streams/1', '/hooks/1', '/thrown/1', '/refused/1');`,
  );
  assert.equal(stdout, 'child\n');
  assert.deepEqual(drawn(rows), [
    'WARNING disk failed | /streams/:id | 200',
    'ERROR no meter | /hooks/:id | 200',
    'ERROR thrown | /thrown/:id | 500',
    'WARNING refused | /refused/:id | 409',
  ]);
  assert.equal(new Set(rows.map(({ requestId }) => requestId)).size, 4);
});

test('Nest: a stream of events that fails is a row of its request, before its head is out or after', async (t) => {
  const { rows } = await journaled(
    t,
    `const { NestFactory } = require('@nestjs/core');
    const { Controller, Module, Sse } = require('@nestjs/common');
    const { concat, map, of, throwError, timer } = require('rxjs');
    const failing = (message) => concat(of({ data: 'one' }), timer(20).pipe(map(() => { throw new Error(message); })));
    class Dogs {
      late() { return failing('after the head'); }
      async promised() { return failing('of a promise'); }
      early() { return throwError(() => new Error('before the head')); }
      async never() { throw new Error('no events at all'); }
      whole() { return of({ data: 'all' }); }
    }
    const names = ['late', 'promised', 'early', 'never', 'whole'];
    Controller()(Dogs);
    for (const name of names) Sse(name + '/:id')(Dogs.prototype, name, Object.getOwnPropertyDescriptor(Dogs.prototype, name));
    class App {}
    Module({ controllers: [Dogs] })(App);
    (async () => {
      const app = await NestFactory.create(App, { logger: false });
      await app.listen(0);
      for (const name of names)
        console.log(name, await fetch('http://127.0.0.1:' + app.getHttpServer().address().port + '/' + name + '/7').then((answer) => answer.text()));
      await app.close();
    })();`,
    { file: 'app.cjs' },
  );
  assert.deepEqual(drawn(rows), [
    'ERROR after the head | /late/:id | 200',
    'ERROR of a promise | /promised/:id | 200',
    'ERROR before the head | /early/:id | 500',
    'ERROR no events at all | /never/:id | 500',
  ]);
  assert.equal(new Set(rows.map(({ requestId }) => requestId)).size, 4);
});

/** Controllers of Nest without a compiler: `routes` are methods of Dogs, by decorator and path. */
const NEST = `
const { ExternalContextCreator, NestFactory } = require('@nestjs/core');
const { Controller, Get, InternalServerErrorException, ForbiddenException, Module, Post } = require('@nestjs/common');
async function serve(Dogs, routes, visit, options) {
  for (const [name, decorator] of Object.entries(routes))
    decorator(Dogs.prototype, name, Object.getOwnPropertyDescriptor(Dogs.prototype, name));
  Controller()(Dogs);
  class App {}
  Module({ controllers: [Dogs] })(App);
  const app = await NestFactory.create(App, options);
  await app.listen(0);
  const url = 'http://127.0.0.1:' + app.getHttpServer().address().port;
  await visit((path, init) => fetch(url + path, init).then((answer) => answer.text()), app);
  await app.close();
}`;

const NEST_11 = {
  '@nestjs/core': 'nest11-core',
  '@nestjs/common': 'nest11-common',
  '@nestjs/platform-express': 'nest11-platform-express',
};

for (const [version, aliases] of [
  ['12', undefined],
  ['11', NEST_11],
] as const) {
  test(`Nest ${version}: what is thrown and no Error, as clients of microservices do, is one row though Nest prints it`, async (t) => {
    const { rows, stderr } = await journaled(
      t,
      `${NEST}
      class Dogs {
        async answered() { throw { status: 'error', message: 'Internal server error' }; }
        words() { throw 'no dog'; }
        nothing() { throw { n: 7 }; }
      }
      const names = ['answered', 'words', 'nothing'];
      serve(Dogs, Object.fromEntries(names.map((name) => [name, Get(name + '/:id')])), async (ask) => {
        for (const name of names) await ask('/' + name + '/7');
        require('@nestjs/common').Logger.error('no dog', 'ExceptionsHandler');
      }, { logger: ['error'] });`,
      { file: 'app.cjs', ...(aliases && { aliases }) },
    );
    assert.deepEqual(drawn(rows), [
      'ERROR Internal server error | /answered/:id | 500',
      'ERROR no dog | /words/:id | 500',
      'ERROR {"n":7} | /nothing/:id | 500',
      'ERROR no dog | undefined | undefined',
    ]);
    assert.equal(stderr.match(/\[ExceptionsHandler\]/g)?.length, 4, 'Nest prints as before');
  });

  test(`Nest ${version}: an error that says that the client is at fault is a WARNING where Nest answers so, though it prints it`, async (t) => {
    const { rows, stderr } = await journaled(
      t,
      `${NEST}
      class Dogs {
        missing() { throw Object.assign(new Error('no dog'), { statusCode: 404 }); }
        away() { throw Object.assign(new Error('no kennel'), { status: 404 }); }
      }
      serve(Dogs, { missing: Get('missing'), away: Get('away') }, async (ask) => {
        await ask('/missing');
        await ask('/away');
      }, { logger: ['error'] });`,
      { file: 'app.cjs', ...(aliases && { aliases }) },
    );
    // 12 knows its own exceptions alone.
    const missing = version === '11' ? 'WARNING no dog | /missing | 404' : 'ERROR no dog | /missing | 500';
    assert.deepEqual(drawn(rows), [missing, 'ERROR no kennel | /away | 500']);
    assert.equal(stderr.match(/\[ExceptionsHandler\]/g)?.length, 2, 'Nest prints as before');
  });

  test(`Nest ${version}: exceptions of resolvers (GraphQL) are rows, those that Nest does not print, too`, async (t) => {
    const { rows } = await journaled(
      t,
      `${NEST}
      class Resolver {
        broken() { throw new InternalServerErrorException('no kennel'); }
        forbidden() { throw new ForbiddenException('not your dog'); }
        unknown() { throw new TypeError('no such dog'); }
      }
      class Dogs {
        async graphql() {
          const creator = app.get(ExternalContextCreator);
          for (const name of ['broken', 'forbidden', 'unknown'])
            await creator.create(new Resolver(), Resolver.prototype[name], name)().catch(() => {});
          return { errors: [] };
        }
      }
      let app;
      serve(Dogs, { graphql: Post('graphql') }, (ask, given) => {
        app = given;
        return ask('/graphql', { method: 'POST' });
      }, { logger: ['error'] });`,
      { file: 'app.cjs', ...(aliases && { aliases }) },
    );
    assert.deepEqual(drawn(rows), [
      'ERROR no kennel | /graphql | 201',
      'WARNING not your dog | /graphql | 201',
      'ERROR no such dog | /graphql | 201',
    ]);
  });
}

test('Nest 11: a body that is no JSON is one row, though Nest makes another error of it', async (t) => {
  const { rows } = await journaled(
    t,
    `${NEST}
    class Dogs { save() { return 'saved'; } }
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name' };
    serve(Dogs, { save: Post('dogs') }, (ask) => ask('/dogs', init), { logger: false });`,
    { file: 'app.cjs', aliases: NEST_11 },
  );
  assert.equal(rows.length, 1, JSON.stringify(rows, null, 1));
  assert.match(drawn(rows)[0]!, /^WARNING Unterminated string in JSON .* \| undefined \| 400$/);
});

test('node:http: a request with Expect that a listener of its own answers, or hands on, is a request', async (t) => {
  const { rows, stdout } = await journaled(
    t,
    `import express from 'express'; import http from 'node:http';
    const app = express();
    app.set('env', 'test');
    app.post('/dogs/:id', () => { throw new Error('in the application'); });
    const refuse = (message) => (request, response) => { console.error(new Error(message)); response.writeHead(417).end(); };
    const server = http.createServer(app).on('checkExpectation', refuse('expects dogs')).on('checkContinue', (request, response) => {
      if (request.url === '/large') return refuse('too large')(request, response);
      response.writeContinue();
      server.emit('request', request, response);
    }).listen(0);
    await new Promise((listening) => server.once('listening', listening));
    for (const [path, expect] of [['/large', '100-continue'], ['/dogs/7', '100-continue'], ['/any', 'dogs']])
      await new Promise((ended) => {
        const request = http.request({ port: server.address().port, path, method: 'POST', headers: { expect, 'x-request-id': 'mine' + path }, agent: false });
        request.on('continue', () => request.end('{}')).on('response', (answer) => {
          console.log(answer.statusCode, answer.headers['x-request-id']);
          answer.resume().on('end', ended);
        }).flushHeaders();
      });
    server.close();
    server.closeAllConnections();`,
  );
  assert.equal(stdout, '417 mine/large\n500 mine/dogs/7\n417 mine/any\n');
  const served = rows.filter(({ module }) => module !== '@opentelemetry/instrumentation-http');
  assert.deepEqual(
    served.map(({ requestId, ...row }) => `${requestId} ${drawn([row as never])}`),
    [
      'mine/large ERROR too large | undefined | 417',
      'mine/dogs/7 ERROR in the application | /dogs/:id | 500',
      'mine/any ERROR expects dogs | undefined | 417',
    ],
  );
});

test('node:http2: a request with Expect that a listener of its own answers is a request', async (t) => {
  const { rows, stdout } = await journaled(
    t,
    `import http2 from 'node:http2';
    const server = http2.createServer(() => {}).on('checkContinue', (request, response) => {
      console.error(new Error('too large'));
      response.writeHead(417).end();
    }).listen(0);
    await new Promise((listening) => server.once('listening', listening));
    const client = http2.connect('http://127.0.0.1:' + server.address().port);
    const request = client.request({ ':method': 'POST', ':path': '/large', expect: '100-continue', 'x-request-id': 'mine' });
    request.on('response', (headers) => {
      console.log(headers[':status'], headers['x-request-id']);
      request.end();
    });
    await new Promise((closed) => request.resume().on('close', closed));
    client.destroy();
    server.close();`,
  );
  assert.equal(stdout, '417 mine\n');
  assert.deepEqual(drawn(rows), ['ERROR too large | undefined | 417']);
  assert.equal(rows[0]!.requestId, 'mine');
});

test('Fastify: a request injected into another is not its route', async (t) => {
  const { rows } = await journaled(
    t,
    `import fastify from 'fastify'; ${ASK}
    const app = fastify();
    app.get('/inner/:id', async () => ({}));
    app.get('/outer/:id', async () => {
      await app.inject('/inner/1');
      throw new Error('after the inner one');
    });
    await app.listen({ port: 0 });
    await ask(app.server, '/outer/1');`,
  );
  assert.deepEqual(drawn(rows), ['ERROR after the inner one | /outer/:id | 500']);
});

test('Express: a request behind a proxy has its route', async (t) => {
  const { rows } = await journaled(
    t,
    `import express from 'express'; import { createServer } from 'node:http'; ${ASK}
    const app = express();
    app.set('env', 'test');
    app.get('/dogs/:id', () => { throw new Error('no leash'); });
    await ask(createServer((request, response) => app(new Proxy(request, {}), response)).listen(0), '/dogs/7');`,
  );
  assert.deepEqual(drawn(rows), ['ERROR no leash | /dogs/:id | 500']);
});

test('Express: a request that a handler makes up is not the route of its own', async (t) => {
  const { rows } = await journaled(
    t,
    `import express from 'express'; import { IncomingMessage, ServerResponse } from 'node:http'; ${ASK}
    const app = express();
    app.set('env', 'test');
    app.get('/inner/:id', (request, response) => response.end());
    app.get('/outer/:id', () => {
      const request = Object.assign(new IncomingMessage(null), { method: 'GET', url: '/inner/1' });
      app(request, new ServerResponse(request));
      throw new Error('after the inner one');
    });
    await ask(app.listen(0), '/outer/1');`,
  );
  assert.deepEqual(drawn(rows), ['ERROR after the inner one | /outer/:id | 500']);
});

test('Koa: errors of a body, when all middlewares are done, are rows; a client that leaves is none', async (t) => {
  const { rows, code } = await journaled(
    t,
    `import Koa from 'koa'; import { get } from 'node:http'; import { Readable } from 'node:stream'; ${ASK}
    const app = new Koa();
    app.silent = true;
    app.use(async (context) => {
      if (context.path === '/stream') context.body = new Readable({ read() { this.destroy(new Error('disk failed')); } });
      else if (context.path === '/text') context.body = { toJSON() { throw new TypeError('cannot be told'); } };
      else if (context.path === '/thrown') throw new Error('thrown');
      else context.body = new Readable({ read() { setTimeout(() => this.push('more'), 5); } });
    });
    const server = app.listen(0);
    await new Promise((left) => {
      const request = get({ port: server.address().port, path: '/endless' }, (answer) => {
        answer.once('data', () => request.destroy()).on('error', () => {}).on('close', left);
      });
    });
    await ask(server, '/stream', '/text', '/thrown');`,
  );
  assert.equal(code, 0);
  assert.deepEqual(drawn(rows), [
    'ERROR disk failed | undefined | undefined',
    'ERROR cannot be told | undefined | 500',
    'ERROR thrown | undefined | 500',
  ]);
  assert.equal(new Set(rows.map(({ requestId }) => requestId)).size, 3);
});

test('Hono: what notFound throws, and what Hono itself hands to onError, is a row', async (t) => {
  const { rows } = await journaled(
    t,
    `import { serve } from '@hono/node-server'; import { Hono } from 'hono'; ${ASK}
    const app = new Hono();
    app.use('/silent/*', async () => {});
    app.get('/silent/:id', (context) => context.text('never'));
    app.notFound(() => { throw new Error('in notFound'); });
    app.onError((error, context) => context.text('sorry', 503));
    await ask(serve({ fetch: app.fetch, port: 0 }), '/none', '/silent/1');`,
  );
  assert.deepEqual(
    drawn(rows).map((row) => row.replace(/ Did you.*\? \|/, ' |')),
    ['ERROR in notFound | undefined | 503', 'ERROR Context is not finalized. | /silent/:id | 503'],
  );
});

test('Hono: handlers that are set on what basePath() answers, and those of mounted applications, are seen', async (t) => {
  const { rows } = await journaled(
    t,
    `import { serve } from '@hono/node-server'; import { Hono } from 'hono'; ${ASK}
    const app = new Hono().basePath('/api');
    app.notFound(() => { throw new Error('in notFound'); });
    app.onError((error, context) => context.text('sorry', 503));
    app.use('/silent/*', async () => {});
    app.get('/silent/:id', (context) => context.text('never'));
    const part = new Hono().basePath('/part');
    part.onError((error) => { throw new Error('in onError', { cause: error }); });
    part.get('/dogs/:id', async () => { throw new Error('in the part'); });
    app.route('/parts', part);
    await ask(serve({ fetch: app.fetch, port: 0 }), '/none', '/api/silent/1', '/api/parts/part/dogs/7');`,
  );
  assert.deepEqual(
    drawn(rows).map((row) => row.replace(/ Did you.*\? \|/, ' |')),
    [
      'ERROR in notFound | undefined | 503',
      'ERROR Context is not finalized. | /api/silent/:id | 503',
      'ERROR in the part | /api/parts/part/dogs/:id | 503',
      'ERROR in onError | /api/parts/part/dogs/:id | 503',
    ],
  );
});

test('Hono: a request made within another is not its route; a mounted part of it is', async (t) => {
  const { rows } = await journaled(
    t,
    `import { serve } from '@hono/node-server'; import { Hono } from 'hono'; ${ASK}
    const app = new Hono();
    app.get('/inner', (context) => context.text('inner'));
    app.get('/outer/:id', async () => {
      await app.request('/inner');
      throw new Error('after the inner one');
    });
    const part = new Hono();
    part.get('/dogs/:name', () => { throw new Error('in the part'); });
    app.all('/parts/*', (context) => part.fetch(new Request(context.req.url.replace('/parts', ''))));
    await ask(serve({ fetch: app.fetch, port: 0 }), '/outer/1', '/parts/dogs/r%C3%A9x');`,
  );
  assert.deepEqual(drawn(rows), [
    'ERROR after the inner one | /outer/:id | 500',
    'ERROR in the part | /dogs/:name | 500',
  ]);
});

test('a client that gives up before any answer leaves no status', async (t) => {
  const leave = `
    const leave = (open) => new Promise((left) => { const one = open().on('error', () => {}).on('close', left); setTimeout(() => one.destroy(), 50); });
    const handler = (request, response) => void setTimeout(() => console.error(new Error('nobody waits for ' + request.url)), 300);`;
  const { rows, facts } = await journaled(
    t,
    `import http from 'node:http'; import http2 from 'node:http2'; import net from 'node:net'; ${leave}
    const one = http.createServer(handler).listen(0, async () => {
      await leave(() => net.connect(one.address().port).setNoDelay().on('connect', function () {
        this.write('GET /one HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n');
      }));
      one.close();
    });
    const two = http2.createServer(handler).listen(0, async () => {
      const client = http2.connect('http://127.0.0.1:' + two.address().port);
      await leave(() => client.request({ ':path': '/two' }));
      client.close();
      two.close();
    });`,
    { env: { ROWTRACE_CALL_SAMPLE_RATE: '1' } },
  );
  assert.deepEqual(drawn(rows).sort(), [
    'ERROR nobody waits for /one | undefined | undefined',
    'ERROR nobody waits for /two | undefined | undefined',
  ]);
  const calls = facts.flatMap((fact) => (fact.k === 'call' && fact.direction === 'inbound' ? [fact.status] : []));
  assert.ok(calls.every((status) => status === undefined));
});

test('the status of a request that failed is that of the answer which it got after all', async (t) => {
  const { rows } = await journaled(
    t,
    `import { createServer, get } from 'node:http'; ${ASK}
    let current;
    process.on('uncaughtException', () => current.writeHead(500).end('sorry'));
    const server = createServer((request, response) => {
      if (request.url === '/again') {
        response.on('error', () => {}).end('ok');
        response.write('more');
        return;
      }
      current = response;
      throw new Error('thrown at once');
    }).listen(0);
    await ask(server, '/throws', '/again');`,
  );
  assert.deepEqual(drawn(rows), [
    'CRITICAL thrown at once | undefined | 500',
    'ERROR write after end | undefined | 200',
  ]);
});

test('an error that the response is destroyed with is one row of its request, reported by the application or not', async (t) => {
  const { rows } = await journaled(
    t,
    `import { createServer } from 'node:http'; import { pipeline, Readable } from 'node:stream'; ${ASK}
    const failing = (words) => Readable.from((async function* () { yield 'a part'; throw new Error(words); })());
    const server = createServer((request, response) => {
      if (request.url === '/pipeline') pipeline(failing('disk failed'), response, () => {});
      else if (request.url === '/reported') pipeline(failing('told'), response, (error) => console.error(error));
      else response.destroy(new Error('given up'));
    }).listen(0);
    await ask(server, '/pipeline', '/reported', '/destroyed');`,
  );
  assert.deepEqual(drawn(rows), [
    'ERROR disk failed | undefined | 200',
    'ERROR told | undefined | 200',
    'ERROR given up | undefined | undefined',
  ]);
});

test('a request whose handler ends the process has its latency', async (t) => {
  const { rows, code } = await journaled(
    t,
    `import { createServer, get } from 'node:http';
    const server = createServer(() => { throw new Error('the end'); });
    server.listen(0, () => get({ port: server.address().port, agent: false }).on('error', () => {}));`,
  );
  assert.equal(code, 1);
  assert.deepEqual(drawn(rows), ['CRITICAL the end | undefined | undefined']);
  assert.equal(typeof rows[0]!.latency, 'number');
});

test('writeHead() takes, refuses and keeps what it does without us', async (t) => {
  const program = `import { createServer, get } from 'node:http';
    const forms = [
      [], [{}], [{ A: '1' }], [{ '': 'x' }], [{ A: undefined }], [['A', '1', 'a', '2']], [['A']], [[['A', '1'], ['A', '2']]],
      ['Fine'], ['Fine', { A: '1' }], ['Fine', ['A', '1']], [undefined, { A: '1' }], [Object.freeze({ A: '1' })],
      [Object.create({ A: '1' })], [{ 'Set-Cookie': ['a', 'b'] }], [{ [Symbol('a')]: '1', A: '1' }], [null], ['Fine', 'A'],
    ];
    const said = [];
    const server = createServer((request, response) => {
      const [, form, set] = request.url.split('/');
      if (set === 'set') response.setHeader('B', '0');
      if (set === 'removed') { response.setHeader('B', '0'); response.removeHeader('B'); }
      try { response.writeHead(201, ...forms[form]); } catch (error) { said.push(error.code, response.headersSent); response.writeHead(500); }
      const kept = { ...response.getHeaders() };
      if (set !== undefined) delete kept['x-request-id'];
      said.push(kept);
      response.end();
    }).listen(0, async () => {
      for (const form in forms)
        // With tuples node:http fails one way or the other.
        for (const set of form === '7' ? ['', '/set'] : ['', '/set', '/removed'])
          await new Promise((next) => get({ port: server.address().port, path: '/' + form + set, agent: false }, (answer) => {
            answer.resume().on('end', next);
            const raw = answer.rawHeaders;
            const rest = raw.filter((_, at) => !/^(?:date|x-request-id)$/i.test(raw[at - (at % 2)]));
            said.push(form + set, answer.statusCode, answer.statusMessage, rest);
          }).on('error', (error) => next(said.push(error.code))));
      console.log(JSON.stringify(said));
      server.close();
    });`;
  const [bare, watched] = await Promise.all([journaled(t, program, { bare: true }), journaled(t, program)]);
  assert.equal(bare.code, 0, bare.stderr);
  assert.deepEqual(JSON.parse(watched.stdout), JSON.parse(bare.stdout));
});
