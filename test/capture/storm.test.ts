// The storm valve, with a clock of the test: what is stored in full, what is counted, and that the account closes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Carrier } from '../../src/capture/carrier.ts';
import { recordRules } from '../../src/deliver/rules.ts';
import type { ResourceFact } from '../../src/record/fact.ts';
import type { Level } from '../../src/record/level.ts';
import { type BenchOptions, captureBench } from '../support/capture.ts';
import { collectGarbage } from '../support/collect-garbage.ts';

const START = Date.UTC(2026, 0, 2, 3, 59, 0);
const SECOND = 1000;
const resource: ResourceFact = {
  ...{ k: 'resource', v: 1, process: 'p', service: 'kennel', environment: 'test', host: 'h', pid: 1 },
} as ResourceFact;
const rules = recordRules({});

function storm(options: BenchOptions = {}) {
  const clock = { time: START };
  const bench = captureBench({ stormRows: 20, level: 'DEBUG', ...options, now: () => clock.time });
  const carrier = (level: Level = 'ERROR', more: Partial<Carrier> = {}): Carrier => ({
    context: context.active(),
    level,
    module: 'api',
    ...more,
  });
  return {
    ...bench,
    clock,
    throwOne: (error: unknown, level: Level = 'ERROR', more: Partial<Carrier> = {}) =>
      bench.tracker.thrown(error, carrier(level, more)),
    log: (body: string, level: Level, more: Partial<Carrier> = {}) =>
      bench.tracker.plain(carrier(level, { body, ...more })),
    /** Writes the counts down, and says what the ledger says. */
    close() {
      const ledger = bench.tracker.ledger();
      const aggregated = bench.counts().reduce((sum, { count }) => sum + count, 0);
      const merged = ledger.merged;
      assert.equal(ledger.accepted, bench.logs().length + merged + aggregated, 'it closes');
      return { accepted: ledger.accepted, merged, aggregated, stored: bench.logs().length };
    },
    fingerprints: () => ({
      rows: new Set(bench.logs().map((fact) => rules.log(fact, resource).fingerprint)),
      counts: new Set(bench.counts().map((fact) => rules.count(fact, resource).fingerprint)),
    }),
  };
}

const failure = (message = 'no dog 7') => new TypeError(message);

