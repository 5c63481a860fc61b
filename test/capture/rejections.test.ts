import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASK, drawn, type Journaled, journaled } from '../support/journaled.ts';

const LATER = `const later = () => new Promise((turn) => setTimeout(turn, 20));`;
const REJECT = `Promise.reject(Object.assign(new TypeError('no dog'), { code: 'E_DOG' }));`;

/** What the process says and how it ends is the same without us, our one line and the folder aside. */
function assertAlike(ours: Journaled, bare: Journaled): void {
  const seen = ({ code, stdout, stderr }: Journaled) => ({
    code,
    stdout,
    stderr: stderr.replace(STARTED, '').replaceAll(/\/rt-\w+/g, ''),
  });
  assert.deepEqual(seen(ours), seen(bare));
}

const STARTED = /^rowtrace: .*\n/;

const PROGRAMS: Record<string, { program: string; rows: string[]; code: number }> = {
  'a listener that prints the message': {
    program: `process.on('unhandledRejection', (error) => console.log(error.message)); ${REJECT}`,
    rows: ['ERROR TypeError no dog'],
    code: 0,
  },
  'a listener that prints the error': {
    program: `process.on('unhandledRejection', (error) => console.log('failed', error.code) ?? console.error(error.name)); ${REJECT}`,
    rows: ['ERROR TypeError no dog'],
    code: 0,
  },
  'a text': {
    program: `process.on('unhandledRejection', () => {}); Promise.reject('no dog');`,
    rows: ['ERROR string no dog'],
    code: 0,
  },
  'a listener that ends the process': {
    program: `process.on('unhandledRejection', () => process.exit(7)); ${REJECT}`,
    rows: ['ERROR TypeError no dog'],
    code: 7,
  },
  'a listener that throws it': {
    program: `process.on('unhandledRejection', (error) => { throw error; }); Promise.reject(Object.assign(new TypeError('no dog'), { stack: 'none' }));`,
    rows: ['CRITICAL TypeError no dog'],
    code: 1,
  },
  'no listener': {
    program: `Promise.reject(Object.assign(new TypeError('no dog'), { stack: 'none' }));`,
    rows: ['CRITICAL TypeError no dog'],
    code: 1,
  },
  'a listener that was removed': {
    program: `const listener = () => {}; process.on('unhandledRejection', listener); process.off('unhandledRejection', listener);
      Promise.reject(Object.assign(new TypeError('no dog'), { stack: 'none' }));`,
    rows: ['CRITICAL TypeError no dog'],
    code: 1,
  },
  'all listeners removed': {
    program: `process.on('unhandledRejection', () => {}); process.removeAllListeners('unhandledRejection');
      Promise.reject(Object.assign(new TypeError('no dog'), { stack: 'none' }));`,
    rows: ['CRITICAL TypeError no dog'],
    code: 1,
  },
  'a listener for once': {
    program: `${LATER} process.once('unhandledRejection', () => console.log('once'));
      ${REJECT} await later(); Promise.reject(Object.assign(new RangeError('no cat'), { stack: 'none' })); await later();`,
    rows: ['ERROR TypeError no dog', 'CRITICAL RangeError no cat'],
    code: 1,
  },
  'as many listeners as Node takes for sound': {
    program: `for (let at = 0; at < 10; at++) process.on('unhandledRejection', () => {}); ${REJECT}`,
    rows: [],
    code: 0,
  },
};

for (const [name, { program, rows, code }] of Object.entries(PROGRAMS))
  test(`a rejection that nobody handled: ${name}`, async (t) => {
    const ours = await journaled(t, program);
    assert.equal(ours.code, code, ours.stderr);
    assert.deepEqual(
      ours.rows.map(({ level, error }) => `${level} ${error?.type} ${error?.message}`),
      rows,
    );
    assertAlike(ours, await journaled(t, program, { bare: true }));
  });

test('a rejection of a request that failed has its route, and is one row with what is printed of it', async (t) => {
  const program = `${ASK}
import express from 'express';
process.on('unhandledRejection', (error) => console.error(error));
const app = express();
app.get('/dogs/:id', (request, response) => {
  Promise.reject(new TypeError('no dog'));
  setTimeout(() => response.status(500).end(), 20);
});
await ask(app.listen(0), '/dogs/7');`;
  const { rows, stderr } = await journaled(t, program);
  assert.deepEqual(drawn(rows), ['ERROR no dog | /dogs/:id | 500'], stderr);
  assert.equal(rows[0]?.tags?.['process.unhandled_rejection'], true);
});

test('that a client left before its request was read is no row', async (t) => {
  const program = `
import { createServer } from 'node:http';
import { connect } from 'node:net';
process.on('unhandledRejection', (error) => { console.log(error.message); server.close(); });
const server = createServer(async (request) => { for await (const piece of request) client.destroy(); });
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const client = connect(server.address().port, '127.0.0.1');
client.write('POST / HTTP/1.1\\r\\nhost: dogs.example\\r\\ncontent-length: 9\\r\\n\\r\\nRex');
`;
  const { rows, stdout, stderr } = await journaled(t, program);
  assert.equal(stdout.trim(), 'aborted', stderr);
  assert.deepEqual(rows, []);
});

test('two of our own do not keep one another there, and an end takes its own away', async (t) => {
  const program = `
import { hookRejections } from '${new URL('../../src/capture/rejections.ts', import.meta.url).href}';
const seen = [];
const tracker = { thrown: (reason) => seen.push(reason.message), failed() {} };
const before = process.listenerCount('unhandledRejection');
const listener = () => {};
process.on('unhandledRejection', listener);
const undo = [hookRejections(tracker), hookRejections(tracker)];
const during = process.listenerCount('unhandledRejection');
undo.pop()();
const after = process.listenerCount('unhandledRejection');
process.off('unhandledRejection', listener);
console.log(before, during, after, process.listenerCount('unhandledRejection'));
process.on('unhandledRejection', listener);
Promise.reject(new Error('no dog'));
process.once('exit', () => console.log(seen.join()));
`;
  const { stdout, stderr } = await journaled(t, program, { bare: true });
  assert.equal(stdout, '0 3 2 0\nno dog\n', stderr);
});
