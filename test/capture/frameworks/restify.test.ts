// restify: the parts of its server (12.0) that are seen, without the package.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata, type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { hookRestify } from '../../../src/capture/frameworks/restify.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { captureBench } from '../../support/capture.ts';

class Server extends EventEmitter {
  readonly answered: unknown[] = [];

  handle(path: string, error?: unknown): void {
    const request = {};
    this.emit('routed', request, {}, { name: 'getdogsid', path });
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
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  const rpc: RPCMetadata = { type: RPCType.HTTP, span };
  const active = setRPCMetadata(trace.setSpan(context.active(), span), rpc);
  context.with(active, () => {
    for (const error of told) server.handle('/dogs/:id', error);
  });
  span.end();
  assert.equal((getRPCMetadata(active) as { route?: string }).route, '/dogs/:id');
  assert.deepEqual(server.answered, told);
  assert.deepEqual(
    bench.logs().map(({ error }) => [error?.type, error?.message]),
    [['RangeError', 'no dog']],
  );
});
