// Each framework in each module system, preloaded: real requests, the rows they leave in Postgres. docs/frameworks.md is
// made from a run of this (`node scripts/frameworks.ts`). Express 5 has a test of its own with every door of the preload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cell, measure, type Row } from '../support/frameworks.ts';

type Drawn = [level: string, type: string | null, message: string, route: string | null, status: number | null];

// level    type        message               route                       status
const EXPECTED: Drawn[] = [
  ['ERROR', 'DogError', 'no dog 7', '/dogs/:id', 500],
  ['ERROR', 'Error', 'caught', '/guarded/caught/:id', 500],
  ['ERROR', 'Error', 'not let in', '/before/:id', 500],
  ['ERROR', 'Error', 'out of stock', '/shop/:shop/items/:item', 500],
  ['ERROR', 'Error', 'too late', '/late', 200],
  ['ERROR', 'RangeError', 'cannot serve', '/logged', 500],
  ['ERROR', 'TypeError', 'rejected 8', '/rejects/:id', 500],
  ['ERROR', null, 'GET /handled answered 500', '/handled', 500],
  ['WARNING', null, 'low on food', '/warned', 200],
];

// A server without a framework: no patterns, and whatever is not handled is a crash.
const BARE: Drawn[] = [
  ['ERROR', 'DogError', 'no dog 7', null, 500],
  ['ERROR', 'Error', 'too late', null, 200],
  ['ERROR', 'RangeError', 'cannot serve', null, 500],
  ['ERROR', null, 'GET (no route) answered 500', null, 500],
  ['WARNING', null, 'low on food', null, 200],
];

const NEST_11 = {
  '@nestjs/core': 'nest11-core',
  '@nestjs/common': 'nest11-common',
  '@nestjs/platform-express': 'nest11-platform-express',
};
const NEST_12 = {
  '@nestjs/core': '@nestjs/core',
  '@nestjs/common': '@nestjs/common',
  '@nestjs/platform-express': '@nestjs/platform-express',
};

const CELLS: (Cell & { hook: string })[] = [
  ...both({ framework: 'Express 5', app: 'express', packages: { express: 'express' }, hook: 'express' }),
  ...both({ framework: 'Express 4', app: 'express', packages: { express: 'express4' }, hook: 'express' }),
  ...both({ framework: 'Fastify 5', app: 'fastify', packages: { fastify: 'fastify' }, hook: 'fastify' }),
  ...both({ framework: 'Koa 3', app: 'koa', packages: { koa: 'koa', '@koa/router': '@koa/router' }, hook: 'koa' }),
  ...both({ framework: 'NestJS 11', app: 'nest', packages: NEST_11, hook: 'nestjs-core' }),
  ...both({ framework: 'NestJS 12', app: 'nest', packages: NEST_12, hook: 'nestjs-core' }),
  ...both({
    framework: 'Hono 4 on node-server',
    app: 'hono',
    packages: { hono: 'hono', '@hono/node-server': '@hono/node-server' },
    hook: 'hono',
  }),
  ...both({
    framework: 'hapi 21',
    app: 'hapi',
    packages: { '@hapi/hapi': '@hapi/hapi' },
    hook: 'hapi',
  }),
  ...both({
    framework: 'React Router 8 on Express',
    app: 'react-router',
    packages: { 'react-router': 'react-router', '@react-router/express': '@react-router/express' },
    hook: 'react-router',
  }),
  ...both({ framework: 'node:http', app: 'http', packages: { node: 'node' }, bare: true, hook: 'http' }),
  ...both({
    framework: 'node:http2',
    app: 'http2',
    packages: { node: 'node' },
    bare: true,
    protocol: 'http2',
    hook: 'http2',
  }),
];

function both(cell: Cell & { hook: string }): (Cell & { hook: string })[] {
  return ['cjs', 'mjs'].map((extension) => ({ ...cell, app: `${cell.app}.${extension}` }));
}

for (const { hook, ...cell } of CELLS) {
  test(`${cell.framework}, ${cell.app}: one row an exception, with route, status, latency and request id`, async (t) => {
    const { rows, answered, operations, hooked } = await measure(t, cell);
    assert.deepEqual(rows.map(drawn), cell.bare ? BARE : EXPECTED);
    assert.ok(operations.includes(cell.bare ? '(no route)' : '/ok'), `latency of ${operations}`);
    assert.match(hooked, new RegExp(`hooked .*\\b${hook}\\b`));
    assert.equal(answered.get('/handled'), 'mine-1', 'an id that came with the request is answered');
    const ids = [...answered.values()];
    assert.ok(
      ids.every((id) => id !== undefined && id.length > 5),
      'every answer has an id, error answers too',
    );
    for (const row of rows) {
      assert.ok(ids.includes(row.requestId ?? 'none'), `request id of ${row.message}`);
      assert.equal(typeof row.latency, 'number', `latency of ${row.message}`);
      assert.match(row.traceId ?? '', /^[0-9a-f]{32}$/);
    }
  });
}

function drawn({ level, type, message, route, status }: Row): Drawn {
  // hapi's own way to write a parameter.
  return [level, type, message, route?.replaceAll(/\{(\w+)\}/g, ':$1') ?? null, status];
}
