// LoopBack 4: the parts of @loopback/rest (15.0) that are seen, without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookLoopback } from '../../../src/capture/frameworks/loopback.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { served } from '../../../src/capture/frameworks/served-context.ts';
import { benchRequest } from '../../support/bench-request.ts';
import { captureBench } from '../../support/capture.ts';

const notFound = Object.assign(new Error('Endpoint not found'), { statusCode: 404 });

class RoutingTable {
  find({ path }: { path: string }) {
    if (path === '/none') throw notFound;
    return { verb: 'get', path: '/dogs/{id}' };
  }
}

const RejectProvider = Object.assign(() => {}, {
  value: (log: (error: unknown) => void) => (_handled: { request: object }, error: unknown) => log(error),
});

test('what a request is rejected with is a row with its route, unless it is answered with 4xx', () => {
  const bench = captureBench();
  hookLoopback({ RoutingTable, RejectProvider }, new Seam('loopback'));
  hookLoopback({ RoutingTable, RejectProvider }, new Seam('loopback'));
  const asked = benchRequest(bench);
  const request = { path: '/dogs/7' };
  served.note(request, { context: asked.active });
  const logged: unknown[] = [];
  const reject = RejectProvider.value((error) => logged.push(error));
  const table = new RoutingTable();
  assert.equal(table.find(request).verb, 'get');
  assert.throws(() => table.find({ path: '/none' }), notFound);
  const told = [
    notFound,
    Object.assign(new Error('no entity'), { code: 'ENTITY_NOT_FOUND' }),
    Object.assign(new Error('not valid'), { status: 422 }),
    Object.assign(new Error('down'), { statusCode: 503 }),
    new RangeError('no dog'),
  ];
  for (const error of told) reject({ request }, error);
  asked.end();
  assert.deepEqual(logged, told);
  assert.equal(asked.route(), '/dogs/{id}');
  assert.deepEqual(
    bench.logs().map(({ message, route }) => [message, route]),
    [
      ['down', '/dogs/{id}'],
      ['no dog', '/dogs/{id}'],
    ],
  );
});
