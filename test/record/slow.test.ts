import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../src/record/fact.ts';
import { slowLimit, whereWords } from '../../src/record/slow.ts';
import { timeSpent } from '../../src/record/time-spent.ts';

const limits = { slowServerMillis: 2000, slowClientMillis: 1000, slowDbMillis: 500 };
const server = (name: string): Operation => ({ kind: 'server', name, method: 'GET' });

test('the more exact name wins: with method, without, pattern, kind; 0 turns a limit off', () => {
  const slowMillis = { 'GET /a': 1, '/a': 2, '/b': 3, 'GET /admin/*': 4, '/admin/*/log': 5, '*': 6, '/off': 0 };
  const limitOf = (operation: Operation) => slowLimit(operation, { ...limits, slowMillis });
  assert.equal(limitOf(server('/a')), 1);
  assert.equal(limitOf({ ...server('/a'), method: 'POST' }), 2);
  assert.equal(limitOf(server('/b')), 3);
  assert.equal(limitOf(server('/admin/7/log')), 4, 'the longer pattern, or the first of two as long');
  assert.equal(limitOf({ ...server('/admin/7/log'), method: 'POST' }), 5);
  assert.equal(limitOf(server('/c')), 6);
  assert.equal(limitOf(server('/off')), undefined);
  assert.equal(slowLimit(server('/x'), { ...limits, slowMillis: {} }), 2000);
  assert.equal(slowLimit(server('/x'), { ...limits, slowServerMillis: 0, slowMillis: {} }), undefined);
  assert.equal(slowLimit({ kind: 'internal', name: 'x' }, { ...limits, slowMillis: {} }), undefined);
});

test('a span that is called like a property of every object has the limit of its kind', () => {
  for (const name of ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__']) {
    const internal: Operation = { kind: 'internal', name, peer: name };
    assert.equal(slowLimit(internal, { ...limits, slowMillis: {} }), undefined, name);
    const own = { ...limits, slowMillis: JSON.parse(`{"${name}":7}`) };
    assert.equal(slowLimit(internal, own), 7, name);
  }
});

test('time of a span: children by name, those at the same time counted once', () => {
  const select: Operation = { kind: 'db', name: 'SELECT dogs', peer: 'postgresql' };
  const call: Operation = { kind: 'client', name: 'http', method: 'GET', peer: 'api' };
  const spent = timeSpent(
    [
      { operation: select, from: 100, to: 400 },
      { operation: select, from: 200, to: 450 },
      { operation: call, from: 600, to: 700 },
    ],
    0,
    1000,
  );
  assert.deepEqual(spent, {
    slowest: [
      { name: 'db SELECT dogs', millis: 550, count: 2 },
      { name: 'client GET api', millis: 100, count: 1 },
    ],
    selfMillis: 1000 - 350 - 100,
  });
  assert.equal(whereWords(1000, spent, 0), '; 550 ms in db SELECT dogs in 2 calls');
  assert.equal(whereWords(1000, spent, 600), '; the event loop was blocked for 600 ms of it');
  assert.equal(whereWords(1200, spent, 0), '', 'nothing that most of the time went to');
});
