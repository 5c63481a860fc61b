// restify: the parts of its server (12.0) that are seen, without the package.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { hookRestify } from '../../../src/capture/frameworks/restify.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { served } from '../../../src/capture/frameworks/served-context.ts';
import { benchRequest } from '../../support/bench-request.ts';
import { captureBench } from '../../support/capture.ts';

class Server extends EventEmitter {
  readonly answered: unknown[] = [];

  handle(request: object, error?: unknown): void {
    this.emit('routed', request, {}, { name: 'getdogsid', path: '/dogs/:id' });
    if (error !== undefined) this._onHandlerError(error, request);
  }

  private _onHandlerError(error: unknown, ..._rest: unknown[]): void {
    this.answered.push(error);
  }
}

test('a server that is made tells routes and errors, but for those of 4xx and names of routes to go on with', () => {
  const bench = captureBench();
  const exports = { createServer: () => new Server(), plugins: {} };
  const namespace = { ...exports, default: exports };
  const seam = new Seam('restify');
  hookRestify(exports, seam);
  hookRestify(namespace, seam);
  const server = namespace.default.createServer();
  assert.equal(server.listenerCount('routed'), 1);
  assert.equal(server.listenerCount('restifyError'), 0);
  const told = ['a route', Object.assign(new Error('gone'), { statusCode: 404 }), new RangeError('no dog')];
  const asked = benchRequest(bench);
  const request = {};
  served.note(request, { context: asked.active });
  // Not in its context: a callback may have lost that.
  for (const error of told) server.handle(request, error);
  asked.end();
  assert.equal(asked.route(), '/dogs/:id');
  assert.deepEqual(server.answered, told);
  assert.deepEqual(
    bench.logs().map(({ error, route }) => [error?.type, error?.message, route]),
    [['RangeError', 'no dog', '/dogs/:id']],
  );
});
