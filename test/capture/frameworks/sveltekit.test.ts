// SvelteKit as a bundle has it: the ways its runtime (2.70 and 3.2) calls what is the application's, without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

/** `respond`, as it is called by adapter-node; what it prints is told by `print`. */
const RUNTIME = `
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
const store = new AsyncLocalStorage();
class HttpError { constructor(status, message) { Object.assign(this, { status, body: { message } }); } }
class Redirect { constructor(status, location) { Object.assign(this, { status, location }); } }
class SvelteKitError extends Error { constructor(status, text, message) { super(message); Object.assign(this, { status, text }); } }
class ValidationError extends Error { name = 'ValidationError'; issues = []; }
const error = (status, message) => { throw new HttpError(status, message); };
// As its record_span().
const traced = (name, attributes, work) => tracer === undefined ? work() : tracer.startActiveSpan(name, { attributes }, async (span) => {
  try { return await work(); } catch (thrown) {
    if (thrown instanceof HttpError && thrown.status >= 500) span.recordException({ name: 'HttpError', message: thrown.body.message });
    if (thrown instanceof Error) span.recordException({ name: thrown.name, message: thrown.message, stack: thrown.stack });
    span.setStatus({ code: 2 });
    throw thrown;
  } finally { span.end(); }
});
async function respond(id, handler, isSubRequest = false) {
  const kept = { event: { route: { id }, isSubRequest }, state: {} };
  const run = (work) => store.run(kept, work);
  const attributes = { 'http.route': id ?? 'unknown', 'http.method': 'GET', 'http.url': 'http://kennel/', 'sveltekit.is_sub_request': isSubRequest };
  try {
    return await traced('sveltekit.handle.root', attributes, () => run(() => traced('sveltekit.resolve', { 'http.route': id ?? 'unknown' }, async () => {
      try { return await traced('sveltekit.load', {}, () => run(handler)) ?? 200; }
      catch (thrown) { if (handler.rethrown) throw thrown; return answer(thrown, run); }
    })));
  } catch (thrown) { return answer(thrown, run); }
}
function answer(thrown, run) {
  if (thrown instanceof Redirect || thrown instanceof HttpError) return thrown.status;
  run(() => print(thrown));
  return thrown instanceof SvelteKitError ? thrown.status : thrown instanceof ValidationError ? 400 : 500;
}
async function ask(routes) {
  const server = createServer(async (request, response) => {
    const handler = routes[request.url];
    const status = await respond(handler === undefined ? null : '/[kennel]' + request.url, handler ?? (() => { throw new SvelteKitError(404, 'Not Found', 'Not found: ' + request.url); }));
    response.writeHead(status).end();
  }).listen(0);
  await new Promise((listening) => server.once('listening', listening));
  const answers = [];
  for (const path of [...Object.keys(routes), '/none'])
    answers.push((await fetch('http://127.0.0.1:' + server.address().port + path)).status);
  console.log(answers.join());
  server.close();
  server.closeAllConnections();
}
`;

const ROUTES = `
let second;
await ask({
  '/ok': () => undefined,
  '/thrown': async () => { await null; throw new RangeError('no dog'); },
  '/rethrown': Object.assign(() => { throw new TypeError('outer', { cause: new Error('inner') }); }, { rethrown: true }),
  '/logged': () => { const failed = new Error('no owner'); console.error('while serving', failed); throw failed; },
  '/text': () => { throw 'a bare text'; },
  '/closed': Object.assign(() => error(503, 'closed'), { rethrown: true }),
  '/gone': () => error(404, 'gone'),
  '/moved': () => { throw new Redirect(307, '/ok'); },
  '/invalid': () => { throw new ValidationError('not valid'); },
  '/inner': async () => { await respond('/api', () => { throw new Error('of a part'); }, true); throw new Error('of the whole'); },
  '/refused': () => { throw Object.assign(new Error('refused'), { status: 404 }); },
  '/answered': () => 500,
});
`;

