// A Node that is hardened by flags: the application does what it does without us, and its error is on disk, or it is said
// what is in the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Application } from '../support/application.ts';
import { PERMISSION } from '../support/children.ts';
import { journalOf } from '../support/journal-text.ts';

const GONE = 'postgres://nobody@127.0.0.1:1/nowhere';

const MODES: { flags: string[]; recorded?: RegExp; said?: RegExp }[] = [
  // The console cannot be wrapped, and is not said to be.
  {
    flags: ['--frozen-intrinsics'],
    recorded: /answered 500/,
    said: /ESM imports are not hooked[\s\S]*hooked http.*crashes;/,
  },
  { flags: ['--disallow-code-generation-from-strings'] },
  { flags: ['--disable-proto=throw'] },
  { flags: ['--jitless'] },
  { flags: [...PERMISSION, '--allow-fs-read=*', '--allow-fs-write=*', '--allow-worker'] },
];

for (const { flags, recorded = /"message":"no dog"/, said } of MODES)
  test(`${flags[0]}: the application is unaffected, and its error is on disk`, async (t) => {
    const options = { app: 'ends/hardened.cjs', nodeFlags: flags, databaseUrl: GONE };
    const application = new Application(t, options);
    const { code, stdout, said: lines } = await application.ended();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'answered 500\n' });
    assert.match(journalOf(application.dir), recorded);
    if (said) assert.match(lines.join('\n'), said);
  });

test('--permission without files and threads: the application is unaffected, and hears what is missing', async (t) => {
  const nodeFlags = [...PERMISSION, '--allow-fs-read=*'];
  const application = new Application(t, { app: 'ends/hardened.cjs', nodeFlags, databaseUrl: GONE });
  const { code, stdout, said } = await application.ended();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'answered 500\n' });
  assert.match(said.join('\n'), /delivery thread: .*--allow-worker/);
  assert.match(said.join('\n'), /journal: cannot write.*--allow-fs-write/);
});
