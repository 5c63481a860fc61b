// Long-running commands on the embedded database: they start another owner when theirs is gone, and end nobody else's.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createHttpSink } from '../../exporters/http/index.ts';
import { readAddress } from '../../src/cli/owner/address.ts';
import { connectOwner } from '../../src/cli/owner/connect.ts';
import { keepOwner } from '../../src/cli/owner/keep.ts';
import { emptyBatch } from '../../src/deliver/sink.ts';
import { loadOptions } from '../../src/options/options.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { spawnNode } from '../support/children.ts';
import { cliDir, eventually, ownerPid, runCli, startCli } from '../support/cli.ts';
import { errorLog } from '../support/rows.ts';

const logPath = (dir: string) => join(dir, 'owner.log');
const linesIn = (dir: string, pattern: RegExp) =>
  existsSync(logPath(dir))
    ? readFileSync(logPath(dir), 'utf8')
        .split('\n')
        .filter((line) => pattern.test(line))
    : [];

/** The messages there are, from the owner that runs: a command would start one. */
async function messagesIn(t: TestContext, dir: string): Promise<() => Promise<string[]>> {
  const { host, port, password } = readAddress(dir)!;
  const db = openPostgres({ host, port, user: 'postgres', database: 'postgres', password: password! });
  t.after(() => db.close());
  return async () => {
    const rows = await db.query<{ message: string }>('select message from rowtrace.error_logs order by message');
    return rows.map(({ message }) => message);
  };
}

/** Kills the owner. Resolves with the process id of the next, once that serves. */
async function nextOwner(dir: string): Promise<number> {
  const pid = ownerPid(dir)!;
  process.kill(pid, 'SIGKILL');
  return eventually(() => {
    const next = ownerPid(dir);
    return next !== undefined && next !== pid && readAddress(dir)?.pid === next && next;
  });
}

test('a receiver whose owner is killed starts another: records are stored, keys read and batches taken there', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  // Each owner has a port and a password of its own then: what leads to the first leads nowhere.
  const env = { ROWTRACE_OWNER_TCP: '1' };
  const makeKey = async () => {
    const { code, stdout, stderr } = await runCli(t, ['keys', 'create', 'the shop'], { dir, env });
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const key = await makeKey();
  const receiver = startCli(t, ['serve', '--port', '0', '--require-key'], { dir, env });
  const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(receiver.stdout)?.[0]);
  const send = async (message: string) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const body = JSON.stringify({ level: 'error', message, service: 'shop' });
    assert.equal((await fetch(`${url}/api/v1/ingest`, { method: 'POST', headers, body })).status, 200);
  };
  const sinkWith = async (apiKey: string) => {
    const sink = createHttpSink({ endpoint: url, apiKey });
    // The receiver may not have noticed yet that its owner is another one: whoever ships comes again then.
    const untilDone = (work: () => Promise<unknown>) =>
      eventually(() =>
        work().then(
          () => true,
          (error) => {
            if (error.kind !== 'outage') throw error;
            return false;
          },
        ),
      );
    await untilDone(() => sink.open());
    return (message: string) => {
      const batch = { ...emptyBatch(), logs: [errorLog({ message })] };
      return untilDone(() => sink.write(batch));
    };
  };
  await send('before');
  const write = await sinkWith(key);
  await write('batch before');

  await nextOwner(dir);
  await send('after');
  const messages = await messagesIn(t, dir);
  await eventually(async () => (await messages()).includes('after'));
  await write('batch after');
  await (await sinkWith(await makeKey()))('with a key of the new owner');
  assert.deepEqual(await messages(), ['after', 'batch after', 'batch before', 'before', 'with a key of the new owner']);

  receiver.process.kill('SIGTERM');
  assert.equal((await receiver.ended).code, 0, receiver.stderr);
  assert.deepEqual(receiver.stderr.match(/the embedded database [^\n]+/g), [
    'the embedded database has ended, and is started again; rows wait in the journal',
    'the embedded database runs again',
  ]);
});

