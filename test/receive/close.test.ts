// A graceful end: what is under way is answered, who says nothing is not waited for.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { slowServer } from '../support/slow-server.ts';

test('connections that have asked nothing do not hold a stop up; a request under way is answered', async (t) => {
  const quick = () => ({ status: 200, contentType: 'text/plain', body: 'there' });
  const server = await slowServer('/slow', 'GET', { routes: { '/quick': { method: 'GET', handle: quick } } });
  const ends: Promise<unknown>[] = [];
  const client = async (text: string) => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.write(text);
    ends.push(once(socket, 'close'));
    return socket;
  };
  await client('');
  await client('GET /quick HTTP/1.1\r\nHo');
  // One that was answered, and has begun to ask again.
  const again = await client('GET /quick HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(again, 'data');
  again.write('GET /quick');
  const under = fetch(`http://127.0.0.1:${server.port}/slow`);
  await server.asked;
  const late = new Promise((resolve) => setTimeout(resolve, 8_000, 'late').unref());
  const closed = server.close(60_000).then(() => 'closed');
  assert.notEqual(await Promise.race([Promise.all(ends), late]), 'late');
  server.answer();
  assert.equal(await (await under).text(), 'done');
  assert.equal(await Promise.race([closed, late]), 'closed');
});
