// What is confirmed lies in the folder that was named, or is not confirmed.

import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../src/journal/directory.ts';
import { folderFor } from '../support/folder.ts';
import { until } from '../support/journals.ts';
import { logs, record } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

test('a receiver whose folder cannot be made does not start', async (t) => {
  const file = join(folderFor(t), 'taken');
  writeFileSync(file, '');
  await assert.rejects(receiverFor(t, { dir: join(file, 'below') }), { code: 'RT_SERVE_FOLDER' });
});

test('a receiver whose folder goes under it refuses what comes, and takes it when the folder can be made again', async (t) => {
  const temporary = folderFor(t);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = temporary;
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  });
  const receiver = await receiverFor(t);
  const send = async (message: string) => (await receiver.json('/v1/logs', logs([record(message)]))).status;
  const ready = async () => (await fetch(`${receiver.url}/health/ready`)).status;
  assert.equal(await send('before'), 200);
  assert.equal(await ready(), 200);
  await receiver.rows(1);
  rmSync(join(receiver.dir, 'journal'), { recursive: true });
  writeFileSync(join(receiver.dir, 'journal'), '');
  // It looks for its folder five times a second.
  await until('it is noticed', async () => (await send('meanwhile')) === 503);
  assert.equal(await ready(), 503);
  assert.ok(!existsSync(temporaryFolder()));
  rmSync(join(receiver.dir, 'journal'));
  await until('it is ready again', async () => (await ready()) === 200);
  assert.equal(await send('after'), 200);
  const messages = async () =>
    (await receiver.db.query('select message from rowtrace.error_logs')).map(({ message }) => message);
  await until('it is stored', async () => (await messages()).includes('after'));
});
