// The helpers under a real SDK with our processors: what they emit becomes the expected facts; what they wrap behaves as
// before.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type Context, logs, context as otelContext, type Span, SpanKind, trace } from '@opentelemetry/api';
import {
  captureError,
  captureErrors,
  createLogger,
  handleErrors,
  logCalls,
  setTag,
  setUser,
  trackLatency,
  withContext,
} from '../../src/manual/index.ts';
import { carriedOf } from '../../src/otel/context-keys.ts';
import { captureBench, globalCaptureBench } from '../support/capture.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

const bench = globalCaptureBench({ level: 'DEBUG' });

/** The log facts that `work` makes. */
function made(work: () => unknown) {
  const from = bench.facts.length;
  work();
  return bench.facts.slice(from).filter((fact) => fact.k === 'log');
}

test('a tag that cannot be read costs itself, not the record', () => {
  let deep: unknown = [];
  for (let n = 0; n < 50_000; n++) deep = [deep];
  const hostile = {
    getter: Object.defineProperty({}, 'a', { enumerable: true, get: broken }),
    proxy: new Proxy({}, { ownKeys: broken, get: broken, getPrototypeOf: broken }),
    toJson: { toJSON: broken },
    deep,
  };
  for (const [name, value] of Object.entries(hostile)) {
    const [fact] = made(() => captureError(new Error(name), { tags: { dog_id: 7, [name]: value } }));
    assert.equal(fact?.tags?.dog_id, 7, name);
  }
});

test('details and options of any kind, and attributes that cannot be read, are no error of the host', () => {
  const logger = createLogger({ module: 'kennel' });
  const given = [null, undefined, 'text', 42, true, 7n, Symbol('dog'), () => 5, [], { extra: null }, { extra: 'text' }];
  for (const details of given) {
    const [logged] = made(() => logger.error('still here', details as never));
    assert.equal(logged?.message, 'still here', String(details));
    const [captured] = made(() => captureError(new Error('still here'), details as never));
    assert.equal(captured?.message, 'still here', String(details));
  }
  const kept = ['text', 42].map((details) => made(() => logger.info('x', details as never))[0]?.tags);
  assert.deepEqual(kept, [{ details: 'text' }, { details: 42 }]);
  const unreadable = Object.defineProperty({ dog_id: 7 }, 'broken', { enumerable: true, get: broken });
  const tags = [
    made(() => logger.error('x', { extra: unreadable })),
    made(() => captureError(new Error('x'), { tags: unreadable })),
  ].map(([fact]) => fact?.tags?.dog_id);
  assert.deepEqual(tags, [7, 7]);
  made(() => logger.error('x', Object.defineProperty({}, 'extra', { get: broken })));
  made(() => captureError(new Error('x'), Object.defineProperty({}, 'level', { get: broken })));
});

test('an error is found where other loggers take it, and a level that is none is ERROR', () => {
  const logger = createLogger({ module: 'kennel' });
  const wayward = [
    (error: Error) => logger.error(error),
    (error: Error) => logger.error('it ran', error),
    (error: Error) => logger.error('it ran', { err: error, extra: { dog_id: 7 } } as never),
    (error: Error) => captureError(error, { level: 'LOUD' as never }),
    (error: Error) => captureError(error, { level: 3 as never }),
  ];
  for (const way of wayward) {
    const [fact] = made(() => way(new RangeError('the gate was open')));
    assert.deepEqual([fact?.error?.type, fact?.level], ['RangeError', 'ERROR'], String(way));
    assert.match(String(fact?.message), /it ran|the gate was open/);
  }
});

test('options may be left out', () => {
  assert.equal(
    trackLatency('walk', ({ span }) => span.isRecording()),
    true,
  );
  assert.equal(
    captureErrors(() => 4),
    4,
  );
  const facts = made(() => assert.throws(() => captureErrors(broken)));
  assert.equal(facts.length, 1);
});

test('whatever is given for options, the work is done', () => {
  const unreadable = {
    fallback: 7,
    get tags(): never {
      return broken();
    },
  };
  for (const given of [
    undefined,
    null,
    'text',
    7,
    unreadable,
    new Proxy({}, { ownKeys: broken, get: broken }),
  ] as never[]) {
    const double = (n: number) => 2 * n;
    assert.equal(handleErrors(double, given)(2), 4);
    assert.equal(logCalls(double, given)(2), 4);
    assert.equal(
      captureErrors(given, () => 4),
      4,
    );
    assert.equal(
      withContext(given, () => 4),
      4,
    );
    assert.equal(
      trackLatency('double', given, () => 4),
      4,
    );
    const [fact] = made(() => createLogger(given).error('here'));
    assert.deepEqual([fact?.message, fact?.module], ['here', 'app']);
  }
  assert.equal(handleErrors(broken, unreadable)(), 7);
});

