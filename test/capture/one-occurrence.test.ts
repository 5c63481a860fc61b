// One exception, one occurrence: the rules by which several carriers of an exception make one row.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { GraphQLError } from 'graphql';
import { seamOf } from '../../src/capture/frameworks/seam.ts';
import { hookConsole } from '../../src/capture/loggers.ts';
import { captureBench } from '../support/capture.ts';

function request(bench: ReturnType<typeof captureBench>, work: () => void, status = 500): void {
  const span = bench.tracer.startSpan('GET', {
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'request.id': 'rid-1', 'url.path': '/dogs/7' },
  });
  context.with(trace.setSpan(context.active(), span), work);
  span.setAttributes({ 'http.route': '/dogs/:id', 'http.response.status_code': status });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function inSpan(
  bench: ReturnType<typeof captureBench>,
  name: string,
  work: (span: ReturnType<typeof bench.tracer.startSpan>) => void,
  kind = SpanKind.INTERNAL,
) {
  const span = bench.tracer.startSpan(name, { kind });
  context.with(trace.setSpan(context.active(), span), () => work(span));
  span.end();
}

test('a copy of an Error as plain data is that Error, whichever comes first; two of them are two', () => {
  const copyOf = ({ name, message, stack }: Error) => ({ name, message, stack });
  const bench = captureBench();
  const crash = (thrown: unknown) => bench.tracker.thrown(thrown, { context: context.active(), level: 'ERROR' });
  for (const inOrder of [(one: Error) => [one, copyOf(one)], (one: Error) => [copyOf(one), one, copyOf(one)]]) {
    const from = bench.logs().length;
    request(bench, () => {
      for (const thrown of inOrder(new TypeError('no such dog'))) crash(thrown);
      crash(new TypeError('no such cat'));
    });
    assert.deepEqual(
      bench
        .logs()
        .slice(from)
        .map(({ error }) => error?.message),
      ['no such dog', 'no such cat'],
    );
  }
  const hostile = new Proxy({}, { getPrototypeOf: () => assert.fail('asked') });
  crash(hostile);
  assert.equal(bench.logs().length, 5);
});

test('an Error recorded on two nested spans, logged and crashed is one row, raised to CRITICAL', () => {
  const bench = captureBench();
  const error = new TypeError('no such dog');
  request(bench, () => {
    inSpan(bench, 'outer', (outer) => {
      inSpan(bench, 'inner', (inner) => inner.recordException(error));
      outer.recordException(error);
    });
    const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
    console.error('it failed:', error);
    unhook();
    bench.tracker.thrown(error, { context: context.active(), level: 'CRITICAL' });
  });
  assert.equal(bench.logs().length, 1);
  const [row] = bench.logs();
  assert.equal(row?.error?.type, 'TypeError');
  assert.equal(row?.hold, true);
  assert.equal(row?.requestId, 'rid-1');
  assert.deepEqual(
    bench.now.filter((fact) => fact.k === 'log'),
    [row],
    'an ERROR is written before the call returns',
  );
  const raised = bench.amendments().find((fact) => fact.level === 'CRITICAL');
  assert.deepEqual(raised?.rows, [{ id: row?.id, t: row?.t }]);
  const final = bench.amendments().find((fact) => fact.final);
  assert.equal(final?.status, 500);
  assert.equal(final?.route, '/dogs/:id');
  assert.equal(typeof final?.latency, 'number');
  const ledger = bench.ledger();
  assert.equal(ledger?.accepted, 4);
  assert.equal(ledger?.merged, 3);
});

// Next 15.5, dist/server/app-render/create-error-handler.js: the error of a server component is recorded, and again where the
// page is rendered, as the one that React's client makes of its digest.
test('what React knows in production of an error of a server component is no second row', () => {
  const bench = captureBench();
  const next = bench.tracers.getTracer('next.js');
  const standIn = (digest: string): Error => {
    const error = Object.assign(
      new Error(
        'An error occurred in the Server Components render. The specific message is omitted in production builds to avoid ' +
          'leaking sensitive details. A digest property is included on this error instance which may provide additional ' +
          'details about the nature of the error.',
      ),
      { digest },
    );
    error.stack = `Error: ${error.message}`;
    return error;
  };
  const record = (error: Error) => {
    const span = next.startSpan('AppRender.getBodyResult');
    span.recordException(error);
    span.end();
  };
  request(bench, () => {
    record(Object.assign(new TypeError('no dog 7'), { digest: '2469548697' }));
    record(standIn('2469548697'));
    // With a code of Next's own error.
    record(Object.assign(new Error('misused'), { digest: '77' }));
    record(standIn('77@E394'));
    // Of a string that a component threw nothing but this is recorded.
    record(standIn('1234'));
  });
  request(bench, () => record(standIn('2469548697')));
  assert.deepEqual(
    bench.logs().map((row) => row.error?.message.slice(0, 16)),
    ['no dog 7', 'misused', 'An error occurre', 'An error occurre'],
  );
});