describe('storm valve', () => {
  test('of one kind 20 a minute are stored, and the 100th, 1,000th, 10,000th; the others are counted exactly', () => {
    const { throwOne, close, logs, counts, fingerprints, clock } = storm();
    for (let nr = 1; nr <= 12_345; nr++) {
      clock.time = START + nr;
      throwOne(failure());
    }
    assert.deepEqual(close(), { accepted: 12_345, merged: 0, aggregated: 12_345 - 23, stored: 23 });
    const [count] = counts();
    assert.deepEqual([count!.t, count!.to, count!.like.level], [START + 21, START + 12_345, 'ERROR']);
    assert.deepEqual(fingerprints().counts, fingerprints().rows, 'counted for the issue they would have had');
    assert.equal(logs().length, 23);
  });

  test('each minute begins anew, and no count spans two of them, so that hours stay exact', () => {
    const { throwOne, close, counts, clock } = storm();
    for (let second = 0; second < 120; second++) {
      clock.time = START + second * SECOND;
      throwOne(failure());
    }
    assert.deepEqual(close(), { accepted: 120, merged: 0, aggregated: 80, stored: 40 });
    assert.deepEqual(
      counts().map(({ t, to, count }) => [(t - START) / SECOND, (to - START) / SECOND, count]),
      [
        [20, 59, 40],
        [80, 119, 40],
      ],
    );
  });

  test('a count that was written is not written again, and the next one has what came since', () => {
    const { throwOne, close, counts } = storm();
    for (let nr = 1; nr <= 35; nr++) {
      throwOne(failure());
      if (nr === 30) close();
      if (nr === 30 || nr === 35) close();
    }
    assert.deepEqual(
      counts().map(({ count }) => count),
      [10, 5],
    );
    assert.equal(new Set(counts().map(({ id }) => id)).size, 2);
  });

  test('kinds are told apart as fingerprints tell them apart: words, causes, codes, places; values they mask are not', () => {
    const { throwOne, close, fingerprints } = storm();
    const here = (message: string, more: object = {}) => Object.assign(failure(message), more);
    for (let nr = 0; nr < 60; nr++) {
      throwOne(here(`dog ${nr} is late`));
      throwOne(here(`answered ${nr % 2 === 0 ? 404 : 500}`));
      throwOne(here('failed', { code: nr % 2 === 0 ? 'ECONNREFUSED' : 'ETIMEDOUT' }));
      throwOne(here('failed', { cause: new Error(nr % 2 === 0 ? 'no route' : 'no time') }));
      throwOne(failure('failed'));
    }
    const { stored } = close();
    const { rows, counts } = fingerprints();
    assert.deepEqual(
      [...counts].filter((key) => !rows.has(key)),
      [],
      'no count goes to an issue that none of its occurrences would have had',
    );
    assert.deepEqual(rows, counts);
    assert.ok(stored < 300);
  });

  test('100,000 errors with messages of their own stay bounded in rows and facts', () => {
    const { throwOne, close, facts } = storm();
    for (let nr = 0; nr < 100_000; nr++) throwOne(failure(`dog ${nr} is late`));
    const { stored, aggregated } = close();
    assert.equal(stored + aggregated, 100_000);
    assert.ok(stored <= 8 + 20 + 4, `${stored} rows`);
    assert.ok(facts.length < 40, `${facts.length} facts`);
  });

  test('100,000 errors with stacks of their own go to one issue that says so; an error of another type has its row', () => {
    const { throwOne, close, logs, counts, fingerprints } = storm();
    for (let nr = 0; nr < 100_000; nr++) {
      const error = new RangeError(`deep ${nr}`);
      error.stack = `RangeError: deep ${nr}\n    at f${nr} (/app/generated-${nr}.js:1:1)`;
      throwOne(error);
      if (nr === 70_000) throwOne(failure('the other one'));
    }
    assert.deepEqual(close(), { accepted: 100_001, merged: 0, aggregated: 99_900, stored: 101 });
    assert.ok(logs().some(({ message }) => message === 'the other one'));
    assert.equal(fingerprints().counts.size, 1);
    const [row] = counts().map((fact) => rules.count(fact, resource));
    assert.equal(row!.message_template, 'Too many different RangeError in a minute: these were only counted');
  });

  test('types of their own do not make more than 20 such issues', () => {
    const { throwOne, close, fingerprints } = storm();
    for (let nr = 0; nr < 20_000; nr++) {
      const error = new Error('x');
      error.name = `Error${nr}`;
      error.stack = `Error${nr}: x\n    at f${nr} (/app/${nr}.js:1:1)`;
      throwOne(error);
    }
    const { stored } = close();
    assert.equal(stored, 1000);
    assert.equal(fingerprints().counts.size, 21);
  });

  test('a kind that goes on stays known through the cap on new ones', () => {
    const { throwOne, close, logs, clock } = storm();
    const unique = (minute: number, nr: number) => {
      const error = new TypeError(`t ${nr}`);
      error.stack = `TypeError: t\n    at f${minute}x${nr} (/app/${nr}.js:1:1)`;
      throwOne(error);
    };
    for (let minute = 0; minute < 3; minute++) {
      clock.time = START + minute * 60 * SECOND;
      for (let nr = 0; nr < 500; nr++) {
        unique(minute, nr);
        // At first among the new ones, then behind all of them.
        if (nr === (minute === 0 ? 0 : 499)) throwOne(failure('steady'));
      }
    }
    close();
    assert.equal(logs().filter(({ message }) => message === 'steady').length, 3);
  });

  test('full records are bounded in bytes, too', () => {
    const { throwOne, close } = storm();
    const long = 'x'.repeat(60_000);
    for (let nr = 0; nr < 1000; nr++) {
      const error = new Error('long');
      error.stack = `Error: long\n    at f (/app/${nr % 50}.js:1:1)\n${long}`;
      throwOne(error);
    }
    const { stored } = close();
    assert.ok(stored > 100 && stored < 150, `${stored} records of 60 KB are about 8 MiB`);
  });

  test('of a text that is cut only what is kept of it counts: a statement of megabytes is a row', () => {
    const { throwOne, log, close, logs } = storm();
    const sql = `insert into dogs values ${'(1),'.repeat(1_100_000)}`;
    throwOne(new Error(sql));
    throwOne(new RangeError('outer', { cause: new Error(sql) }));
    log(sql, 'WARNING');
    for (let nr = 0; nr < 12; nr++) throwOne(new SyntaxError(`${'abcdefghijkl'[nr]} ${sql}`));
    throwOne(failure('a small one'));
    throwOne(failure('the crash'), 'CRITICAL');
    const { stored, aggregated } = close();
    assert.deepEqual([stored, aggregated], [17, 0]);
    assert.ok(logs().every(({ message }) => message.length <= 8192));
  });

  test('a crash is stored whatever else made noise', () => {
    const { throwOne, close, logs, now } = storm();
    for (let nr = 0; nr < 1000; nr++) throwOne(failure());
    throwOne(failure(), 'CRITICAL');
    close();
    const last = logs().at(-1);
    assert.equal(last?.level, 'CRITICAL');
    assert.ok(now.includes(last!));
  });

  test('a crash with an error that was only counted is stored and counted once', () => {
    const { throwOne, close, logs } = storm();
    const errors = Array.from({ length: 31 }, () => failure());
    for (const error of errors) throwOne(error);
    throwOne(errors[30], 'CRITICAL');
    throwOne(errors[30], 'CRITICAL');
    assert.deepEqual(close(), { accepted: 33, merged: 2, aggregated: 10, stored: 21 });
    assert.equal(logs().at(-1)?.level, 'CRITICAL');
  });

  test('a further carrier of a counted error is merged, and a worse level reaches its issue', () => {
    const { throwOne, close, counts } = storm();
    const errors = Array.from({ length: 31 }, () => failure());
    for (const error of errors) throwOne(error, 'WARNING');
    throwOne(errors[30], 'WARNING');
    close();
    throwOne(errors[30], 'ERROR');
    assert.deepEqual(close(), { accepted: 33, merged: 2, aggregated: 11, stored: 20 });
    assert.deepEqual(
      counts().map(({ count, like }) => [count, like.level]),
      [
        [11, 'WARNING'],
        [0, 'ERROR'],
      ],
    );
  });

  test('a counted failed call inside a counted error is one occurrence', () => {
    const bench = storm();
    const call = () => new Error('connect ECONNREFUSED');
    const client = (error: Error) => {
      const span = bench.tracer.startSpan('GET', { kind: SpanKind.CLIENT });
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
    for (let nr = 0; nr < 50; nr++) {
      const server = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
      context.with(trace.setSpan(context.active(), server), () => {
        const inner = call();
        client(inner);
        bench.throwOne(new Error('cannot load dog', { cause: inner }), 'ERROR', { context: context.active() });
      });
      server.setAttribute('http.response.status_code', 500).end();
    }
    assert.deepEqual(bench.close(), { accepted: 100, merged: 30, aggregated: 30, stored: 40 });
    assert.equal(bench.merges().length, 20);
  });

  for (const [first, objectFirst] of [
    ['the object', true],
    ['the text', false],
  ] as const)
    test(`an error with a secret in its message is counted once, with and without its object: ${first} first`, () => {
      const bench = storm();
      for (let nr = 0; nr < 60; nr++) {
        const server = bench.tracer.startSpan('GET', { kind: SpanKind.SERVER });
        const inside = trace.setSpan(context.active(), server);
        const error = new Error('postgres://app:hunter2-hunter2@db/x is away');
        const asObject = () => bench.throwOne(error, 'ERROR', { context: inside });
        const asText = () =>
          bench.logger.emit({
            severityNumber: 17,
            body: 'no dogs',
            attributes: {
              'exception.type': 'Error',
              'exception.message': error.message,
              'exception.stacktrace': error.stack!,
            },
            context: inside,
          });
        for (const carrier of objectFirst ? [asObject, asText] : [asText, asObject]) carrier();
        server.setAttribute('http.response.status_code', 500).end();
      }
      const { accepted, merged, aggregated, stored } = bench.close();
      assert.deepEqual(
        { accepted, merged, occurrences: aggregated + stored },
        { accepted: 120, merged: 60, occurrences: 60 },
      );
    });

  test('a request whose error was only counted makes no further row of its status', () => {
    const { tracer, throwOne, close } = storm();
    const request = (): Context => {
      const server = tracer.startSpan('GET', { kind: SpanKind.SERVER });
      const inside = trace.setSpan(context.active(), server);
      throwOne(failure(), 'ERROR', { context: inside });
      server.setAttribute('http.response.status_code', 500).end();
      return inside;
    };
    for (let nr = 0; nr < 50; nr++) request();
    assert.deepEqual(close(), { accepted: 50, merged: 0, aggregated: 30, stored: 20 });
  });

  test('log records are counted by their template; below WARNING a minute holds fifty times as many', () => {
    const { log, close, logs, clock } = storm();
    for (let nr = 0; nr < 5000; nr++) {
      log(`dog ${nr} is slow`, 'WARNING');
      log(`Slow db span SELECT dogs: ${nr} ms`, 'WARNING', { template: 'Slow db span SELECT dogs' });
    }
    assert.deepEqual(close(), { accepted: 10_000, merged: 0, aggregated: 10_000 - 51, stored: 51 });
    clock.time += 60 * SECOND;
    for (let nr = 0; nr < 5000; nr++) log('GET /dogs', 'INFO');
    close();
    const infos = logs().filter(({ level }) => level === 'INFO').length;
    assert.equal(infos, 2000);
  });

  test('routes of what was counted are counted, twenty of them by name', () => {
    const bench = storm();
    for (let nr = 0; nr < 100; nr++) {
      const span = bench.tracer.startSpan('GET', {
        kind: SpanKind.SERVER,
        attributes: { 'http.route': `/r${nr % 30}` },
      });
      bench.throwOne(failure(), 'ERROR', { context: trace.setSpan(context.active(), span) });
      span.end();
    }
    bench.close();
    const routes = bench.counts()[0]!.routes!;
    assert.equal(Object.keys(routes).length, 21);
    assert.equal(
      Object.values(routes).reduce((sum, count) => sum + count),
      79,
    );
  });

  test('without the option everything is stored', () => {
    const { throwOne, close } = storm({ stormRows: 0 });
    for (let nr = 0; nr < 500; nr++) throwOne(failure());
    assert.deepEqual(close(), { accepted: 500, merged: 0, aggregated: 0, stored: 500 });
  });
});

test('of messages that are counted their beginning is held, not the whole', () => {
  const { throwOne } = storm();
  const held = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const page = '<p>'.repeat(100_000);
  const burst = (from: number) => {
    for (let n = from; n < from + 200; n++)
      throwOne(failure(`Request failed with status code 502 for order ${n}: ${page}${n}`));
  };
  burst(0);
  const before = held();
  burst(200);
  const grown = held() - before;
  assert.ok(grown < 15, `${grown.toFixed(1)} MB of 60 are held`);
});
