// Routes and errors of Express 4 and 5 as our hook sees them: patterns joined through routers, an error known to its
// request however it gets out, and nothing that an application could notice.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Express, NextFunction, Request, Response } from 'express';
import { hookExpress } from '../../../src/capture/frameworks/express.ts';
import { createHttpServerHook } from '../../../src/capture/frameworks/http.ts';
import { seamOf } from '../../../src/capture/frameworks/seam.ts';
import { until } from '../../support/application.ts';

const spans = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
registerInstrumentations({ instrumentations: [createHttpServerHook(['x-request-id'])] });
const load = createRequire(import.meta.url);
load('node:http');

type ExpressPackage = (() => Express) & { Router(): Express; static(path: string): never };

/** An answer by `app`, and the span it left. */
async function asked(t: TestContext, app: Express, path: string) {
  spans.reset();
  const server = createServer(app as never).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  const text = await answer.text();
  await until(() => spans.getFinishedSpans().length > 0, 'the span');
  const [span, ...others] = spans.getFinishedSpans();
  assert.deepEqual(others, [], 'one span a request');
  const errors = span!.events.map(({ attributes }) => attributes?.['exception.message']);
  return { route: span!.attributes['http.route'], status: answer.status, text, errors };
}

for (const version of [5, 4] as const) {
  const express = load(version === 5 ? 'express' : 'express4') as ExpressPackage;
  hookExpress(express as never, seamOf('express'));
  const ok = (_request: Request, response: Response): void => void response.send('ok');
  const wildcard = version === 5 ? '/files/*path' : '/files/*';

  function application(): Express {
    const app = express();
    app.set('env', 'test');
    const items = express.Router();
    items.get('/', ok);
    items.get('/:item', ok);
    items.get('/:item/none', (_request, _response, next) => next());
    const shop = express.Router();
    shop.use('/items', items);
    shop.get('/open', ok);
    const api = express();
    api.get('/status', ok);
    app.use((_request, _response, next) => next());
    app.get('/', ok);
    app.get(['/dogs', '/hounds'], ok);
    app.get(/^\/numbers\/\d+$/, ok);
    app.get(wildcard, ok);
    app.use('/shop/:shop', shop);
    app.use('/api', api);
    app.use('/answers', ok);
    app.get('/passes', (_request, _response, next) => next());
    app.use([(_request: Request, _response: Response, next: NextFunction) => next()]);
    app.use((_request: Request, response: Response) => void response.status(404).send('none'));
    return app;
  }

  // path                    route
  const ROUTES: [string, string | undefined][] = [
    ['/', '/'],
    ['/dogs', '/dogs,/hounds'],
    ['/numbers/7', '/^\\/numbers\\/\\d+$/'],
    ['/files/a/b', wildcard],
    ['/shop/9/items', '/shop/:shop/items'],
    ['/shop/9/items/7', '/shop/:shop/items/:item'],
    ['/shop/9/open', '/shop/:shop/open'],
    ['/api/status', '/api/status'],
    ['/answers/all', '/answers'],
    ['/shop/9/nothing', undefined],
    ['/shop/9/items/7/none', undefined],
    ['/passes', undefined],
    ['/nothing', undefined],
  ];

  for (const [path, route] of ROUTES)
    test(`Express ${version}: the route of ${path} is ${route}`, async (t) => {
      const seen = await asked(t, application(), path);
      assert.equal(seen.route, route);
      assert.equal(seen.status, route === undefined ? 404 : 200);
    });

  const failures: Record<string, (request: Request, response: Response, next: NextFunction) => unknown> = {
    'thrown at once': () => {
      throw new Error('bad');
    },
    'given to next': (_request, _response, next) => next(new Error('bad')),
    'given to next where the context is lost': (_request, _response, next) =>
      context.with(trace.deleteSpan(context.active()), () => setTimeout(() => next(new Error('bad')), 1)),
    ...(version === 5 ? { 'rejected with': () => Promise.reject(new Error('bad')) } : {}),
  };
  for (const [how, handler] of Object.entries(failures)) {
    test(`Express ${version}: an error ${how}, answered by Express, is on the span of its request once`, async (t) => {
      const app = express();
      app.set('env', 'test');
      const router = express.Router();
      router.get('/:id', handler as never);
      app.use('/dogs', router);
      const seen = await asked(t, app, '/dogs/7');
      assert.deepEqual([seen.errors, seen.route, seen.status], [['bad'], '/dogs/:id', 500]);
    });

    test(`Express ${version}: an error ${how}, answered by an error handler, is on the span of its request once`, async (t) => {
      const app = express();
      app.get('/dogs/:id', handler as never);
      app.use(((error: Error, _request: Request, response: Response, _next: NextFunction) => {
        assert.equal(error.message, 'bad');
        response.status(400).send('handled');
      }) as never);
      const seen = await asked(t, app, '/dogs/7');
      assert.deepEqual([seen.errors, seen.route, seen.text], [['bad'], '/dogs/:id', 'handled']);
    });
  }

  test(`Express ${version}: what an error handler throws is seen beside what it was given`, async (t) => {
    const app = express();
    app.set('env', 'test');
    app.get('/dogs', () => {
      throw new Error('first');
    });
    app.use(((_error: Error, _request: Request, _response: Response, _next: NextFunction) => {
      throw new Error('second');
    }) as never);
    assert.deepEqual((await asked(t, app, '/dogs')).errors, ['first', 'second']);
  });

  test(`Express ${version}: next('route') and next('router') are no errors`, async (t) => {
    const app = express();
    const router = express.Router();
    router.get('/skip', (_request, _response, next) => next('route'));
    router.get('/leave', (_request, _response, next) => next('router'));
    app.use(router as never);
    app.use(ok);
    for (const path of ['/skip', '/leave'])
      assert.deepEqual(await asked(t, app, path), { route: undefined, status: 200, text: 'ok', errors: [] });
  });

  test(`Express ${version}: handlers, their order and what routers list of themselves are as before`, () => {
    const app = application() as unknown as { router?: unknown; _router?: unknown };
    const { stack } = (version === 5 ? app.router : app._router) as { stack: { handle: unknown; name: string }[] };
    assert.ok(stack.some(({ handle }) => handle === ok));
    assert.ok(
      stack.some(
        ({ handle, name }) => name === 'router' && Array.isArray((handle as typeof app & { stack: [] }).stack),
      ),
    );
  });

  test(`Express ${version}: switched off it notes nothing`, async (t) => {
    const seam = seamOf('express');
    seam.active = false;
    t.after(() => {
      seam.active = true;
    });
    const app = express();
    app.set('env', 'test');
    app.get('/dogs/:id', failures['given to next'] as never);
    const seen = await asked(t, app, '/dogs/7');
    assert.deepEqual([seen.errors, seen.route, seen.status], [[], undefined, 500]);
  });
}