test('three errors thrown in a retry loop are three rows, even with one and the same stack', () => {
  const bench = captureBench();
  request(bench, () => {
    for (let attempt = 0; attempt < 3; attempt++)
      inSpan(bench, 'attempt', (span) => span.recordException(new Error('busy')));
  });
  assert.equal(bench.logs().length, 3);
});

test('a thrown string recorded by two layers of one request is one row', () => {
  const bench = captureBench();
  request(bench, () => {
    inSpan(bench, 'outer', (outer) => {
      inSpan(bench, 'inner', (inner) => inner.recordException('plain text'));
      outer.recordException('plain text');
    });
  });
  assert.equal(bench.logs().length, 1);
  assert.equal(bench.logs()[0]?.message, 'plain text');
});

test('a failed call and the application error that wraps it are one row: the wrapper, with the call as its cause', () => {
  const bench = captureBench();
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  request(bench, () => {
    inSpan(bench, 'GET', (span) => span.recordException(refused), SpanKind.CLIENT);
    inSpan(bench, 'handler', (span) => span.recordException(new Error('cannot load dog', { cause: refused })));
  });
  const [call, wrapper] = bench.logs();
  assert.equal(bench.logs().length, 2);
  assert.equal(wrapper?.error?.cause?.code, 'ECONNREFUSED');
  assert.deepEqual(bench.merges(), [{ row: { id: call?.id, t: call?.t }, into: wrapper?.id }]);
});

// As node-fetch 2 and 3 have it: FetchError, no cause.
test('an error that has the code and the words of a failed call, and no more of it, is one row with the last such call', () => {
  const refused = (code = 'ECONNREFUSED') => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code });
  const reason = 'request to http://dogs:1/?id=7 failed, reason: connect ECONNREFUSED 127.0.0.1:1';
  for (const [calls, message, merged] of [
    [[refused()], reason, [0]],
    [[refused(), refused()], reason, [1]],
    [[refused('EPIPE')], reason, []],
    [[refused()], 'no dogs today', []],
    // Both addresses of localhost: an AggregateError without words.
    [[Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })], 'request to … failed, reason: ', [0]],
  ] as const) {
    const bench = captureBench();
    request(bench, () => {
      for (const call of calls) inSpan(bench, 'GET', (span) => span.recordException(call), SpanKind.CLIENT);
      const thrown = Object.assign(new Error(message), { code: 'ECONNREFUSED', type: 'system' });
      inSpan(bench, 'handler', (span) => span.recordException(thrown));
    });
    const rows = bench.logs();
    assert.deepEqual(
      bench.merges(),
      merged.map((at) => ({ row: { id: rows[at]?.id, t: rows[at]?.t }, into: rows.at(-1)?.id })),
      message,
    );
  }
});

test("a database span's masked exception becomes part of the true error that follows", () => {
  const bench = captureBench();
  const truth = Object.assign(new Error('relation "dogs" does not exist'), { code: '42P01' });
  request(bench, () => {
    inSpan(
      bench,
      'pg.query',
      (span) => {
        span.setAttributes({
          'db.system.name': 'postgresql',
          'db.query.text': 'select * from dogs',
          'error.type': '42P01',
        });
        span.recordException("PostgreSQL error of type 'error' occurred (code: 42P01)");
        span.setStatus({ code: SpanStatusCode.ERROR, message: truth.message });
      },
      SpanKind.CLIENT,
    );
    inSpan(bench, 'handler', (span) => span.recordException(truth));
  });
  const [call, error] = bench.logs();
  assert.equal(call?.error?.message, truth.message);
  assert.equal(call?.error?.code, '42P01');
  assert.equal(call?.tags?.['db.query.text'], 'select * from dogs');
  assert.equal(error?.error?.code, '42P01');
  assert.deepEqual(
    bench.merges().map((fact) => fact.into),
    [error?.id],
  );
});