function broken(): never {
  throw new Error('unreadable');
}

test('captureError takes anything that can be thrown, once an object', () => {
  const error = new RangeError('too far');
  const facts = made(() => {
    captureError(error, { module: 'walks', functionName: 'walk', tags: { dog_id: 7 }, fingerprint: 'mine' });
    captureError(error);
  });
  assert.equal(facts.length, 1);
  assert.equal(facts[0]?.error?.type, 'RangeError');
  assert.equal(facts[0]?.module, 'walks');
  assert.equal(facts[0]?.fn, 'walk');
  assert.equal(facts[0]?.fingerprint, 'mine');
  assert.equal(facts[0]?.tags?.dog_id, 7);
  const odd = [
    null,
    undefined,
    'text',
    0,
    Symbol('s'),
    {},
    Object.create(null),
    () => {},
    {
      get message() {
        throw new Error('no');
      },
    },
  ];
  assert.equal(
    made(() => {
      for (const value of odd) captureError(value);
    }).length,
    odd.length,
  );
});

test('a logger has five levels, an error, a text error, and on wish the stack of its caller', () => {
  const logger = createLogger({ module: 'kennel' });
  const facts = made(function caller() {
    logger.debug('d');
    logger.info('i', { extra: { a: 1 } });
    logger.warn('w', { stack: true });
    logger.error('e', { error: new TypeError('inner') });
    logger.fatal('f', { errorMessage: 'from afar', stackTrace: 'Error: from afar\n    at x (y.js:1:1)' });
  });
  assert.deepEqual(
    facts.map((fact) => [fact.level, fact.message, fact.module]),
    [
      ['DEBUG', 'd', 'kennel'],
      ['INFO', 'i', 'kennel'],
      ['WARNING', 'w', 'kennel'],
      ['ERROR', 'e', 'kennel'],
      ['CRITICAL', 'f', 'kennel'],
    ],
  );
  assert.match(facts[2]?.stack ?? '', /at caller .*helpers\.test\.ts/);
  assert.equal(facts[3]?.error?.type, 'TypeError');
  assert.equal(facts[4]?.error?.message, 'from afar');
});

test('withContext reaches awaited code, and inner values win; setUser and setTag reach rows of the request', async () => {
  const from = bench.facts.length;
  await withContext({ userId: 'u1', tags: { clinic_id: 1, vet_id: 2 } }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    withContext({ tags: { vet_id: 3 } }, () => captureError(new Error('inside')));
  });
  const span = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
  otelContext.with(trace.setSpan(otelContext.active(), span), () => {
    setUser('ada');
    setTag('plan', 'gold');
    captureError(new Error('in a request'));
  });
  span.end();
  const facts = bench.facts.slice(from).filter((fact) => fact.k === 'log');
  assert.equal(facts[0]?.userId, 'u1');
  assert.equal(facts[0]?.tags?.clinic_id, 1);
  assert.equal(facts[0]?.tags?.vet_id, 3);
  assert.equal(facts[1]?.userId, 'ada');
  assert.equal(facts[1]?.tags?.plan, 'gold');
});

test('work that goes on in its own context for ever holds none of those that it came through', async () => {
  const held: WeakRef<object>[] = [];
  const turn = (left: number): unknown => {
    held.push(new WeakRef(carriedOf(otelContext.active())!));
    return left === 0 ? otelContext.active() : withContext({ turn: left }, () => turn(left - 1));
  };
  const last = withContext({ turn: 100 }, () => turn(99));
  await new Promise((later) => setImmediate(later));
  collectGarbage();
  assert.deepEqual(held.map((one) => one.deref()).filter(Boolean), [carriedOf(last as Context)]);
});

test('what is thrown out of withContext is captured with what the innermost one gave, each time anew', async () => {
  const from = bench.facts.length;
  const report = (thrown: unknown) => captureError(thrown);
  await withContext({ userId: 'u1', clinic_id: 1 }, () =>
    withContext({ clinic_id: 2 }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error('rejected');
    }),
  ).catch(report);
  for (const userId of ['u2', 'u3'])
    try {
      withContext({ userId }, () => withContext({ ward: 4 }, () => JSON.parse('{')));
    } catch (thrown) {
      report(thrown);
    }
  const kept = new Error('kept');
  const fail = (userId: string) => withContext({ userId }, () => Promise.reject(kept)).catch(() => {});
  await fail('u4');
  await fail('u5');
  bench.tracker.thrown(kept, { context: otelContext.active(), level: 'ERROR' });
  const facts = bench.facts.slice(from).filter((fact) => fact.k === 'log');
  assert.deepEqual(
    facts.map(({ userId, tags }) => [userId, tags]),
    [
      ['u1', { clinic_id: 2 }],
      ['u2', { ward: 4 }],
      ['u3', { ward: 4 }],
      ['u5', undefined],
    ],
  );
});

