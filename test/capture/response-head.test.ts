// writeHead() in every form that applications call it with: the head, the result and what is refused are as without us, but
// for the request id.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journaled } from '../support/journaled.ts';

const PROGRAM = `
import http from 'node:http'; import http2 from 'node:http2'; import net from 'node:net';
const FORMS = {
  nothing: [], null: [null], undefined: [undefined], reason: ['Fine'], 'reason, null': ['Fine', null],
  'reason, undefined': ['Fine', undefined], 'null, object': [null, { a: 'b' }], 'undefined, object': [undefined, { a: 'b' }],
  object: [{ a: 'b', 'Set-Cookie': ['x=1', 'y=2'] }], 'object, null': [{ a: 'b' }, null], 'empty object': [{}],
  'empty list': [[]], 'reason, empty list': ['Fine', []], 'empty reason': ['', { a: 'b' }],
  list: [['a', 'b', 'Set-Cookie', 'x=1', 'Set-Cookie', 'y=2']], 'reason, list': ['Fine', ['a', 'b']],
  'list with a list': [['Set-Cookie', ['x=1', 'y=2']]], pairs: [[['a', 'b'], ['Set-Cookie', 'x=1'], ['Set-Cookie', 'y=2']]],
  'reason, pairs': ['Fine', [['a', 'b']]], 'pair with a list': [[['Set-Cookie', ['x=1', 'y=2']]]],
  'the same twice': [['a', 'b', 'A', 'c']], 'pairs, the same twice': [[['a', 'b'], ['A', 'c']]],
  'odd list': [['a']], 'half a pair': [[['a']]], 'list, then a pair': [['a', 'b', ['c', 'd']]],
  'pair, then a list': [[['a', 'b'], 'c', 'd']], 'bad name': [{ 'a b': 'c' }], 'bad value': [{ a: 'b\\nc' }],
  'value undefined': [{ a: undefined }], 'of no prototype': [Object.assign(Object.create(null), { a: 'b' })],
  Map: [new Map([['a', 'b']])], Headers: [new Headers({ a: 'b' })], length: [{ 'content-length': 2 }],
};
// Copied at most, never changed.
const freeze = (value) => { if (typeof value === 'object' && value !== null) { Object.values(value).forEach(freeze); Object.freeze(value); } };
freeze(FORMS);
const answered = (response, given) => {
  let said;
  try {
    said = [response.writeHead(201, ...given) === response, response.headersSent, response.statusMessage].join();
  } catch (error) {
    said = error.code + ' ' + error.message;
  }
  response.end('ok');
  return said;
};
for (const before of [[], ['a', 'c']])
  for (const [form, given] of Object.entries(FORMS)) {
    let said;
    const server = http.createServer((request, response) => {
      for (const name of before) response.setHeader(name, 'set');
      said = answered(response, given);
    }).listen(0);
    await new Promise((listening) => server.once('listening', listening));
    const head = await new Promise((closed) => {
      let text = '';
      net.connect(server.address().port).on('data', (part) => { text += part; }).on('close', () => closed(text))
        .end('GET / HTTP/1.1\\r\\nhost: a\\r\\nx-request-id: mine-1\\r\\nconnection: close\\r\\n\\r\\n');
    });
    console.log(before.length, form, said, JSON.stringify(head));
    server.close();
  }
for (const [form, given] of Object.entries(FORMS)) {
  let said;
  const server = http2.createServer((request, response) => { said = answered(response, given); }).listen(0);
  await new Promise((listening) => server.once('listening', listening));
  const client = http2.connect('http://127.0.0.1:' + server.address().port);
  const head = await new Promise((got) => client.request({ 'x-request-id': 'mine-1' })
    .on('response', (headers) => got({ ...headers })).on('error', (error) => got(error.code)).resume());
  console.log('http2', form, said, JSON.stringify(head));
  client.destroy();
  server.close();
}`;

test('the head is as without us, but for the request id, in every form', async (t) => {
  const hooked = await journaled(t, PROGRAM);
  const bare = await journaled(t, PROGRAM, { bare: true });
  assert.equal(hooked.code, 0, hooked.stderr);
  const id = /x-request-id: mine-1\\r\\n|,"x-request-id":"mine-1"/i;
  const date = /Date: .*?\\r\\n|,"date":".*?"/;
  const lines = hooked.stdout.trim().split('\n');
  assert.equal(lines.length, 99);
  assert.deepEqual(
    lines.map((line) => line.replace(id, '').replace(date, '')),
    bare.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(date, '')),
  );
  // Node has begun no head by then.
  const refused = /^http2 (?:reason, )?null undefined Cannot convert/;
  for (const line of lines) if (!refused.test(line)) assert.match(line, id);
});