// As Knex 3.3 has it (the same Error, its message with the statement in front), Sequelize 6.37 (no cause, a parent),
// MikroORM 7.2 (UniqueConstraintViolationException: no cause, the detail behind the message), 6.6 (over Knex: both) and Prisma 7.10 with
// @prisma/adapter-pg (no cause; what the adapter made of the driver's error is among `meta`).
const DUPLICATE = 'duplicate key value violates unique constraint "dogs_name_key"';
const ofPrisma = (said: string, cause: object) =>
  Object.assign(new Error(`\nInvalid \`prisma.dog.create()\` invocation:\n\n\n${said}`), {
    code: 'P2002',
    meta: { modelName: 'Dog', driverAdapterError: new Error('UniqueConstraintViolation', { cause }) },
  });
const fromDatabase = (message = DUPLICATE) => Object.assign(new Error(message), { code: '23505' });
for (const [library, reported] of [
  ['Knex', fromDatabase(`insert into "dogs" ("name") values ($1) - ${DUPLICATE}`)],
  ['MikroORM', fromDatabase(`${DUPLICATE}\n - detail: Key (name)=(Rex) already exists.`)],
  [
    'MikroORM 6',
    fromDatabase(
      `insert into "dogs" ("name") values ('Rex') - ${DUPLICATE}\n - detail: Key (name)=(Rex) already exists.`,
    ),
  ],
  ['Sequelize', Object.assign(new Error('Validation error'), { parent: fromDatabase(), errors: [] })],
  [
    'Prisma',
    ofPrisma('Unique constraint failed on the fields: (`name`)', {
      originalCode: '23505',
      originalMessage: DUPLICATE,
      kind: 'UniqueConstraintViolation',
    }),
  ],
] as const) {
  test(`a failed statement and what ${library} makes of it are one row; of another statement they are two`, () => {
    if ('parent' in reported) Object.assign(reported, { original: reported.parent });
    for (const [told, merges] of [
      [DUPLICATE, 1],
      ['key value', 0],
    ] as const) {
      const bench = captureBench();
      const query = (span: ReturnType<typeof bench.tracer.startSpan>) => {
        span.setAttribute('db.system.name', 'postgresql');
        span.setStatus({ code: SpanStatusCode.ERROR, message: told });
      };
      request(bench, () => {
        inSpan(bench, 'pg.query', query, SpanKind.CLIENT);
        inSpan(bench, 'handler', (span) => span.recordException(reported));
      });
      assert.deepEqual([bench.logs().length, bench.merges().length], [2, merges]);
    }
  });
}

test('a server that is not there is one row by Prisma, which has its own words for it', () => {
  const reported = ofPrisma("Can't reach database server at db:5432", {
    kind: 'DatabaseNotReachable',
    host: 'db',
    port: 5432,
  });
  for (const [told, merges] of [
    ['connect ECONNREFUSED 10.0.0.7:5432', 1],
    ['getaddrinfo ENOTFOUND db', 1],
    ['relation "dogs" does not exist', 0],
  ] as const) {
    const bench = captureBench();
    request(bench, () => {
      inSpan(
        bench,
        'pg.connect',
        (span) => span.setStatus({ code: SpanStatusCode.ERROR, message: told }),
        SpanKind.CLIENT,
      );
      inSpan(bench, 'handler', (span) => span.recordException(reported));
    });
    assert.equal(bench.merges().length, merges, told);
  }
});

// pg patched by two tools in one process; a retry of the same rejection.
test('spans beside each other that fail of what is known already are no rows of their own', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
  for (const exception of [refused, "PostgreSQL error of type 'error' occurred (code: 42P01)"]) {
    const bench = captureBench();
    request(bench, () => {
      for (const name of ['first', 'second']) {
        const query = (span: ReturnType<typeof bench.tracer.startSpan>) => {
          span.recordException(exception);
          span.setStatus({ code: SpanStatusCode.ERROR, message: 'relation "dogs" does not exist' });
        };
        inSpan(bench, name, query, SpanKind.CLIENT);
      }
    });
    assert.equal(bench.logs().length, 1);
  }
});