test('a process whose rejection nobody handles ends of it with withContext around it as without', () => {
  const helpers = JSON.stringify(new URL('../../src/manual/index.ts', import.meta.url).href);
  const program = `import { withContext } from ${helpers};
    withContext({ userId: 'u1' }, () => Promise.reject(new Error('nobody')));`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /Error: nobody/);
});

test('trackLatency gives back the result, writes the call, and warns over its own limit', async () => {
  const from = bench.facts.length;
  const result = await trackLatency('charge', { peer: 'payments', slowMillis: 5 }, async ({ span }) => {
    assert.ok(span.isRecording());
    await new Promise((resolve) => setTimeout(resolve, 15));
    return 42;
  });
  assert.equal(result, 42);
  assert.equal(
    trackLatency('quick', {}, () => 'sync'),
    'sync',
  );
  assert.throws(
    () =>
      trackLatency('bad', {}, () => {
        throw new Error('declined');
      }),
    /declined/,
  );
  const facts = bench.facts.slice(from);
  assert.ok(
    facts.some(
      (fact) =>
        fact.k === 'call' && fact.peer === 'payments' && fact.weight === 1 && fact.tags?.['span.name'] === 'charge',
    ),
  );
  assert.ok(
    facts.some(
      (fact) => fact.k === 'log' && fact.level === 'WARNING' && /Slow client span charge payments/.test(fact.message),
    ),
  );
  assert.ok(facts.some((fact) => fact.k === 'log' && fact.error?.message === 'declined'));
});

test('trackLatency hands on what cannot be read, and ends its span; attributes that cannot be read are no error', () => {
  const proxy = revocable();
  const thrown = [
    proxy,
    Object.defineProperty({}, 'code', { get: broken }),
    Object.defineProperty({}, 'message', { get: broken }),
  ];
  for (const [at, value] of thrown.entries()) {
    let caught: { value: unknown } | undefined;
    let own: Span | undefined;
    try {
      trackLatency(`unreadable ${at}`, ({ span }) => {
        own = span;
        throw value;
      });
    } catch (error) {
      caught = { value: error };
    }
    assert.ok(caught !== undefined && caught.value === value, `${at}`);
    assert.equal(own?.isRecording(), false, `${at}: it is ended`);
  }
  const deep: Record<string, object> = {};
  for (let inner = deep, depth = 0; depth < 20_000; depth++) inner = inner.x = {};
  const inside = Object.defineProperty({}, 'b', { enumerable: true, get: broken });
  for (const a of [inside, proxy, deep])
    assert.equal(
      trackLatency('call', { attributes: { a } }, () => 5),
      5,
    );
  const result = Object.defineProperty({}, 'then', { get: broken });
  assert.equal(
    trackLatency('call', () => result),
    result,
  );
  trackLatency('call', () => setTag('s', proxy as never));
});

test('logCalls with a redact that is no list makes the call, and shows no argument', () => {
  const same = (value: string) => value;
  const facts = made(() => {
    for (const redact of [0, 1, 'all', {}, new Set([1])])
      assert.equal(logCalls(same, { redact: redact as never, level: 'ERROR' })('chip 4711'), 'chip 4711');
  });
  assert.equal(facts.length, 5);
  assert.ok(!JSON.stringify(facts).includes('chip'));
  assert.equal(logCalls(same, { redact: null as never, level: 'ERROR' })('Rex'), 'Rex');
});

test('captureErrors rethrows, or swallows when told to', async () => {
  assert.throws(
    () =>
      captureErrors({ component: 'import' }, () => {
        throw new Error('a');
      }),
    /a/,
  );
  await assert.rejects(
    captureErrors({}, async () => {
      throw new Error('b');
    }),
    /b/,
  );
  assert.equal(
    captureErrors({ rethrow: false }, () => {
      throw new Error('c');
    }),
    undefined,
  );
  assert.equal(
    await captureErrors({ rethrow: false }, async () => {
      throw new Error('d');
    }),
    undefined,
  );
  assert.equal(
    captureErrors({}, () => 5),
    5,
  );
});

test('handleErrors keeps this, arguments, name and length, for functions of all four kinds', async () => {
  const from = bench.facts.length;
  const failing = {
    factor: 3,
    times: handleErrors(function times(this: { factor: number }, a: number, b: number) {
      return a * b * this.factor;
    }),
    plain: handleErrors(
      (): number => {
        throw new Error('p');
      },
      { fallback: -1 },
    ),
    later: handleErrors(
      async (): Promise<number> => {
        throw new Error('l');
      },
      { fallback: () => -2 },
    ),
    *numbers(): Generator<number> {
      yield 1;
      throw new Error('g');
    },
    async *lines(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('ag');
    },
  };
  assert.equal(failing.times(2, 5), 30);
  assert.equal(failing.times.name, 'times');
  assert.equal(failing.times.length, 2);
  assert.equal(failing.plain(), -1);
  assert.equal(await failing.later(), -2);
  assert.deepEqual([...handleErrors(failing.numbers, { rethrow: false })()], [1]);
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const line of handleErrors(failing.lines)()) seen.push(line);
  }, /ag/);
  assert.deepEqual(seen, ['x']);
  const messages = bench.facts.slice(from).flatMap((fact) => (fact.k === 'log' ? [fact.error?.message] : []));
  assert.deepEqual(messages, ['p', 'l', 'g', 'ag']);
});