test('two receivers of other options keep one owner: each ends one at most, and takes the one of the other after that', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  const start = (columns: string) => startCli(t, ['serve', '--port', '0'], { dir, env: { ROWTRACE_COLUMNS: columns } });
  const one = start('vet_id=integer');
  await eventually(() => readAddress(dir));
  const other = start('dog_id=integer');
  await eventually(() => /runs again/.test(one.stderr));
  await eventually(() => linesIn(dir, /serving/).length === 2);
  assert.equal(linesIn(dir, /ending/).length, 1);
  for (const { process } of [one, other]) process.kill('SIGTERM');
  for (const { ended, stderr } of [one, other]) assert.equal((await ended).code, 0, stderr);
  assert.doesNotMatch(other.stderr, /has ended/);
});

test('who is stopped on its way to the owner holds its process no longer', { timeout: 120_000 }, async (t) => {
  const dir = cliDir(t);
  await (await connectOwner(dir)).close();
  const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url));
  // The owner answers while it is stopped; what would notice that owner's end is not there yet.
  const program = `
    import { keepOwner } from ${source('cli/owner/keep.ts')};
    import { loadOptions } from ${source('options/options.ts')};
    const dir = ${JSON.stringify(dir)};
    await keepOwner(loadOptions({ dir }, {}, dir), () => {}).stop();
    console.log('stopped');`;
  const child = spawnNode(t, ['--input-type=module', '-e', program]);
  const { code } = await child.ended;
  assert.equal(code, 0, child.stderr);
  assert.equal(child.stdout, 'stopped\n');
});

test('an owner of another version is left alone by who comes back; who has stopped starts none', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  let stopped: Promise<void> | undefined;
  const kept = keepOwner(loadOptions({ dir }, {}, dir), () => {
    stopped = kept.stop();
  });
  const db = await kept.database();
  const pid = ownerPid(dir);
  writeFileSync(join(dir, 'owner.json'), JSON.stringify({ ...readAddress(dir), version: '0.0.0' }));
  const again = await connectOwner(dir, { asItIs: true });
  assert.deepEqual([await again.query('select 1 as n'), ownerPid(dir)], [[{ n: 1 }], pid]);
  await again.close();

  rmSync(logPath(dir));
  process.kill(pid!, 'SIGKILL');
  await eventually(() => stopped !== undefined);
  await stopped;
  await assert.rejects(db.query('select 1'));
  let asked = 0;
  await assert.rejects(connectOwner(dir, { isCancelled: () => asked++ > 0 }));
  assert.equal(existsSync(logPath(dir)), false, 'an owner was started');
});

test('one that cannot be started is said once and tried again after rests, until it can', {
  timeout: 240_000,
}, async (t) => {
  const dir = cliDir(t);
  const said: string[] = [];
  const kept = keepOwner(loadOptions({ dir }, {}, dir), (line) => said.push(line));
  t.after(() => kept.stop());
  const db = await kept.database();
  const [data, aside] = [join(dir, 'pgdata'), join(dir, 'aside')];
  process.kill(ownerPid(dir)!, 'SIGKILL');
  await eventually(() => ownerPid(dir) === undefined);
  renameSync(data, aside);
  writeFileSync(data, 'not a folder');
  const failed = async (count: number) => {
    await eventually(() => linesIn(dir, /PGlite cannot open it/).length >= count);
    return performance.now();
  };
  const first = await failed(1);
  // Rests of 2, 4, 8, … seconds.
  assert.ok((await failed(2)) - first > 4_000);
  rmSync(data);
  renameSync(aside, data);
  await eventually(() => said.at(-1) === 'the embedded database runs again');
  assert.equal(said.length, 3, said.join('\n'));
  assert.match(said[1]!, /did not start: .+ Rows wait in the journal\.$/);
  assert.deepEqual(await db.query('select 1 as n'), [{ n: 1 }]);
});
