// What an ES module imports of node:http and node:https by name is what is hooked, whatever is preloaded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../support/journaled.ts';

test('calls by functions that an ES module imports by name are seen', async (t) => {
  const { rows } = await journaled(
    t,
    `import { get, request } from 'node:http';
    import { createServer } from 'node:net';
    import { get as getSecure, request as requestSecure } from 'node:https';
    const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(0);
    await new Promise((listening) => server.once('listening', listening));
    for (const call of [get, request, getSecure, requestSecure])
      await new Promise((ended) => call({ port: server.address().port, agent: false }).on('error', ended).end());
    server.close();`,
  );
  assert.deepEqual(
    rows.map(({ level, error, module }) => `${level} ${error?.code} ${module}`),
    Array(4).fill('ERROR ECONNRESET @opentelemetry/instrumentation-http'),
  );
});
