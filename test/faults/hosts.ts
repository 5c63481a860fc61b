// Rows 30, 31, 34 to 37, 42 and memory: what the application does itself: its clock, its copies, its storms, its ends, its
// blocked loop; bugs of ours inside it; the embedded database beside it; and what an outage costs it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Application, until as comes } from '../support/application.ts';
import { ownerPid, runCli } from '../support/cli.ts';
import { rowsOf } from './gone.ts';
import { compare } from './support/check.ts';
import { PATIENCE_MILLIS, type RowContext, until } from './support/context.ts';
import { injectBugs } from './support/own-bugs.ts';
import { pause } from './support/proxy.ts';
import type { Row } from './support/row.ts';
import { signal } from './support/server.ts';

const NOWHERE = 'postgres://app:app@127.0.0.1:1/app';
const MIB = 1024 * 1024;
const MOST_GROWTH_MIB = 32;

export const HOSTS: Row[] = [
  {
    row: '30',
    fault: 'clock an hour back, an hour ahead, ten years ahead',
    needs: ['faketime'],
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      for (const offset of ['-1h', '+1h', '+10y']) {
        const wrapper = ['faketime', '--exclude-monotonic', '-f', offset];
        const app = context.producer({ dir, url: server.url(), wrapper });
        await app.send('start 200');
        await pause(context.scale(700, 5000));
        await app.send('pause');
        assert.ok((await app.send<{ complete: boolean }>(`flush ${PATIENCE_MILLIS}`)).complete, offset);
        await app.quit();
      }
      return { ...(await context.settle(server, dir)), figure: '3 clocks, all stored once' };
    },
  },
  {
    row: '31',
    fault: 'many processes, one folder; a process id that is used again',
    async run(context) {
      const count = context.scale(2, 8);
      const server = await context.server();
      const dir = context.folder();
      // Left by a process whose id belongs to another now (to this one).
      const dead = context.recorder({ name: 'dead', dir, url: NOWHERE, count: 50 });
      await dead.says('shipping');
      await dead.kill();
      const [left] = readdirSync(join(dir, 'journal')).filter((name) => !name.startsWith('.'));
      const owner = join(dir, 'journal', left!, 'owner.json');
      writeFileSync(owner, JSON.stringify({ ...JSON.parse(readFileSync(owner, 'utf8')), pid: process.pid }));
      const apps = Array.from({ length: count }, () => context.producer({ dir, url: server.url() }));
      const stolen = new Set<string>();
      await Promise.all(apps.map((app) => app.send('start 100')));
      const adopted = async () => {
        for (const name of readdirSync(join(dir, 'journal'))) if (name.includes('~')) stolen.add(name);
        return (await rowsOf(server)) > 0 && !readdirSync(join(dir, 'journal')).some((name) => name.startsWith(left!));
      };
      await until('what the dead one left is taken over', adopted);
      await pause(context.scale(500, 10_000));
      await adopted();
      assert.ok(
        [...stolen].every((name) => name.startsWith(left!)),
        `stolen from the living: ${[...stolen]}`,
      );
      return {
        ...(await context.settle(server, dir)),
        figure: `${count} applications, none stolen from, the dead one taken over`,
      };
    },
  },
  {
    row: '34',
    fault: 'a storm of one error, and of as many different ones',
    async run(context) {
      const count = context.scale(5000, 100_000);
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(), env: { ROWTRACE_STORM_ROWS: '20' } });
      const { millis } = await app.send<{ millis: number }>(`storm ${count}`);
      const { pid } = await app.ready();
      await app.send(`flush ${PATIENCE_MILLIS}`);
      await app.quit();
      await context.drain(dir, server.url());
      const promised = context.promises();
      const [counted] = await server.query<{ counted: string }>(
        'select sum(count) as counted from rowtrace.issue_list',
      );
      const rows = await rowsOf(server);
      const account = await context.account(
        server,
        { produced: promised.produced, promised: new Set() },
        { pids: [pid], aggregated: true },
      );
      const lost = promised.promised.size - Number(counted!.counted);
      return {
        ...account,
        promised: promised.promised.size,
        lost: Math.max(0, lost),
        duplicates: account.duplicates + Math.max(0, -lost),
        figure: `issues count ${counted!.counted}, ${rows} rows; ${((millis * 1000) / (2 * count)).toFixed(0)} µs each`,
      };
    },
  },
  {
    row: '35',
    fault: 'ends: throw, rejection, exit in a handler, SIGTERM, SIGINT, natural',
    async run(context) {
      const server = await context.server();
      const scope = context as unknown as TestContext;
      const ends = ['throw.cjs', 'throw-at-load.mjs', 'reject.cjs', 'exit.cjs', 'natural.cjs', 'handled.cjs'].map(
        (app) => ({ app, by: undefined }),
      );
      const signals = (['SIGTERM', 'SIGINT'] as const).map((by) => ({ app: 'signal.cjs', by }));
      const all = [...ends, ...signals];
      for (const { app, by } of all) {
        const run = async (more: object) => {
          const application = new Application(scope, { app: `ends/${app}`, ...more });
          if (by !== undefined) {
            await comes(() => application.stdout.includes('ready'), app);
            application.child.kill(by);
          }
          return { ...(await application.ended()), dir: application.dir };
        };
        const plain = await run({ preload: 'ends/nothing.cjs' });
        const watched = await run({ databaseUrl: NOWHERE });
        for (const what of ['code', 'signal', 'stdout', 'stderr'] as const)
          assert.equal(watched[what], plain[what], `${what} of ${app} ${by ?? ''}`);
        await context.drain(watched.dir, server.url());
      }
      const rows = await rowsOf(server);
      const none = { promised: all.length, produced: all.length, dropped: 0 };
      return {
        ...none,
        stored: rows,
        lost: Math.max(0, all.length - rows),
        duplicates: Math.max(0, rows - all.length),
        figure: `${all.length} ends with the database away: code, signal, stdout and stderr the same, the last error on disk`,
      };
    },
  },
  {
    row: '36',
    fault: 'a bug of ours behind every hook',
    async run() {
      const { points, calls, thrown, silent } = injectBugs();
      assert.deepEqual(thrown, [], 'nothing reaches the application');
      assert.deepEqual(silent, [], 'each is counted');
      const none = { promised: calls, produced: calls, stored: 0, dropped: calls, lost: 0, duplicates: 0 };
      assert.ok(points >= 9, `${points} places were reached`);
      return {
        ...none,
        figure: `${points} places broken, ${calls} calls of the application, 0 thrown, each counted as internal_error`,
      };
    },
  },
  {
    row: '37',
    fault: 'the event loop is blocked',
    async run(context) {
      const blocked = context.scale(4000, 30_000);
      const server = await context.server();
      const dir = context.folder();
      const [app, other] = ['blocked', 'other'].map((name) => context.producer({ name, dir, url: server.url() })) as [
        Producing,
        Producing,
      ];
      await Promise.all([app.send('start 100'), other.send('start 100')]);
      await until('rows', async () => (await rowsOf(server)) > 0);
      const names = () => readdirSync(join(dir, 'journal')).filter((name) => name.includes('~'));
      const over = app.send(`block ${blocked}`);
      let isOver = false;
      void over.then(() => {
        isOver = true;
      });
      while (!isOver) {
        assert.deepEqual(names(), [], 'its journal is not taken');
        await pause(100);
      }
      return { ...(await context.settle(server, dir)), figure: `${blocked / 1000} s, its journal was left alone` };
    },
  },
  {
    row: '42',
    fault: 'kill -9 of the embedded database, two openers at once',
    async run(context) {
      const dir = context.folder();
      const app = context.producer({ dir });
      await app.send('burst 100');
      const tail = ['tail', '--no-follow', '--json', '-n', '1000'];
      const rows = async () => {
        const found = await Promise.all([runCli(context, tail, { dir }), runCli(context, tail, { dir })]);
        return found.map(({ stdout }) =>
          stdout
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        );
      };
      context.after(() => {
        const pid = ownerPid(dir);
        if (pid !== undefined) signal(pid, 'SIGKILL');
      });
      await until('all is shipped', async () => (await rows()).every((one) => one.length >= 100));
      const first = ownerPid(dir)!;
      await app.send('burst 100');
      signal(first, 'SIGKILL');
      await until('all is there', async () => (await rows()).every((one) => one.length >= 200));
      await app.quit();
      const [all] = (await rows()) as [{ tags: { producer: string; seq: number } }[]];
      const keys = all.map(({ tags }) => `${tags.producer}:${tags.seq}`);
      const tables = { rows: keys, deadLetters: [], countable: 0, counted: 0 };
      return { ...compare(context.promises(), tables), figure: 'one owner at a time, succeeded after the kill' };
    },
  },
  {
    row: 'memory',
    fault: 'an outage under load: what it costs in memory',
    async run(context) {
      const server = await context.server({}, false);
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(), nodeFlags: ['--expose-gc'] });
      await app.send('start 200');
      await pause(context.scale(4000, 20_000));
      const before = (await app.send<{ rss: number }>('reset')).rss;
      await app.send('start 500');
      await pause(context.scale(6000, 300_000));
      const { rssMax } = await app.figures();
      await server.start();
      const account = await context.settle(server, dir, { flushMillis: 300_000 });
      const growth = (rssMax - before) / MIB;
      assert.ok(growth <= MOST_GROWTH_MIB, `RSS grew by ${growth.toFixed(1)} MiB`);
      return {
        ...account,
        figure: `RSS +${growth.toFixed(1)} MiB at most over ${context.scale(6, 300)} s at 500 errors/s`,
      };
    },
  },
];

type Producing = ReturnType<RowContext['producer']>;
