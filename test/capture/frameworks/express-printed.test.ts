// Express prints each error that nobody handles: the rows say what the client was answered, whatever is printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

const PROGRAM = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import express from 'express';
writeFileSync(join(import.meta.dirname, '.hidden'), 'dog');
const failure = (message, fields) => Object.assign(new Error(message), fields);
const files = express.Router();
files.get('/none', (request, response) => response.sendFile('none.txt', { root: import.meta.dirname }));
files.get('/hidden', (request, response) => response.sendFile('.hidden', { root: import.meta.dirname, dotfiles: 'deny' }));
const app = express();
app.use('/files', files);
app.get('/dogs/:id', (request, response) => response.end());
app.get('/upstream', (request, response, next) => next(failure('upstream says 503', { status: 503 })));
const upstream = createServer((request, response) => response.writeHead(429).end()).listen(0);
app.get('/limited', async () => {
  const { status } = await fetch('http://127.0.0.1:' + upstream.address().port);
  throw failure('upstream says ' + status, { status });
});
app.get('/own', () => { throw failure('no own status'); });
app.get('/unsure', () => { throw failure('answered 500', { status: 500, statusCode: 404 }); });
app.get('/handled', () => { throw failure('payment refused', { status: 402 }); });
app.use('/handled', (error, request, response, next) => {
  console.error('cannot pay', error);
  response.status(402).end();
});
const server = app.listen(0);
await new Promise((listening) => server.once('listening', listening));
for (const path of ['/files/none', '/files/hidden', '/dogs/%zz', '/upstream', '/limited', '/own', '/unsure', '/handled'])
  await fetch('http://127.0.0.1:' + server.address().port + path).then((answer) => answer.text());
for (const one of [server, upstream]) {
  one.close();
  one.closeAllConnections();
}`;

test('Express: an error that it answers 4xx is a WARNING, though it prints it; what an error handler prints is an ERROR', async (t) => {
  const { rows, stderr } = await journaled(t, PROGRAM, { env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: '' } });
  for (const printed of [
    'ENOENT',
    'ForbiddenError',
    'URIError',
    'says 503',
    'no own status',
    'answered 500',
    'cannot pay',
  ])
    assert.ok(stderr.includes(printed), `${printed} in ${stderr}`);
  assert.deepEqual(
    // Not the calls of this program to its own server.
    drawn(rows.filter(({ module }) => !module?.includes('undici'))).map((row) => row.replace(/stat '.*'/, 'stat …')),
    [
      'WARNING ENOENT: no such file or directory, stat … | /files/none | 404',
      'WARNING Forbidden | /files/hidden | 403',
      "WARNING Failed to decode param '%zz' | undefined | 400",
      'ERROR upstream says 503 | /upstream | 503',
      'ERROR upstream says 429 | /limited | 429',
      'ERROR no own status | /own | 500',
      'ERROR answered 500 | /unsure | 500',
      'ERROR payment refused | /handled | 402',
    ],
  );
});
