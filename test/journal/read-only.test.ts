// A file system that is read-only for real, as the root of a container: what Node says of it is not what the kernel says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { noContainers, nodeCommand, spawnInContainer } from '../support/container.ts';
import { folderFor } from '../support/folder.ts';

test('where all files are read-only, the journal is in shared memory', { skip: noContainers }, async (t) => {
  const dir = folderFor(t);
  const app = nodeCommand(['--import', REGISTER, '--eval', 'console.error(new Error("no dog"))']);
  const child = spawnInContainer(
    t,
    `mount -t tmpfs tmpfs /dev/shm && mount -t tmpfs -o ro tmpfs ${dir} && cd ${dir} && ${app} && cat /dev/shm/*/journal/*/*.ndjson`,
    { TMPDIR: dir, ROWTRACE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
  );
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(
    child.stderr,
    /\.rowtrace cannot be written, using \/dev\/shm\/rowtrace-\d+\/journal\/\S+ instead: EROFS: /,
  );
  assert.match(child.stdout, /"message":"no dog"/);
});
