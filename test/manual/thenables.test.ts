// Results that are more than a promise (got, knex, execa, OpenAI's, Bluebird's): the helpers hand them on as they are, start
// nothing, and hear of how they end.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureErrors, handleErrors, logCalls, trackLatency } from '../../src/manual/index.ts';
import { globalCaptureBench } from '../support/capture.ts';

const bench = globalCaptureBench({ level: 'DEBUG', rate: 1 });

/** Runs each time it is awaited, and can be built on until then. */
class Query implements PromiseLike<string> {
  runs = 0;
  readonly parts: string[] = [];
  readonly error: Error | undefined;

  constructor(error?: Error) {
    this.error = error;
  }

  where(part: string): this {
    this.parts.push(part);
    return this;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is what is tested.
  then<A = string, B = never>(
    fulfilled?: ((value: string) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.runs++;
    return sleep(30)
      .then(() => {
        if (this.error !== undefined) throw this.error;
        return this.parts.join();
      })
      .then(fulfilled, rejected);
  }
}

class ApiPromise<T> extends Promise<T> {
  header(): string {
    return 'x';
  }
}

/** As got makes them: a promise with methods of its own, which use it. */
function fetched(value: Promise<string>): Promise<string> & { json(): Promise<unknown> } {
  const promise = value.then((text) => text);
  return Object.assign(promise, { json: async () => JSON.parse(await promise) });
}

const HELPERS: Record<string, <T>(work: () => T) => T> = {
  trackLatency: (work) => trackLatency('call', work),
  captureErrors: (work) => captureErrors(work),
  'captureErrors, swallowing': (work) => captureErrors({ rethrow: false }, work) as never,
  handleErrors: (work) => handleErrors(work)(),
  logCalls: (work) => logCalls(work)(),
};

/** The log facts that `work` makes. */
async function made(work: () => Promise<unknown>) {
  const from = bench.facts.length;
  await work();
  return bench.facts.slice(from).filter((fact) => fact.k === 'log');
}

for (const [name, helper] of Object.entries(HELPERS))
  describe(name, () => {
    test('a query is the same object, and runs when it is awaited', async () => {
      const query = new Query();
      const given = helper(() => query);
      assert.equal(given, query);
      await sleep(5);
      assert.equal(query.runs, 0);
      assert.equal(await given.where('a').where('b'), 'a,b');
      assert.equal(await given, 'a,b');
      assert.equal(query.runs, 2);
    });

    test('a promise with methods keeps them', async () => {
      const given = helper(() => fetched(Promise.resolve('{"a":1}')));
      assert.deepEqual(await given.json(), { a: 1 });
      assert.equal(await given, '{"a":1}');
      assert.ok(given instanceof Promise);
      assert.equal(await given.finally(() => {}), '{"a":1}');
      assert.equal(helper(() => ApiPromise.resolve(1) as ApiPromise<number>).header(), 'x');
    });

    test('one that cannot be changed is handed on', async () => {
      const query = Object.freeze(ApiPromise.resolve('frozen'));
      assert.equal(await helper(() => query), 'frozen');
    });

    test('one object that is returned by each of many calls is not wrapped by each of them', async () => {
      const ready = new Query();
      for (let nr = 0; nr < 10_000; nr++) helper(() => ready);
      assert.equal(await ready, '');
      assert.equal(ready.runs, 1);
    });
  });

test('a failure is reported once, when the query has run, and goes to the handlers', async () => {
  for (const name of ['trackLatency', 'captureErrors', 'handleErrors', 'logCalls']) {
    const error = new Error(`${name}: no table dogs`);
    const given = HELPERS[name]!(() => new Query(error));
    const facts = await made(async () => {
      await assert.rejects(async () => await given, error);
      assert.equal(await given.then(undefined, (thrown) => thrown), error);
    });
    assert.deepEqual(
      facts.map((fact) => fact.error?.message),
      [error.message],
    );
  }
});

test('a failure of a promise with methods is reported, and is handled by its methods', async () => {
  const error = new Error('no answer');
  const facts = await made(async () => {
    await assert.rejects(handleErrors(() => fetched(Promise.reject(error)))().json(), error);
    await sleep(5);
  });
  assert.equal(facts.length, 1);
});

test('one that nobody handles ends the process, as before', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { handleErrors } from ${JSON.stringify(new URL('../../src/manual/index.ts', import.meta.url).href)};
       handleErrors(() => Object.assign(Promise.reject(new Error('no answer')), { json() {} }))();`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(status, 1);
  assert.match(stderr, /no answer/);
});

test('a fallback takes the place of the failure, each time', async () => {
  for (const fallback of ['none', () => 'none', async () => 'none']) {
    const query = handleErrors(() => new Query(new Error('down')), { fallback: fallback as never })();
    assert.equal(await query, 'none');
    assert.equal(await query.then((value) => `${value}!`), 'none!');
  }
  assert.equal(await captureErrors({ rethrow: false }, () => new Query(new Error('down'))), undefined);
});

test('the latency is that until it is settled; of one that nobody awaits it is that of the call', async () => {
  const spans = bench.facts.length;
  await trackLatency('awaited', () => new Query());
  trackLatency('left alone', () => new Query());
  let ended: boolean | undefined;
  trackLatency('failing alone', ({ span }) => {
    setTimeout(() => {
      ended = !span.isRecording();
    }, 1100);
    return new Query();
  });
  await sleep(1200);
  const calls = bench.facts.slice(spans).filter((fact) => fact.k === 'call');
  const latencyOf = (name: string) => calls.find((fact) => fact.tags?.['span.name'] === name)?.latency;
  assert.equal(ended, true);
  assert.ok((latencyOf('awaited') ?? 0) >= 25, `${latencyOf('awaited')}`);
  assert.ok((latencyOf('left alone') ?? 99) < 25, `${latencyOf('left alone')}`);
});
