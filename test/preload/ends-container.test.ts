// `docker stop`: SIGTERM for process 1 of a pid namespace, SIGKILL after a grace time. The kernel keeps a signal without a
// handler from process 1, so it goes on; with Rowtrace exactly so, and what it records in its last seconds is kept.
//
//   handler                SIGTERM                         SIGKILL
//   none                   nothing happens                 code and output as without us, records on disk
//   Rowtrace's flush       nothing else happens            as above
//   the application's own  ends with 0                     not needed

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Application, type ApplicationOptions, until } from '../support/application.ts';
import { AS_PROCESS_ONE, noContainers, processOne } from '../support/container.ts';
import { databaseFor } from '../support/database.ts';
import { journalOf } from '../support/journal-text.ts';

const NOWHERE = 'postgres://nobody@127.0.0.1:1/nowhere';
const options = { skip: noContainers, timeout: 120_000 };

/** A container whose application is ready, and what a runtime can do to it. */
async function contain(t: TestContext, more: Omit<ApplicationOptions, 'wrapper'>) {
  const application = new Application(t, { ...more, wrapper: AS_PROCESS_ONE });
  await until(() => application.stdout.includes('ready'), 'the application');
  const first = await until(() => processOne(application.child), 'process 1');
  const answers = () => application.stdout.split('still here').length - 1;
  return {
    application,
    signal: (name: NodeJS.Signals) => process.kill(first, name),
    /** Which signals are ignored and which have a handler, Node's own included. */
    handlers: () => readFileSync(`/proc/${first}/status`, 'utf8').match(/^Sig(Ign|Cgt):.*$/gm),
    /** It lives and does what it is told. */
    ask: async (line: string) => {
      const before = answers();
      application.child.stdin!.write(`${line}\n`);
      await until(() => answers() > before, `an answer to ${line}`);
    },
  };
}

test(
  'without a handler process 1 outlives SIGTERM as without us; killed, it leaves all on disk, and its successor ships it',
  options,
  async (t) => {
    const stop = async (more: Partial<ApplicationOptions>) => {
      const { application, signal, ask, handlers } = await contain(t, { app: 'ends/first-process.cjs', ...more });
      const before = handlers();
      signal('SIGTERM');
      await ask('after SIGTERM');
      const signals = { before, after: handlers() };
      signal('SIGKILL');
      return { dir: application.dir, signals, ...(await application.ended()) };
    };
    const plain = await stop({ preload: 'ends/nothing.cjs' });
    const watched = await stop({ databaseUrl: NOWHERE });
    assert.deepEqual(watched.signals, plain.signals);
    // Code and words of `unshare` itself, which differ with its version.
    for (const what of ['code', 'signal', 'stdout', 'stderr'] as const) assert.equal(watched[what], plain[what], what);
    for (const text of [/stopped soon/, /after SIGTERM/]) assert.match(journalOf(watched.dir), text);

    // The next container has the folder and, again, process 1.
    const { db, url: databaseUrl } = await databaseFor(t);
    const env = { ROWTRACE_DIR: watched.dir };
    await contain(t, { app: 'ends/first-process.cjs', databaseUrl, env });
    const messages = async () => {
      const rows = await db.query<{ message: string }>('select error_message as message from rowtrace.error_logs');
      return rows.map(({ message }) => message).sort();
    };
    await until(async () => (await messages()).length >= 3, 'the rows of both containers');
    assert.deepEqual(await messages(), ['after SIGTERM', 'stopped soon', 'stopped soon']);
  },
);

test('with the flush on, process 1 goes on after SIGTERM as without us, again and again', options, async (t) => {
  const { db, url: databaseUrl } = await databaseFor(t);
  const env = { ROWTRACE_FLUSH_ON_SIGTERM: 'on' };
  const { application, signal, ask } = await contain(t, { app: 'ends/first-process.cjs', databaseUrl, env });
  signal('SIGTERM');
  const count = async () => (await db.query('select 1 from rowtrace.error_logs')).length;
  await until(async () => (await count()) === 1, 'the row');
  await ask('after SIGTERM');
  signal('SIGTERM');
  await ask('after another');
  await until(async () => (await count()) === 3, 'the rows');
  signal('SIGKILL');
  await application.ended();
});

for (const flush of ['off', 'on'])
  test(`with a handler of its own process 1 ends by it, the flush ${flush}`, options, async (t) => {
    const { db, url: databaseUrl } = await databaseFor(t);
    const stop = async (more: Partial<ApplicationOptions>) => {
      const { application, signal } = await contain(t, { app: 'ends/graceful.cjs', ...more });
      signal('SIGTERM');
      return application.ended();
    };
    const plain = await stop({ preload: 'ends/nothing.cjs' });
    const watched = await stop({ databaseUrl, env: { ROWTRACE_FLUSH_ON_SIGTERM: flush } });
    assert.deepEqual([plain.code, plain.signal], [0, null]);
    for (const what of ['code', 'signal', 'stdout', 'stderr'] as const) assert.equal(watched[what], plain[what], what);
    const rows = await db.query<{ message: string }>('select error_message as message from rowtrace.error_logs');
    assert.deepEqual(rows, [{ message: 'stopped soon' }]);
  });