test('masked exceptions wait for the end of their span in a bounded number; those beyond are rows at once', () => {
  const bench = captureBench();
  inSpan(
    bench,
    'subscribe',
    (span) => {
      for (let nr = 0; nr < 200; nr++) span.recordException(`lost ${nr}`);
      assert.deepEqual(
        bench.logs().map(({ message }) => message),
        Array.from({ length: 72 }, (_, at) => `lost ${128 + at}`),
      );
    },
    SpanKind.CLIENT,
  );
  assert.equal(bench.logs().length, 200);
});

test('a failed call that the application handles keeps its own row', () => {
  const bench = captureBench();
  request(bench, () => {
    inSpan(bench, 'GET', (span) => span.recordException(new Error('socket hang up')), SpanKind.CLIENT);
  });
  assert.equal(bench.logs().length, 1);
  assert.equal(bench.merges().length, 0);
});

test('a log record whose attributes carry the stack of an exception seen in the request adds no row', () => {
  const bench = captureBench();
  const error = new Error('bad thing');
  request(bench, () => {
    inSpan(bench, 'handler', (span) => span.recordException(error));
    bench.logger.emit({
      severityNumber: 17,
      body: 'it broke',
      attributes: {
        'exception.type': 'Error',
        'exception.message': 'bad thing',
        'exception.stacktrace': `${error.stack}\ncaused by: more`,
      },
    });
  });
  assert.equal(bench.logs().length, 1);
  assert.ok(bench.amendments().some((fact) => fact.tags?.['log.body'] === 'it broke'));
});

test('the log record may come first', () => {
  const bench = captureBench();
  const error = new Error('bad thing');
  request(bench, () => {
    bench.logger.emit({ severityNumber: 17, body: 'it broke', exception: error });
    inSpan(bench, 'handler', (span) => span.recordException(error));
  });
  assert.equal(bench.logs().length, 1);
  assert.equal(bench.logs()[0]?.message, 'it broke');
});

test('an exception added as an event by hand is a row', () => {
  const bench = captureBench();
  request(bench, () => {
    inSpan(bench, 'by hand', (span) => {
      span.addEvent('exception', { 'exception.type': 'Boom', 'exception.message': 'by hand' });
      span.recordException(new Error('by the book'));
    });
  });
  assert.deepEqual(
    bench
      .logs()
      .map((row) => row.error?.message)
      .sort(),
    ['by hand', 'by the book'],
  );
});

test('a request that answers 500 without any exception is a row with status and latency; one that answers 404 is none', () => {
  const bench = captureBench();
  request(bench, () => {});
  assert.equal(bench.logs().length, 1);
  const [row] = bench.logs();
  assert.equal(row?.message, 'GET /dogs/:id answered 500');
  assert.equal(row?.status, 500);
  assert.equal(typeof row?.latency, 'number');
  const span = bench.tracer.startSpan('GET', {
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': 'GET', 'http.response.status_code': 404 },
  });
  span.end();
  assert.equal(bench.logs().length, 1);
});

test('a 500 after an error that was logged makes no second row', () => {
  const bench = captureBench();
  request(bench, () => bench.logger.emit({ severityNumber: 17, body: 'it broke', exception: new Error('once') }));
  assert.equal(bench.logs().length, 1);
});

test('an error whose 4xx a framework prints, since nobody handled it, stays a WARNING', () => {
  const bench = captureBench();
  const error = Object.assign(new SyntaxError('no JSON'), { status: 400, expose: true });
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  request(bench, () => {
    seamOf('express').thrown(error);
    console.error(error);
  });
  unhook();
  assert.deepEqual(
    bench.logs().map(({ level }) => level),
    ['WARNING'],
  );
  assert.ok(bench.amendments().every(({ level }) => level === undefined));
});

test('an error logged without its request and then passed on is the row of that request, and of no other', () => {
  const bench = captureBench();
  const error = new Error('logged where the context was lost');
  const unhook = hookConsole({ emit: (record) => bench.logger.emit(record as never) }, 'errors');
  console.error('it broke', error);
  unhook();
  request(bench, () => inSpan(bench, 'handler', (span) => span.recordException(error)));
  assert.equal(bench.logs().length, 1);
  const [row] = bench.logs();
  const amendments = bench.amendments().filter(({ rows }) => rows[0]?.id === row?.id);
  assert.ok(amendments.some(({ requestId }) => requestId === 'rid-1'));
  const final = amendments.find((fact) => fact.final);
  assert.deepEqual([final?.status, final?.route], [500, '/dogs/:id']);
  request(bench, () => inSpan(bench, 'handler', (span) => span.recordException(error)));
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['it broke', 'GET /dogs/:id answered 500'],
    'a rejection that is kept fails further requests',
  );
  const { accepted, merged } = bench.ledger()!;
  assert.deepEqual([accepted, merged], [4, 2]);
});

