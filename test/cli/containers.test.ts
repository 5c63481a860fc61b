// The embedded database between containers that share its folder: one owner, asked by all, succeeded when it is dead.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { lockHolder } from '../../src/cli/owner/lock.ts';
import { spawnNode } from '../support/children.ts';
import { cliDir, eventually, killOwner, MAIN, ownerPid, runCli } from '../support/cli.ts';
import { noContainers, nodeCommand, spawnInContainer } from '../support/container.ts';

describe('the embedded owner in another container', { timeout: 240_000, skip: noContainers }, () => {
  test('answers commands of this one, is not ended by them, and is succeeded once it is dead', async (t) => {
    const dir = cliDir(t);
    // The folder has another path in there, and only there.
    const mounted = mkdtempSync(join(tmpdir(), 'rt-mounted-'));
    t.after(() => rmSync(mounted, { recursive: true, force: true }));
    const raise = nodeCommand([MAIN, 'raise-error', '--json']);
    const env = { ROWTRACE_DATABASE_URL: '', ROWTRACE_DIR: mounted };
    const container = spawnInContainer(t, `mount --bind '${dir}' '${mounted}' && ${raise}; echo over; cat`, env);
    await eventually(() => container.stdout.endsWith('over\n'));
    const { event_id } = JSON.parse(container.stdout.replace('over', ''));
    const holder = await lockHolder(dir);
    assert.equal(holder?.hostname, 'elsewhere', container.stderr);

    const tail = async () => {
      const { code, stdout, stderr } = await runCli(t, ['tail', '--no-follow', '--json'], { dir });
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout).event_id;
    };
    assert.equal(await tail(), event_id, 'asked through the socket in the folder');
    assert.deepEqual(await lockHolder(dir), holder);

    // As if it were of another version; a process of ours has the id that it has in there.
    const address = join(dir, 'owner.json');
    const bystander = spawnNode(t, ['--eval', 'setInterval(() => {}, 1000)']);
    const text = readFileSync(address, 'utf8');
    writeFileSync(address, JSON.stringify({ ...JSON.parse(text), version: '0.0.0', pid: bystander.process.pid }));
    const refused = await runCli(t, ['issues'], { dir });
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /belongs to process \d+ of host elsewhere, which is version 0\.0\.0, not /);
    assert.match(refused.stderr, /fix: End that process/);
    assert.equal(bystander.process.exitCode ?? bystander.process.signalCode, null, 'a stranger is not hit');
    writeFileSync(address, text);
    assert.equal(await tail(), event_id);
    assert.deepEqual(await lockHolder(dir), holder, 'it lives');

    container.process.kill('SIGKILL');
    await container.ended;
    t.after(() => killOwner(dir));
    assert.equal(await tail(), event_id, 'asked of its successor');
    assert.ok(ownerPid(dir));
    assert.notEqual((await lockHolder(dir))?.pidNamespace, holder!.pidNamespace);
  });
});
