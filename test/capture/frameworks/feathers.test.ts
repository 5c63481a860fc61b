// Feathers 5: the router of @feathersjs/transport-commons (5.0), without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookTransport } from '../../../src/capture/frameworks/feathers.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { benchRequest } from '../../support/bench-request.ts';
import { captureBench } from '../../support/capture.ts';

class Router {
  readonly data = new Map<string, object>();

  insert(path: string, data: object): void {
    this.data.set(path, data);
  }

  lookup(path: string) {
    const [service, id] = path.split('/').filter(Boolean);
    const data = this.data.get(id === undefined ? service! : `${service}/:__id`);
    return data === undefined ? null : { data, params: { __id: id } };
  }
}

const routing = () => (app: { routes?: Router }) => {
  app.routes = new Router();
};

test('a request has the pattern of its service, a call over a socket leaves that of the handshake', () => {
  const bench = captureBench();
  const hooked = hookTransport(Object.freeze({ routing, http: {} }), new Seam('feathers'));
  assert.equal(hooked.http, hookTransport(hooked, new Seam('feathers')).http);
  const app: { routes?: Router } = {};
  (hooked.routing as typeof routing)()(app);
  const router = app.routes!;
  router.insert('dogs', { service: 1 });
  router.insert('dogs/:__id', { service: 1 });
  const seen = [
    ['/dogs/7?token=1', '/dogs/7'],
    ['/dogs', '/dogs'],
    ['/cats', '/cats'],
    ['/socket.io/?EIO=4', 'dogs'],
  ].map(([url, path]) => {
    const request = benchRequest(bench, url);
    const found = request.run(() => router.lookup(path!));
    request.end();
    return [found !== null, request.route()];
  });
  assert.deepEqual(seen, [
    [true, '/dogs/:id'],
    [true, '/dogs'],
    [false, undefined],
    [true, undefined],
  ]);
});