test('an error recorded on a root of its own inside a request and then thrown is the row of that request', () => {
  const bench = captureBench();
  const error = new Error('in a detached root');
  request(bench, () => {
    const job = bench.tracer.startSpan('job', { root: true });
    job.recordException(error);
    job.end();
    inSpan(bench, 'handler', (span) => span.recordException(error));
  });
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['in a detached root'],
  );
  const [row] = bench.logs();
  const amendments = bench.amendments().filter(({ rows }) => rows.some(({ id }) => id === row?.id));
  assert.ok(amendments.some(({ requestId }) => requestId === 'rid-1'));
  const final = amendments.findLast((fact) => fact.final);
  assert.deepEqual([final?.status, final?.route], [500, '/dogs/:id']);
});

test('an error of one job that turns up in another stays that of the first', () => {
  const bench = captureBench();
  const error = new Error('kept');
  for (const name of ['first', 'second']) inSpan(bench, name, (span) => span.recordException(error));
  assert.equal(bench.logs().length, 1);
  assert.ok(bench.amendments().every(({ requestId, rows }) => requestId === undefined && rows.length === 1));
  assert.equal(bench.amendments().filter(({ final }) => final).length, 1);
});

test('an error whose status says that the client is at fault is a WARNING', () => {
  const bench = captureBench();
  request(bench, () =>
    inSpan(bench, 'handler', (span) => span.recordException(Object.assign(new Error('bad json'), { status: 400 }))),
  );
  assert.equal(bench.logs()[0]?.level, 'WARNING');
});

test('it stays one where the request answers so', () => {
  const bench = captureBench();
  request(
    bench,
    () =>
      inSpan(bench, 'handler', (span) => span.recordException(Object.assign(new Error('bad json'), { status: 400 }))),
    400,
  );
  assert.equal(bench.logs()[0]?.level, 'WARNING');
  assert.ok(bench.amendments().every(({ level }) => level === undefined));
});

for (const status of [401, 402, 404, 429])
  test(`an error with the ${status} of another service, of which the request answers 500, is an ERROR`, () => {
    const bench = captureBench();
    const error = Object.assign(new Error('the till said no'), { status });
    request(bench, () => {
      inSpan(bench, 'call', (span) => span.recordException(error));
      seamOf('express').thrown(error);
    });
    const [row] = bench.logs();
    assert.equal(bench.logs().length, 1);
    assert.deepEqual(
      bench.amendments().filter(({ level }) => level !== undefined),
      [{ k: 'amend', rows: [{ id: row!.id, t: row!.t }], level: 'ERROR' }],
    );
  });

test('where no request is, no client is at fault', () => {
  const bench = captureBench();
  inSpan(bench, 'nightly', (span) => span.recordException(Object.assign(new Error('429'), { status: 429 })));
  assert.equal(bench.logs()[0]?.level, 'ERROR');
});

test('a storm of errors with the 402 of another service is counted as ERROR where requests answer 500', () => {
  const bench = captureBench({ stormRows: 5 });
  for (let nr = 0; nr < 20; nr++)
    request(bench, () =>
      inSpan(bench, 'call', (span) => span.recordException(Object.assign(new Error('no'), { status: 402 }))),
    );
  bench.ledger();
  assert.equal(bench.amendments().filter(({ level }) => level === 'ERROR').length, 5);
  assert.deepEqual(
    bench.counts().map(({ count, like }) => [count, like.level]),
    [[15, 'ERROR']],
  );
});

test('causes and members that are logged after the error that holds them are part of it', () => {
  const bench = captureBench();
  const cause = new Error('disk on fire', { cause: new Error('sparks') });
  const members = [new Error('m1'), new Error('m2')];
  const log = (error: unknown, level: 'ERROR' | 'CRITICAL', body: string) =>
    bench.tracker.thrown(error, { context: context.active(), level, body });
  request(bench, () => {
    seamOf('express').thrown(new Error('cannot save', { cause }));
    log(cause, 'ERROR', 'cause was');
    log(cause.cause, 'CRITICAL', 'and its cause');
    seamOf('express').thrown(new AggregateError(members, 'all of them'));
    for (const member of members) log(member, 'ERROR', 'member');
  });
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['cannot save', 'all of them'],
  );
  const [row] = bench.logs();
  assert.deepEqual(bench.amendments().find(({ level }) => level === 'CRITICAL')?.rows, [{ id: row!.id, t: row!.t }]);
  const { accepted, merged } = bench.ledger()!;
  assert.deepEqual([accepted, merged], [6, 4]);
});

