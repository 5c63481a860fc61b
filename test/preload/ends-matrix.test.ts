// Ends that nobody handles, with and without Rowtrace and the database gone: the same exit code or signal, the same output,
// and the error before the end is on disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application, until } from '../support/application.ts';
import { journalOf } from '../support/journal-text.ts';

const GONE = 'postgres://nobody@127.0.0.1:1/nowhere';

interface End {
  app: string;
  /** Sent once the application says that it is ready. */
  kill?: NodeJS.Signals;
  ends: { code: number | null; signal: NodeJS.Signals | null };
  /** In the journal afterwards. */
  recorded: RegExp[];
  /** Output that differs from run to run: addresses, heap sizes, order. */
  loose?: true;
  env?: Record<string, string>;
}

const ENDS: End[] = [
  {
    app: 'signal.cjs',
    kill: 'SIGINT',
    ends: { code: null, signal: 'SIGINT' },
    recorded: [/killed soon|before the signal/],
  },
  {
    app: 'signal.cjs',
    kill: 'SIGKILL',
    ends: { code: null, signal: 'SIGKILL' },
    recorded: [/killed soon|before the signal/],
  },
  { app: 'blocked.cjs', kill: 'SIGTERM', ends: { code: null, signal: 'SIGTERM' }, recorded: [/before it blocks/] },
  { app: 'blocked.cjs', kill: 'SIGKILL', ends: { code: null, signal: 'SIGKILL' }, recorded: [/before it blocks/] },
  {
    app: 'oom.cjs',
    ends: { code: null, signal: 'SIGABRT' },
    recorded: [/before the memory is gone/],
    loose: true,
    env: { NODE_OPTIONS: '--max-old-space-size=48' },
  },
  { app: 'terminated-worker.cjs', ends: { code: 5, signal: null }, recorded: [/the worker is gone/] },
  { app: 'in-worker.cjs', ends: { code: 6, signal: null }, recorded: [] },
  {
    app: 'cluster.cjs',
    ends: { code: 28, signal: null },
    recorded: [...Array(8).keys()].map((n) => new RegExp(`process ${n}`)),
    loose: true,
  },
];

for (const { app, kill, ends, recorded, loose, env = {} } of ENDS)
  test(`${app}${kill ? ` and ${kill}` : ''}: ends as without us, and its error is on disk`, {
    timeout: 120_000,
  }, async (t) => {
    const run = async (options: { preload?: string; databaseUrl?: string }) => {
      const application = new Application(t, { app: `ends/${app}`, env, ...options });
      if (kill) {
        await until(() => application.stdout.includes('ready'), 'the application');
        application.child.kill(kill);
      }
      return { application, ended: await application.ended() };
    };
    const plain = await run({ preload: 'ends/nothing.cjs' });
    const watched = await run({ databaseUrl: GONE });
    assert.deepEqual({ code: plain.ended.code, signal: plain.ended.signal }, ends);
    assert.deepEqual({ code: watched.ended.code, signal: watched.ended.signal }, ends);
    if (!loose) {
      assert.equal(watched.ended.stdout, plain.ended.stdout);
      assert.equal(watched.ended.stderr, plain.ended.stderr);
    }
    const journal = journalOf(watched.application.dir);
    for (const text of recorded) assert.match(journal, text);
  });
