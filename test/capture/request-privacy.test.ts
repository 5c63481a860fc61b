// What docs/privacy.md says of a request that is served: its path and its user agent are kept, its body, headers, cookies and
// query and the address of its client are nowhere in the journal; of an error its other properties are not either.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../support/journaled.ts';

const MARKS = ['inbody', 'inheader', 'incookie', 'inquery', 'inproperty'] as const;

test('a row has neither body, headers, cookies, query nor client of its request, nor properties of its error', async (t) => {
  const { rows, facts } = await journaled(
    t,
    `import express from 'express';
    const app = express();
    app.use(express.json());
    app.post('/dogs/:id', (request) => {
      if (request.body.note !== 'inbody' || request.query.note !== 'inquery') throw new Error('not read');
      throw Object.assign(new Error('no dog'), { config: { headers: { note: 'inproperty' } } });
    });
    const server = app.listen(0, '127.0.0.2', async () => {
      await fetch('http://127.0.0.2:' + server.address().port + '/dogs/7?note=inquery', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'kept/1', 'x-note': 'inheader', cookie: 'note=incookie' },
        body: '{"note":"inbody"}',
      });
      process.exit(0);
    });`,
  );
  assert.deepEqual(
    rows.map(({ message, route, tags }) => [message, route, tags?.['url.path'], tags?.['user_agent.original']]),
    [['no dog', '/dogs/:id', '/dogs/7', 'kept/1']],
  );
  const written = JSON.stringify(facts);
  assert.deepEqual(
    [...MARKS, '127.0.0.1', '127.0.0.2'].filter((mark) => written.includes(mark)),
    [],
  );
});