test('as a decorator it works in both styles', () => {
  class Clinic {
    rooms = 2;
    open(): number {
      return this.rooms;
    }
    shut(): number {
      throw new Error('locked');
    }
  }
  // Standard: (method, context).
  const standard = handleErrors({ fallback: 0 })(Clinic.prototype.shut, {
    kind: 'method',
    name: 'shut',
  } as ClassMethodDecoratorContext);
  assert.equal(standard.call(new Clinic()), 0);
  // Legacy: (target, key, descriptor).
  const descriptor = Object.getOwnPropertyDescriptor(Clinic.prototype, 'open') as TypedPropertyDescriptor<() => number>;
  Object.defineProperty(
    Clinic.prototype,
    'open',
    logCalls({ level: 'INFO' })(Clinic.prototype, 'open', descriptor) as PropertyDescriptor,
  );
  const facts = made(() => assert.equal(new Clinic().open(), 2));
  assert.equal(facts[0]?.message, 'open returned');
});

test('as a decorator of what is no method it leaves that alone, as plain JavaScript may have it', () => {
  const accessor = { get: () => 2, configurable: true };
  for (const decorate of [handleErrors(), logCalls()] as unknown as ((...given: unknown[]) => unknown)[]) {
    assert.equal(decorate(undefined, { kind: 'field', name: 'rooms' }), undefined);
    assert.equal(decorate({ get: () => 2, set() {} }, { kind: 'accessor', name: 'rooms' }), undefined);
    assert.equal(decorate(class {}, { kind: 'class', name: 'Clinic' }), undefined);
    assert.equal(decorate(class {}), undefined);
    // TypeScript gives a field no descriptor, nor does Babel in all its modes.
    assert.equal(decorate({}, 'rooms'), undefined);
    assert.equal(decorate({}, 'rooms', undefined), undefined);
    assert.equal(decorate({}, 'rooms', accessor), accessor);
  }
});

test('logCalls tells arguments (redacted where asked), duration and outcome', () => {
  const pay = logCalls(
    function pay(_amount: number, _card: string): string {
      return 'paid';
    },
    { level: 'INFO', redact: [1], module: 'till' },
  );
  const facts = made(() => assert.equal(pay(5, '4111'), 'paid'));
  assert.deepEqual(facts[0]?.tags?.['call.arguments'], ['5', '[redacted]']);
  assert.equal(facts[0]?.fn, 'pay');
  assert.equal(typeof facts[0]?.tags?.['call.duration_ms'], 'number');
  const fail = logCalls((): void => {
    throw new Error('no');
  });
  assert.throws(fail, /no/);
});

test('what nobody wants to have is not looked at: arguments of calls below the level, unless the call fails', () => {
  const bench = captureBench({ level: 'ERROR' });
  logs.disable();
  logs.setGlobalLoggerProvider(bench.loggers);
  let looked = 0;
  const watched = {
    [Symbol.for('nodejs.util.inspect.custom')]() {
      looked++;
      return 'Rex';
    },
  };
  const walk = logCalls(
    (dog: object, steps: number): number => {
      if (steps < 0) throw new Error(`${typeof dog} backwards`);
      return steps;
    },
    { level: 'INFO' },
  );
  assert.equal(walk(watched, 5), 5);
  assert.equal(looked, 0);
  assert.throws(() => walk(watched, -1), /backwards/);
  assert.equal(bench.logs().length, 1);
  assert.deepEqual(bench.logs()[0]?.tags?.['call.arguments'], ['Rex', '-1']);
  assert.equal(looked, 1);
  logs.disable();
  logs.setGlobalLoggerProvider({
    getLogger: () => ({
      emit: () => {
        looked++;
      },
      enabled: broken,
    }),
  });
  looked = 0;
  captureError(new Error('to a logger that fails at the question'));
  assert.equal(looked, 1);
  logs.disable();
});

test('without any SDK the helpers do nothing and break nothing', () => {
  logs.disable();
  captureError(new Error('nobody listens'));
  createLogger({ module: 'm' }).error('nobody listens');
  assert.equal(
    trackLatency('t', {}, () => 1),
    1,
  );
  logs.setGlobalLoggerProvider(bench.loggers);
});

function revocable(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
