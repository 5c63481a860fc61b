// Rows 24 to 29: the disk of the application forgets, is full, is read-only or fails, and files, sizes and memory are bounded.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type fs from 'node:fs';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type JournalFiles, nodeFiles } from '../../src/journal/files.ts';
import { segmentName } from '../../src/journal/layout.ts';
import { millis } from './gone.ts';
import { PATIENCE_MILLIS, type RowContext, until } from './support/context.ts';
import { LightProducer } from './support/light.ts';
import { pause } from './support/proxy.ts';
import type { Row } from './support/row.ts';
import type { FaultServer } from './support/server.ts';

const NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--no-new-privs'];
/** What `sync: errors` promises: 50 ms after an error at the latest a sync begins. */
const SYNC_MILLIS = 50;
const MOST_FILES = 64;
const MIB = 1024 * 1024;

export const DISK: Row[] = [
  {
    row: '24',
    fault: 'power cut: what was not synced is gone (sync: errors)',
    async run(context) {
      let oldest = 0;
      let slowest = 0;
      const rounds = context.scale(5, 50);
      const server = await context.server();
      const promised = { produced: new Set<string>(), promised: new Set<string>() };
      for (let round = 0; round < rounds; round++) {
        const dir = context.folder();
        const disk = forgetful();
        const name = `p${round}`;
        const app = new LightProducer({
          name,
          dir,
          journal: { sync: 'errors', segmentBytes: 50_000, files: disk.files },
        });
        const at: number[] = [];
        const began = performance.now();
        const end = began + 300 + Math.random() * 300;
        let late = 0;
        for (let now = began; now < end; ) {
          app.record();
          at.push(performance.now());
          await pause(Math.random() * 4);
          late = Math.max(late, performance.now() - now);
          now = performance.now();
        }
        const cutAt = performance.now();
        disk.cut();
        slowest = Math.max(slowest, disk.slowestMillis());
        // A sync may be under way already, and then it is the next one; timers and answers of a busy machine are late.
        const window = SYNC_MILLIS + 2 * disk.slowestMillis() + 2 * late;
        const seqs = await storedSeqs(context, server, dir, name, app.journal.dir!);
        for (const [seq, time] of at.entries()) {
          promised.produced.add(`${name}:${seq}`);
          if (cutAt - time > window) promised.promised.add(`${name}:${seq}`);
          if (!seqs.has(seq)) oldest = Math.max(oldest, cutAt - time);
        }
      }
      const account = await context.account(server, promised);
      return {
        ...account,
        figure: `${rounds} cuts, the oldest error that was lost was ${millis(oldest)} old (the slowest sync took ${millis(slowest)})`,
      };
    },
  },
  {
    row: '25',
    fault: 'disk of the journal is full (1 MiB), database away',
    needs: ['root', 'mount'],
    async run(context) {
      const server = await context.server();
      const proxy = await context.proxy(server);
      const dir = context.folder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'rowtrace-faults', dir]);
      context.after(() => execFileSync('umount', ['-l', dir]));
      await proxy.refuse();
      const app = context.producer({ dir, url: server.url(proxy.port) });
      await app.send('burst 3000');
      await until('the disk is full', () => app.said.some((line) => line.includes('cannot write')));
      await app.send('burst 500');
      await proxy.listen();
      const { complete } = await app.send<{ complete: boolean }>(`flush ${PATIENCE_MILLIS}`);
      assert.ok(complete, 'what fitted is delivered');
      await app.send('burst 100');
      const account = await context.settle(server, dir);
      return {
        ...account,
        figure: `${account.stored} kept, ${account.dropped} dropped, counted exactly; goes on when there is room`,
      };
    },
  },
  {
    row: '26a',
    fault: 'journal folder: not writable',
    needs: ['root', 'setpriv'],
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      chmodSync(dir, 0o555);
      const app = context.producer({
        dir,
        url: server.url(),
        promises: join(context.open(), 'promises'),
        wrapper: NOBODY,
        env: { TMPDIR: context.open() },
      });
      await app.send('start 200');
      await pause(1000);
      const account = await context.settle(server, dir);
      assert.equal(app.said.length, 2, app.said.join('\n'));
      return { ...account, figure: 'said once' };
    },
  },
  {
    row: '26b',
    fault: 'journal folder: removed while in use',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      for (let round = 0; round < context.scale(2, 10); round++) {
        await app.send('burst 100');
        assert.ok((await app.send<{ complete: boolean }>(`flush ${PATIENCE_MILLIS}`)).complete);
        rmSync(join(dir, 'journal'), { recursive: true, force: true });
        // It looks five times a second; what is written before it looked is gone with the folder.
        await pause(300);
      }
      await app.send('burst 100');
      const account = await context.settle(server, dir, { droppedByLedger: true });
      return { ...account, figure: `a new one is made; ${account.dropped} went with the old ones, counted exactly` };
    },
  },
  {
    row: '26c',
    fault: 'journal folder: becomes read-only',
    needs: ['root', 'mount'],
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'rowtrace-faults', dir]);
      context.after(() => execFileSync('umount', ['-l', dir]));
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 200');
      await pause(300);
      // An open file that is written to keeps a mount writable; the whole file system is turned instead.
      await app.send('pause');
      await app.send(`flush ${PATIENCE_MILLIS}`);
      const turned = () => {
        try {
          execFileSync('mount', ['-o', 'remount,ro', dir], { stdio: 'pipe' });
          return true;
        } catch {
          return false;
        }
      };
      const isReadOnly = turned();
      if (!isReadOnly) execFileSync('mount', ['--bind', '-o', 'ro', dir, dir]);
      await app.send('start 200');
      await pause(1000);
      if (isReadOnly) execFileSync('mount', ['-o', 'remount,rw', dir]);
      else execFileSync('umount', ['-l', dir]);
      const account = await context.settle(server, dir);
      assert.equal(account.dropped, 0);
      return { ...account, figure: 'nothing dropped' };
    },
  },
  {
    row: '26d',
    fault: 'journal folder: somebody planted a link',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const elsewhere = context.folder();
      mkdirSync(join(elsewhere, 'theirs'));
      symlinkSync(join(elsewhere, 'theirs'), join(dir, 'journal'));
      const app = context.producer({ dir, url: server.url(), env: { TMPDIR: context.open() } });
      await app.send('burst 100');
      const account = await context.settle(server, dir);
      assert.deepEqual(readdirSync(join(elsewhere, 'theirs')), [], 'nothing was written through the link');
      return { ...account, figure: 'nothing written through it' };
    },
  },
  ...(['fdatasync:EIO', 'write:EIO', 'write:ENOSPC'] as const).map((failure, at): Row => {
    const [call, code] = failure.split(':') as [string, string];
    return {
      row: `27${'abc'[at]}`,
      fault: `${call} fails with ${code}, each fifth time`,
      needs: ['strace'],
      async run(context) {
        const server = await context.server();
        const dir = context.folder();
        const app = context.producer({ dir, url: server.url(), env: { ROWTRACE_JOURNAL_SYNC: 'errors' } });
        const { pid } = await app.ready();
        await app.send('burst 1');
        const [journal] = readdirSync(join(dir, 'journal')).map((name) => join(dir, 'journal', name));
        const log = join(context.folder(), 'strace');
        const segments = Array.from({ length: 99 }, (_, n) => join(journal!, segmentName(n + 1)));
        const only = call === 'write' ? segments.flatMap((path) => ['-P', path]) : [];
        const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${code}:when=3+5`];
        const strace = spawn('strace', ['-f', '-p', String(pid), '-o', log, ...inject, ...only], { stdio: 'ignore' });
        context.after(() => strace.kill());
        await app.send('start 100');
        await until('it fails', () => injected(log) >= context.scale(5, 50));
        const ended = once(strace, 'exit');
        strace.kill();
        await ended;
        const account = await context.settle(server, dir);
        assert.equal(account.dropped, 0);
        return { ...account, figure: `${injected(log)} failures, written again elsewhere, nothing dropped` };
      },
    };
  }),
  {
    row: '28',
    fault: 'no file descriptor left',
    needs: ['prlimit'],
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(), wrapper: ['prlimit', `--nofile=${MOST_FILES}`] });
      const { port, pid } = await app.ready();
      const sockets: Socket[] = [];
      // The server closes what it cannot take; and what its threads have open while they start is free again later.
      await until('no descriptor is left', () => {
        const used = readdirSync(`/proc/${pid}/fd`).length;
        for (let n = used; n < MOST_FILES; n++) sockets.push(connect(port, '127.0.0.1').on('error', () => {}));
        return used === MOST_FILES;
      });
      // Its journal was not open yet.
      await app.send('start 100');
      await pause(context.scale(1500, 10_000));
      const { failures } = await app.figures();
      for (const socket of sockets) socket.destroy();
      const account = await context.settle(server, dir);
      assert.equal(failures, 0, 'nothing was thrown into the application');
      assert.equal(account.dropped, 0);
      return { ...account, figure: '0 thrown, nothing dropped' };
    },
  },
  {
    row: '29a',
    fault: 'files may be 2 MiB at most (ulimit -f)',
    needs: ['prlimit'],
    async run(context) {
      const server = await context.server({}, false);
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(), wrapper: ['prlimit', `--fsize=${2 * MIB}`] });
      await app.send('burst 4000');
      await server.start();
      const account = await context.settle(server, dir);
      return { ...account, figure: 'a smaller segment' };
    },
  },
  {
    row: '29b',
    fault: 'heap of 64 MiB, a storm, database away',
    async run(context) {
      const count = context.scale(8000, 50_000);
      const server = await context.server({}, false);
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(), nodeFlags: ['--max-old-space-size=64', '--expose-gc'] });
      await app.send('burst 200');
      await app.send('reset');
      for (let n = 0; n < count; n += 500) await app.send('burst 500');
      const { rssMax } = await app.figures();
      await server.start();
      const account = await context.settle(server, dir, { flushMillis: 300_000 });
      return {
        ...account,
        figure: `RSS ${Math.round(rssMax / MIB)} MiB at most`,
      };
    },
  },
];

function injected(log: string): number {
  return existsSync(log) ? readFileSync(log, 'utf8').split('(INJECTED)').length - 1 : 0;
}

/** Files that lose, when the power is cut, what was written behind the last sync. */
function forgetful(): { files: JournalFiles; cut(): void; slowestMillis(): number } {
  let slowest = 0;
  const underWay = new Set<number>();
  const sizes = new Map<number, { path: string; written: number; synced: number }>();
  let isCut = false;
  const files: JournalFiles = {
    ...nodeFiles,
    openSync: ((path: string, flags: string, mode: number) => {
      const fd = nodeFiles.openSync(path, flags, mode);
      sizes.set(fd, { path, written: 0, synced: 0 });
      return fd;
    }) as typeof fs.openSync,
    writeSync: ((fd: number, text: string | Buffer, ...rest: number[]) => {
      if (isCut) throw new Error('no power');
      const written = nodeFiles.writeSync(fd, text as Buffer, ...(rest as []));
      const size = sizes.get(fd);
      if (size) size.written += written;
      return written;
    }) as typeof fs.writeSync,
    fdatasync: ((fd: number, done: (error: Error | null) => void) => {
      const size = sizes.get(fd);
      const upTo = size?.written ?? 0;
      const began = performance.now();
      underWay.add(began);
      nodeFiles.fdatasync(fd, (error) => {
        underWay.delete(began);
        slowest = Math.max(slowest, performance.now() - began);
        if (size && !isCut) size.synced = Math.max(size.synced, upTo);
        done(error);
      });
    }) as typeof fs.fdatasync,
  };
  const cut = () => {
    isCut = true;
    // One that has not ended by now is as slow as that.
    for (const began of underWay) slowest = Math.max(slowest, performance.now() - began);
    for (const { path, synced } of sizes.values()) if (existsSync(path)) truncateSync(path, synced);
  };
  return { files, cut, slowestMillis: () => slowest };
}

/** What the next process would ship of a journal whose machine died. */
async function storedSeqs(
  context: RowContext,
  server: FaultServer,
  dir: string,
  name: string,
  journal: string,
): Promise<Set<number>> {
  const shipper = context.shipper(dir, context.sink(server), { own: journal });
  assert.ok(await shipper.flush(PATIENCE_MILLIS));
  await shipper.close();
  const rows = await server.query<{ seq: number }>(
    `select (tags->>'seq')::int as seq from rowtrace.error_logs where tags->>'producer' = $1`,
    [name],
  );
  return new Set(rows.map(({ seq }) => seq));
}
