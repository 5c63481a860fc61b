import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startDeliveryThread } from '../../src/deliver/delivery-thread.ts';
import { script, spawnNode } from '../support/children.ts';
import { logFact, temporaryFolder, testJournal, until } from '../support/journals.ts';
import type { TestThreadOptions } from '../support/scripts/thread-entry.ts';

interface Ending {
  code: number | null;
  stored: string[];
  stderr: string;
  /** What the exit handler saw. */
  exit: { complete: boolean; millis: number };
  lines: string[];
  journals: string[];
}

async function end(
  t: TestContext,
  way: string,
  options: Partial<TestThreadOptions> = {},
  run: { args?: string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Ending> {
  const dir = temporaryFolder(t);
  const storedPath = join(dir, 'stored.txt');
  const json = JSON.stringify({ storedPath, ...options });
  const child = spawnNode(t, [...(run.args ?? []), script('ending-app.ts'), way, dir, json], run.env);
  const { code } = await child.ended;
  const lines = child.stdout.trim().split('\n');
  const stored = existsSync(storedPath) ? readFileSync(storedPath, 'utf8').split('\n').slice(0, -1) : [];
  const journals = readdirSync(join(dir, 'journal'));
  return { code, stored, stderr: child.stderr, exit: JSON.parse(lines.at(-1)!), lines, journals };
}

test('a process that ends by itself at once has stored its record, held as it was, and leaves no journal', async (t) => {
  const { code, stored, stderr, exit, journals } = await end(t, 'natural');
  assert.deepEqual({ code, stored, stderr, journals }, { code: 0, stored: ['one'], stderr: '', journals: [] });
  assert.equal(exit.complete, true);
});

test('process.exit keeps its code', async (t) => {
  const { code, stored, journals } = await end(t, 'exit');
  assert.deepEqual({ code, stored, journals }, { code: 3, stored: ['one'], journals: [] });
});

test('an uncaught throw keeps its code and its stderr, and is stored itself', async (t) => {
  const { code, stored, stderr } = await end(t, 'throw');
  assert.deepEqual({ code, stored }, { code: 1, stored: ['one', 'two'] });
  assert.match(stderr, /Error: two/);
  // A clone's folder usually has that name.
  assert.doesNotMatch(stderr.replaceAll(join(import.meta.dirname, '../..'), ''), /rowtrace/);
});

test('a process that lives longer is not kept alive by the thread', async (t) => {
  const { code, stored } = await end(t, 'later');
  assert.deepEqual({ code, stored }, { code: 0, stored: ['one'] });
});

test('output of the thread goes nowhere, and keeps no process alive', { timeout: 20_000 }, async (t) => {
  const { code, stored, stderr, lines } = await end(t, 'flush', { loud: true });
  assert.deepEqual({ code, stored, stderr }, { code: 0, stored: ['one'], stderr: '' });
  assert.deepEqual(lines.slice(0, -1), ['{"flushed":true}']);
});

test('flush resolves when the record is stored, and keeps the process alive until then', async (t) => {
  const { stored, lines } = await end(t, 'flush', { openMillis: 200 });
  assert.equal(lines[0], '{"flushed":true}');
  assert.deepEqual(stored, ['one']);
});

test('a database that opens slowly is waited for', async (t) => {
  const { stored, exit } = await end(t, 'natural', { openMillis: 300 });
  assert.deepEqual(stored, ['one']);
  assert.ok(exit.millis >= 250);
});

for (const failing of ['outage', 'config'] as const) {
  test(`in trouble (${failing}) the end does not wait, the journal keeps the record, stderr names it once`, async (t) => {
    const { code, stored, stderr, exit, journals } = await end(t, 'in-trouble', { failing });
    assert.deepEqual({ code, stored, complete: exit.complete }, { code: 0, stored: [], complete: false });
    assert.ok(exit.millis < 50, `${exit.millis} ms`);
    assert.equal(stderr, 'rowtrace: the database is away ()\n');
    assert.deepEqual(journals, ['app']);
  });
}

test('trouble that comes up while the end waits stops the waiting', async (t) => {
  const { exit } = await end(t, 'natural', { failing: 'outage', openMillis: 100 });
  assert.equal(exit.complete, false);
  assert.ok(exit.millis < 3000, `${exit.millis} ms`);
});

test('a preload of the application does not run in the thread', async (t) => {
  const preload = join(temporaryFolder(t), 'preload.mjs');
  writeFileSync(preload, 'process.stderr.write("preloaded\\n")');
  const url = new URL(`file://${preload.replaceAll('\\', '/')}`).href;
  const byArgument = await end(t, 'later', {}, { args: ['--import', url] });
  assert.deepEqual([byArgument.stderr, byArgument.stored], ['preloaded\n', ['one']]);
  const byEnvironment = await end(t, 'later', {}, { env: { NODE_OPTIONS: `--import=${url}` } });
  assert.deepEqual([byEnvironment.stderr, byEnvironment.stored], ['preloaded\n', ['one']]);
});

test('a thread that dies is started again, and the application does not notice', async (t) => {
  const { code, stored, stderr } = await end(t, 'until-restart', { openMillis: 5, dieAfterMillis: 600 });
  assert.equal(code, 0);
  assert.match(stderr, /said: delivery thread: a bug in the thread/);
  assert.ok(stored.includes('one'));
});

for (const [death, what, said] of [
  ['exit', 'calls process.exit', /^$/],
  ['heap', 'runs out of memory', /said: delivery thread: .*memory/],
] as const)
  test(`a thread that ${what} is started again, and the application keeps its exit code`, async (t) => {
    const { code, stored, stderr } = await end(t, 'until-restart', { openMillis: 5, dieAfterMillis: 600, death });
    assert.equal(code, 0, stderr);
    assert.match(stderr, said);
    assert.ok(stored.includes('one'));
  });

test('where no thread can be started the journal keeps the record, and the next process stores it', async (t) => {
  const dir = temporaryFolder(t);
  const storedPath = join(dir, 'stored.txt');
  const run = async (entry?: string) => {
    const json = JSON.stringify({ storedPath, entry });
    const child = spawnNode(t, [script('ending-app.ts'), 'natural', dir, json]);
    assert.equal((await child.ended).code, 0, child.stderr);
    return child.stderr;
  };
  assert.match(await run('https://example.com/no-thread.js'), /said: delivery thread: /);
  assert.ok(!existsSync(storedPath));
  assert.equal(readdirSync(join(dir, 'journal')).length, 1);
  await run();
  assert.equal(readFileSync(storedPath, 'utf8'), 'one\none\n');
});

test('closing cuts off a write that is never answered, and its record stays in the journal', async (t) => {
  const dir = temporaryFolder(t);
  const storedPath = join(dir, 'stored.txt');
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  t.after(() => journal.close());
  const options: TestThreadOptions = { dir, columns: {}, storedPath, frozen: true };
  const entry = new URL('../support/scripts/thread-entry.ts', import.meta.url);
  const thread = startDeliveryThread({ entry, options, journalDir: journal.dir! });
  await until('a write is under way', () => existsSync(storedPath));
  const flushed = thread.flush(600_000);
  const closed = thread.close(200).then(() => true);
  await until('it is closed', () => Promise.race([closed, new Promise((later) => setImmediate(later))]));
  assert.equal(await flushed, false);
  assert.equal(thread.status().state, 'stopped');
  const rest = { ...options, frozen: false };
  const next = startDeliveryThread({ entry, options: rest, journalDir: journal.dir! });
  assert.equal(await next.flush(15_000), true);
  await next.close(15_000);
  assert.equal(readFileSync(storedPath, 'utf8'), 'one\n');
});
