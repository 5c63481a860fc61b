// Rows 8 to 14: Postgres is there and slow, full, locked or refusing, and connections break at the worst moment.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { millis, rowsOf, seconds } from './gone.ts';
import { PATIENCE_MILLIS, until } from './support/context.ts';
import { postgresSink } from './support/light.ts';
import { type Cut, pause } from './support/proxy.ts';
import type { Row } from './support/row.ts';
import { withClient } from './support/server.ts';
import { crossWrites } from './support/writers.ts';

const CUTS: readonly Cut[] = ['answered', 'sent', 'before'];

export const CROWDED: Row[] = [
  {
    row: '8',
    fault: 'slow network: 500 ms, 64 KiB/s, answers byte by byte',
    async run(context) {
      const count = context.scale(60, 1000);
      const server = await context.server();
      const proxy = await context.proxy(server);
      Object.assign(proxy, { latencyMillis: 250, bytesPerSecond: 64 * 1024, sliceBytes: 1 });
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(proxy.port) });
      await app.send('reset');
      const began = performance.now();
      await app.send(`burst ${count}`);
      const account = await context.settle(server, dir, { flushMillis: 300_000 });
      return { ...account, figure: `all stored after ${seconds(performance.now() - began)}` };
    },
  },
  {
    row: '9',
    fault: 'connection cut in COMMIT: before, on the way, before the answer',
    async run(context) {
      const cuts = context.scale(150, 1500, 10_000);
      const server = await context.server();
      const proxy = await context.proxy(server);
      const dirs = Array.from({ length: 6 }, () => context.folder());
      const producers = dirs.map((dir, n) => context.light({ name: `p${n}`, dir }));
      const total = () => proxy.cuts.before + proxy.cuts.sent + proxy.cuts.answered;
      // Two of three commits; the third must get through, or nothing ever moves on.
      let commits = 0;
      proxy.cutCommit = () => (total() < cuts && ++commits % 3 !== 0 ? CUTS[total() % CUTS.length] : undefined);
      const shippers = producers.map((producer, n) => {
        producer.record();
        return context.shipper(dirs[n]!, postgresSink(server.url(proxy.port)), { own: producer.journal.dir! });
      });
      const feed = async (n: number) => {
        while (total() < cuts) {
          for (let record = 0; record < 20; record++) producers[n]!.record();
          await shippers[n]!.flush(PATIENCE_MILLIS);
        }
        assert.ok(await shippers[n]!.flush(PATIENCE_MILLIS), 'all is delivered in the end');
      };
      await Promise.all(producers.map((_, n) => feed(n)));
      const known = shippers.reduce((sum, shipper) => sum + shipper.stats().duplicates, 0);
      const account = await context.account(server, context.promises());
      const { before, sent, answered } = proxy.cuts;
      assert.ok(known > 0, 'some rows were committed without an answer and came again');
      return {
        ...account,
        figure: `${before + sent + answered} cuts (${before} before, ${sent} on the way, ${answered} unanswered), ${known} rows came again and changed nothing`,
      };
    },
  },
  {
    row: '10',
    fault: 'Postgres is read-only',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 200');
      await until('rows', async () => (await rowsOf(server)) > 0);
      await readOnly(server.adminUrl, true);
      await until('the outage is noticed', async () => (await app.state()) === 'outage');
      await pause(context.scale(2000, 20_000));
      await readOnly(server.adminUrl, false);
      const account = await context.settle(server, dir);
      assert.deepEqual(await server.query('select * from rowtrace.dead_letters'), []);
      return { ...account, figure: 'no dead letter' };
    },
  },
  {
    row: '11',
    fault: 'disk of Postgres is full',
    needs: ['root', 'mount'],
    async run(context) {
      const server = await context.server();
      const small = context.folder();
      const nobody = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'rowtrace-faults', small]);
      // Lazily: a server that is still ending may have a file open.
      context.after(() => execFileSync('umount', ['-l', small]));
      chownSync(small, nobody[0]!, nobody[1]!);
      await withClient(server.adminUrl.replace(/app$/, 'postgres'), async (client) => {
        await client.query(`create tablespace small location '${small}'`);
        await client.query('alter database app set tablespace small');
      });
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 300');
      await until('rows', async () => (await rowsOf(server)) > 0);
      fill(small);
      await until('the outage is noticed', async () => (await app.state()) === 'outage');
      const attempts = await perMinute(() => server.logged('No space left'), context.scale(5000, 60_000));
      rmSync(join(small, 'filler'));
      const account = await context.settle(server, dir);
      assert.ok(attempts < 120, `${attempts} attempts a minute`);
      return { ...account, figure: `${Math.round(attempts)} attempts a minute` };
    },
  },
  {
    row: '12',
    fault: 'max_connections reached by others',
    async run(context) {
      const server = await context.server({ max_connections: 10 });
      const others: Promise<void>[] = [];
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      // Whoever gets in stays.
      const isRefused = () =>
        new Promise<boolean>((answer) => {
          const other = withClient(server.url(), () => {
            answer(false);
            return held;
          });
          others.push(other.catch((error) => answer(error.code === '53300')));
        });
      await until('nobody else gets in', isRefused);
      // Not before: its own connection would be one of the seven.
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 200');
      await until('the outage is noticed', async () => (await app.state()) === 'outage');
      const refused = () => server.logged('connection slots') + server.logged('too many clients');
      const attempts = await perMinute(refused, context.scale(5000, 60_000));
      release();
      await Promise.all(others);
      const account = await context.settle(server, dir);
      assert.ok(attempts < 120, `${attempts} attempts a minute`);
      return { ...account, figure: `${Math.round(attempts)} attempts a minute` };
    },
  },
  {
    row: '13',
    fault: 'the table is locked by somebody',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 200');
      await until('rows', async () => (await rowsOf(server)) > 0);
      await app.send('reset');
      await withClient(server.adminUrl, async (client) => {
        await client.query('begin; lock table rowtrace.error_logs in access exclusive mode');
        await pause(context.scale(5000, 60_000));
        await client.query('commit');
      });
      const { callP99Millis } = await app.figures();
      const account = await context.settle(server, dir);
      assert.ok(callP99Millis <= 50, `p99 of a call: ${callP99Millis} ms`);
      return { ...account, figure: `call p99 ${millis(callP99Millis)}` };
    },
  },
  {
    row: '14',
    fault: 'eight writers, the same issues in any order',
    async run(context) {
      const batches = context.scale(40, 400, 1250);
      const server = await context.server();
      const promised = await crossWrites(server.url(), { writers: 8, batches, rows: 50 });
      const account = await context.account(server, promised);
      const [stat] = await server.query<{ deadlocks: string }>(
        `select deadlocks from pg_stat_database where datname = 'app'`,
      );
      assert.equal(Number(stat!.deadlocks), 0);
      return { ...account, figure: `0 deadlocks in ${8 * batches} batches` };
    },
  },
];

/** How often something happens while we pause; a busy machine makes the pause longer. */
async function perMinute(count: () => number, millis: number): Promise<number> {
  const before = count();
  const began = performance.now();
  await pause(millis);
  return (count() - before) / ((performance.now() - began) / 60_000);
}

async function readOnly(url: string, on: boolean): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('set default_transaction_read_only = off');
    await client.query(
      `alter system ${on ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only'}`,
    );
    await client.query('select pg_reload_conf()');
  });
}

function fill(folder: string): void {
  for (let kib = 48 * 1024; kib >= 4; kib = Math.floor(kib / 2))
    try {
      writeFileSync(join(folder, 'filler'), Buffer.alloc(kib * 1024), { flag: 'a' });
    } catch {
      // What fitted is there; the rest is filled with smaller pieces.
    }
}
