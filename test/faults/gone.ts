// Rows 1 to 7: Postgres is gone, in one way or another, while an application records.

import assert from 'node:assert/strict';
import { PATIENCE_MILLIS, until } from './support/context.ts';
import { pause } from './support/proxy.ts';
import type { Row } from './support/row.ts';
import { signal, withClient } from './support/server.ts';

/** A call that waited for the database would take 200 ms at least; what is below this is a busy machine. */
const MOST_CALL_P99_MILLIS = 50;

export const GONE: Row[] = [
  {
    row: '1',
    fault: 'Postgres is down when the application starts',
    async run(context) {
      const server = await context.server({}, false);
      const dir = context.folder();
      const up = await context.server();
      const usual = context.producer({ name: 'usual', dir: context.folder(), url: up.url() });
      const usually = (await usual.ready()).millis;
      await usual.quit();
      const app = context.producer({ dir, url: server.url() });
      const down = (await app.ready()).millis;
      await app.send('start 200');
      await until('it says so', () => app.said.some((line) => line.includes('unreachable') || line.includes('reach')));
      await pause(context.scale(1000, 10_000));
      const said = app.said.length;
      // The start line, and one problem.
      assert.ok(said <= 2, `it said ${said} lines: ${app.said.join(' ')}`);
      await server.start();
      const account = await context.settle(server, dir);
      return {
        ...account,
        figure: `started in ${millis(down)} (with Postgres ${millis(usually)}), one line said`,
      };
    },
  },
  {
    row: '2',
    fault: 'Postgres crashes under load and comes back',
    async run(context) {
      const rounds = context.scale(3, 20);
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 300');
      await until('rows', async () => (await rowsOf(server)) > 0);
      for (let round = 0; round < rounds; round++) {
        await server.stop('immediate');
        await pause(300);
        await server.start();
        const before = await rowsOf(server);
        await until('new rows', async () => (await rowsOf(server)) > before);
      }
      await app.send('pause');
      const left = (await context.promises()).promised.size - (await rowsOf(server));
      const began = performance.now();
      await app.send(`flush ${PATIENCE_MILLIS}`);
      const rate = left > 100 ? `, then ${Math.round(left / ((performance.now() - began) / 1000))} rows/s` : '';
      return { ...(await context.settle(server, dir)), figure: `${rounds} crashes${rate}` };
    },
  },
  {
    row: '3',
    fault: 'kill -9 of a backend (the whole server restarts)',
    async run(context) {
      const rounds = context.scale(2, 10);
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 300');
      for (let round = 0; round < rounds; round++) {
        const [pid] = (await until('a backend', async () => {
          const found = await server.backends().catch(() => []);
          return found.length > 0 && found;
        })) as number[];
        signal(pid!, 'SIGKILL');
        const before = await until('the server', () =>
          rowsOf(server).then(
            (rows) => rows + 1,
            () => 0,
          ),
        );
        await until('new rows', () =>
          rowsOf(server).then(
            (rows) => rows >= before,
            () => false,
          ),
        );
      }
      return { ...(await context.settle(server, dir)), figure: `${rounds} backends killed` };
    },
  },
  {
    row: '4',
    fault: 'pg_terminate_backend ten times a second',
    async run(context) {
      const rounds = context.scale(50, 1000);
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 100');
      let terminated = 0;
      await withClient(server.adminUrl, async (client) => {
        // A busy machine takes its time to connect; nothing is proven before there was something to terminate.
        for (let round = 0; round < rounds || terminated === 0; round++) {
          const { rowCount } = await client.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'rowtrace%'`,
          );
          terminated += rowCount ?? 0;
          await pause(100);
        }
      });
      return { ...(await context.settle(server, dir)), figure: `${terminated} connections ended, application alive` };
    },
  },
  {
    row: '5',
    fault: 'Postgres is frozen (SIGSTOP)',
    async run(context) {
      const frozenMillis = context.scale(14_000, 60_000);
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      await app.send('start 200');
      await until('rows', async () => (await rowsOf(server)) > 0);
      await app.send('reset');
      server.freeze();
      const began = performance.now();
      await until('the outage is noticed', async () => (await app.state()) === 'outage', 30_000);
      const noticed = performance.now() - began;
      await pause(frozenMillis - noticed);
      const figures = await app.figures();
      server.thaw();
      const account = await context.settle(server, dir);
      assert.ok(figures.callP99Millis <= MOST_CALL_P99_MILLIS, `p99 of a call: ${figures.callP99Millis} ms`);
      await until('no backend is left', async () => (await server.backends()).length === 0);
      return {
        ...account,
        figure: `noticed after ${seconds(noticed)}, call p99 ${millis(figures.callP99Millis)}, no backend left over`,
      };
    },
  },
  {
    row: '6',
    fault: 'half-open connections: nothing arrives, nothing is closed',
    async run(context) {
      const server = await context.server();
      const proxy = await context.proxy(server);
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(proxy.port) });
      await app.send('start 200');
      await until('rows', async () => (await rowsOf(server)) > 0);
      await app.send('reset');
      proxy.halfOpen = true;
      const began = performance.now();
      await until('the outage is noticed', async () => (await app.state()) === 'outage', 30_000);
      const noticed = performance.now() - began;
      const figures = await app.figures();
      proxy.cutAll();
      proxy.halfOpen = false;
      const account = await context.settle(server, dir);
      // By our own patience, not by anybody's of the network; how long that took is known on a quiet machine only.
      assert.ok(
        app.said.some((line) => /Query read timeout|due to connection timeout/.test(line)),
        app.said.join('\n'),
      );
      assert.ok(context.mode === 'short' || noticed < 12_000, `noticed after ${noticed} ms`);
      assert.ok(figures.callP99Millis <= MOST_CALL_P99_MILLIS, `p99 of a call: ${figures.callP99Millis} ms`);
      return { ...account, figure: `noticed after ${seconds(noticed)}, call p99 ${millis(figures.callP99Millis)}` };
    },
  },
  {
    row: '7',
    fault: 'connections are accepted and never answered',
    async run(context) {
      const server = await context.server();
      const proxy = await context.proxy(server);
      proxy.blackHole = true;
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url(proxy.port) });
      const began = performance.now();
      await app.send('start 200');
      await until('the outage is noticed', async () => (await app.state()) === 'outage', 30_000);
      const noticed = performance.now() - began;
      await pause(context.scale(1000, 20_000));
      const figures = await app.figures();
      proxy.blackHole = false;
      proxy.cutAll();
      const account = await context.settle(server, dir);
      assert.ok(figures.callP99Millis <= MOST_CALL_P99_MILLIS, `p99 of a call: ${figures.callP99Millis} ms`);
      return { ...account, figure: `noticed after ${seconds(noticed)}, call p99 ${millis(figures.callP99Millis)}` };
    },
  },
];

export async function rowsOf(server: { query: (text: string) => Promise<unknown[]> }): Promise<number> {
  const [row] = (await server.query('select count(*)::int as rows from rowtrace.error_logs')) as [{ rows: number }];
  return row.rows;
}

export function seconds(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

export function millis(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