test('a rejection that is kept is seen again, after it was the cause of an error', (t) => {
  const bench = captureBench();
  const kept = new Error('no connection');
  bench.tracker.thrown(new Error('cannot load', { cause: kept }), { context: context.active(), level: 'ERROR' });
  bench.tracker.thrown(new Error('cannot save', { cause: kept }), { context: context.active(), level: 'ERROR' });
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 6000 });
  bench.tracker.thrown(kept, { context: context.active(), level: 'ERROR' });
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['cannot load', 'cannot save', 'no connection'],
  );
});

for (const [what, stack, other] of [
  ['an empty stack', '', 'TypeError: quite another\n    at f (/a.js:1:1)'],
  ['a stack without frames', 'Error: timeout', 'Error: timeout of the till\n    at f (/a.js:1:1)'],
  ['a frame that goes on', 'Error: x\n    at f (/a.js:1:1', 'Error: x\n    at f (/a.js:1:12)'],
])
  for (const objectFirst of [true, false])
    test(`${what} is the beginning of no other error, ${objectFirst ? 'the object' : 'the text'} first`, () => {
      const bench = captureBench();
      const error = Object.assign(new Error('one'), { stack });
      const asObject = () => bench.tracker.thrown(error, { context: context.active(), level: 'ERROR' });
      const asText = () =>
        bench.logger.emit({
          severityNumber: 17,
          body: 'other',
          attributes: { 'exception.type': 'Error', 'exception.message': 'other', 'exception.stacktrace': other },
        });
      request(bench, () => {
        for (const carrier of objectFirst ? [asObject, asText] : [asText, asObject]) carrier();
      });
      assert.deepEqual(
        bench
          .logs()
          .map(({ message }) => message)
          .sort(),
        ['one', 'other'],
      );
    });

test('GraphQL: the error of a resolver that a plugin logs in its GraphQLError is one row, of its own class', () => {
  const bench = captureBench();
  const log = (error: unknown) =>
    bench.tracker.thrown(error, { context: context.active(), level: 'ERROR', body: 'didEncounterErrors' });
  const fail = (error: Error) => inSpan(bench, 'graphql.resolve', (span) => span.recordException(error));
  const located = (error: Error) => new GraphQLError(error.message, { path: ['dog'], originalError: error });
  const thrown = new RangeError('no such dog');
  const mine = new GraphQLError('not your dog', { extensions: { code: 'FORBIDDEN' } });
  const cause = new TypeError('relation "dogs" does not exist');
  const worded = new GraphQLError('no kennel', { originalError: cause });
  request(bench, () => {
    for (const error of [thrown, mine]) {
      fail(error);
      log(located(error));
    }
    fail(cause);
    fail(worded);
    log(located(worded));
  });
  assert.deepEqual(
    bench.logs().map(({ error, absorbs }) => [error?.type, error?.message, error?.cause?.message, absorbs?.length]),
    [
      ['RangeError', 'no such dog', undefined, undefined],
      ['GraphQLError', 'not your dog', undefined, undefined],
      ['TypeError', cause.message, undefined, undefined],
      ['GraphQLError', 'no kennel', cause.message, 1],
    ],
  );
});

test('GraphQL: a query that is not valid is one row, though its error is logged as well', () => {
  const bench = captureBench();
  const message = 'Cannot query field "cat" on type "Query".';
  request(bench, () => {
    const tracer = bench.tracers.getTracer('@opentelemetry/instrumentation-graphql');
    const span = tracer.startSpan('graphql.validate');
    span.recordException({ name: 'graphql.validation.error', message: JSON.stringify([{ message }]) });
    span.end();
    bench.tracker.thrown(new GraphQLError(message), { context: context.active(), level: 'WARNING' });
  });
  assert.deepEqual(
    bench.logs().map(({ level, absorbs }) => [level, absorbs?.length]),
    [
      ['WARNING', undefined],
      ['WARNING', 1],
    ],
  );
});