const EXPECTED = [
  'ERROR no dog | /[kennel]/thrown | 500',
  'ERROR outer | /[kennel]/rethrown | 500',
  'ERROR while serving | /[kennel]/logged | 500',
  'ERROR a bare text | /[kennel]/text | 500',
  'ERROR closed | /[kennel]/closed | 503',
  'ERROR of a part | /[kennel]/inner | 500',
  'ERROR of the whole | /[kennel]/inner | 500',
  'ERROR refused | /[kennel]/refused | 500',
  'ERROR GET /[kennel]/answered answered 500 | /[kennel]/answered | 500',
];
const ANSWERS = '200,500,500,500,500,503,404,307,400,500,500,500,404\n';

/** What SvelteKit prints of an error, by version; nothing where the application's own handleError has it. */
const PRINTS = {
  'SvelteKit 3 prints the stacks of an error and of its causes':
    'const print = (thrown) => { for (let one = thrown; one instanceof Error; one = one.cause) if (!one.issues && !(one.status && one.text)) console.error(one.stack); };',
  'SvelteKit 2 prints a stack below a line of its own, and makes an Error of what is none': `
    const print = (thrown) => { if (thrown.issues) return; const one = thrown instanceof Error ? thrown : new Error(JSON.stringify(thrown)); console.error(one.status && one.text ? '[404] GET /' : '[500] GET /\\n' + one.stack); };`,
  'handleError prints nothing': 'const print = () => {};',
};
const UNTRACED = 'const tracer = undefined;';
const TRACED = "import { trace } from '@opentelemetry/api'; const tracer = trace.getTracer('sveltekit');";
const KIT = manifest({ devDependencies: { '@sveltejs/kit': '^3.0.0' } });

function manifest(dependencies: object): Record<string, string> {
  return { 'package.json': JSON.stringify({ name: 'kennel', ...dependencies }) };
}

for (const [title, print] of Object.entries(PRINTS))
  for (const [spans, tracing] of [
    ['without spans', UNTRACED],
    ['with spans', TRACED],
  ] as const)
    test(`${title}: one row an exception with its route, ${spans}`, async (t) => {
      const program = tracing + print + RUNTIME + ROUTES;
      const { rows, facts, stdout, stderr } = await journaled(t, program, { files: KIT });
      assert.deepEqual(drawn(rows), EXPECTED);
      assert.deepEqual(
        rows.flatMap(({ error }) => error?.type ?? []),
        ['RangeError', 'TypeError', 'Error', 'string', 'HttpError', 'Error', 'Error', 'Error'],
      );
      assert.equal(stdout, ANSWERS);
      assert.match(stderr, /hooked http,[^;]* sveltekit,/);
      assert.ok(!JSON.stringify(facts).includes('sveltekit.load'), 'no operation of its own');
    });

test('an application that no manifest calls one of SvelteKit: its first span tells', async (t) => {
  const program = TRACED + PRINTS['handleError prints nothing'] + RUNTIME + ROUTES;
  const { rows } = await journaled(t, program, { files: manifest({}) });
  assert.deepEqual(drawn(rows), EXPECTED);
});

test('other applications, and one that switches it off, keep the method of Node', async (t) => {
  const program = `import { AsyncLocalStorage } from 'node:async_hooks';
    const { run } = AsyncLocalStorage.prototype;
    console.log(run.name, new AsyncLocalStorage().run({ event: { route: { id: '/' } }, state: {} }, (...values) => values.join(), 1, 2));
    try { new AsyncLocalStorage().run(1, () => { throw new Error('thrown'); }); } catch (error) { console.log(/sveltekit/.test(error.stack)); }`;
  const off = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'sveltekit' };
  const seen = [
    await journaled(t, program, { files: manifest({ dependencies: { express: '5' } }) }),
    await journaled(t, program, { files: KIT, env: off }),
    await journaled(t, program, { files: KIT }),
  ].map(({ stdout }) => stdout);
  assert.deepEqual(seen, ['run 1,2\nfalse\n', 'run 1,2\nfalse\n', 'run 1,2\ntrue\n']);
});
