// Next.js in the ways it is run with Rowtrace: a custom server and the stand-alone build with the preload, and a server
// whose instrumentation.js starts Rowtrace itself. One build of Next's own for all; docs/frameworks.md is made from a run.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { measure, type Row } from '../support/frameworks.ts';
import { freePort } from '../support/free-port.ts';
import { buildNextApp, type NextApp } from '../support/next-app.ts';

type Drawn = [level: string, type: string | null, message: string, route: string | null, status: number | null];

// Pages, route handlers, a page with an error.js, getServerSideProps, an API route, a server action, and the proxy, of
// whose error Next makes an answer of its own (404 or 500). redirect() and notFound() are none.
// level    type        message               route                         status
const EXPECTED: Drawn[] = [
  ['ERROR', 'DogError', 'no dog 7', '/dogs/[id]', 500],
  ['ERROR', 'Error', 'caught', '/guarded/caught/[id]', 500],
  ['ERROR', 'Error', 'not let in', '/_error', null],
  ['ERROR', 'Error', 'out of stock', '/shop/[shop]/items/[item]', 500],
  ['ERROR', 'Error', 'too late', '/late', 200],
  ['ERROR', 'RangeError', 'cannot serve', '/logged', 500],
  ['ERROR', 'RangeError', 'no slot 9', '/book', 500],
  ['ERROR', 'SyntaxError', 'old 5', '/api/old/[id]', 500],
  ['ERROR', 'TypeError', 'rejected 8', '/rejects/[id]', 500],
  ['ERROR', null, 'GET /handled answered 500', '/handled', 500],
  ['WARNING', null, 'low on food', '/warned', 200],
];

let app: NextApp;
before(() => {
  app = buildNextApp();
});
after(() => app?.remove());

// Next 16.4 itself fails after an error of the proxy, and lacks a chunk in its stand-alone build.
const ignored = /^Cannot append headers after|^Failed to load chunk/;
const NEXT = { framework: 'Next.js 16', packages: { next: 'next', react: 'react' }, visit, ignored };

test('Next.js, custom server: one row an exception, with route, status, latency and request id', async (t) => {
  const { rows, answered, operations, hooked } = await measure(t, { ...NEXT, folder: app.folder, app: 'server.mjs' });
  assert.deepEqual(drawn(rows), EXPECTED);
  assert.match(hooked, /hooked .*\bnext\b/);
  for (const operation of ['/ok', '/dogs/[id]', '/api/old/[id]', '(no route)'])
    assert.ok(operations.includes(operation), `latency of ${operation} in ${operations}`);
  assert.equal(answered.get('/handled'), 'mine-1');
  for (const row of rows) {
    assert.match(row.traceId ?? '', /^[0-9a-f]{32}$/);
    assert.equal(typeof row.latency, 'number', `latency of ${row.message}`);
    assert.ok(row.requestId, `request id of ${row.message}`);
  }
});

test('Next.js, stand-alone build: the same rows', async (t) => {
  const { rows } = await measure(t, {
    ...NEXT,
    framework: 'Next.js 16, stand-alone',
    folder: app.standalone,
    app: 'server.js',
    env: { PORT: String(await freePort()), HOSTNAME: '127.0.0.1' },
    stop: { signal: 'SIGTERM', code: 143 },
  });
  assert.deepEqual(drawn(rows), EXPECTED);
});

test('Next.js, started by instrumentation.js: the same rows, although http was loaded before us', async (t) => {
  const { rows } = await measure(t, {
    ...NEXT,
    framework: 'Next.js 16, `instrumentation.js`',
    folder: app.folder,
    app: 'server.mjs',
    env: { KENNEL_DOOR: 'instrumentation' },
    door: 'none',
  });
  assert.deepEqual(drawn(rows), EXPECTED);
});

/** A server action, an API route of `pages`, and what Next throws to itself. */
async function visit(url: string): Promise<(string | null)[]> {
  const book = `${url}/book`;
  const [action] = /\$ACTION_ID_[0-9a-f]+/.exec(await (await fetch(book)).text()) ?? [];
  const form = new FormData();
  form.set(action!, '');
  form.set('slot', '9');
  const answers: [status: number, answer: Promise<Response>][] = [
    [500, fetch(book, { method: 'POST', body: form, headers: { origin: url } })],
    [500, fetch(`${url}/api/old/5`)],
    [404, fetch(`${url}/gone`)],
    [307, fetch(`${url}/moved`, { redirect: 'manual' })],
  ];
  for (const [status, answer] of answers) assert.equal((await answer).status, status);
  return Promise.all(answers.map(async ([, answer]) => (await answer).headers.get('x-request-id')));
}

function drawn(rows: readonly Row[]): Drawn[] {
  return rows.map(({ level, type, message, route, status }) => [
    level,
    type,
    message,
    route,
    message === 'not let in' ? null : status,
  ]);
}
