// Rows 19, 20 and 32: processes are killed while they record, at every interesting place, and while they take over what
// others left.

import assert from 'node:assert/strict';
import { listJournals } from '../../src/journal/layout.ts';
import { CRASH_POINTS, type CrashPoint } from '../support/crash-points.ts';
import { rowsOf } from './gone.ts';
import { type RowContext, until } from './support/context.ts';
import { pause } from './support/proxy.ts';
import type { Row } from './support/row.ts';

export const KILLED: Row[] = [
  {
    row: '19',
    fault: 'SIGKILL at random moments',
    async run(context) {
      const kills = context.scale(12, 200, 2000);
      const server = await context.server();
      const dir = context.folder();
      const url = server.url();
      // Whole applications, too, with preload and delivery thread.
      const apps = context.scale(1, 5, 20);
      for (let n = 0; n < apps; n++) {
        const app = context.producer({ dir, url });
        await app.send(`start ${[200, 2000][n % 2]}`);
        await pause(200 + Math.random() * 500);
        await app.kill();
      }
      let killed = 0;
      const lane = async () => {
        while (killed < kills) {
          // Without errors that take them along, lesser records have to be there by themselves, 200 ms later.
          const lesser = killed % 4 === 3 ? 1 : 4;
          const recorder = context.recorder({ name: `k${killed++}`, dir, url, lesser });
          await recorder.says('recording');
          await pause(lesser === 1 ? 200 + Math.random() * 400 : Math.random() ** 2 * 400);
          await recorder.kill();
        }
      };
      await Promise.all([lane(), lane()]);
      await context.drain(dir, url, 600_000);
      const account = await context.account(server, context.promises());
      return { ...account, figure: `${kills + apps} kills; errors promised at once, others after 200 ms` };
    },
  },
  {
    row: '20',
    fault: 'SIGKILL at named points, and again while recovering',
    async run(context) {
      const server = await context.server();
      let crashes = 0;
      const repeats = context.scale(1, 3, 12);
      const rounds = CRASH_POINTS.flatMap((point) => Array.from({ length: repeats }, (_, n) => ({ point, n })));
      const lane = async () => {
        for (let round = rounds.shift(); round; round = rounds.shift()) {
          const more = await crashTwice(context, server.url(), round.point, round.n);
          crashes += more;
        }
      };
      await Promise.all([lane(), lane()]);
      const account = await context.account(server, context.promises());
      return { ...account, figure: `${crashes} crashes at ${CRASH_POINTS.length} points` };
    },
  },
  {
    row: '32',
    fault: 'kill -9 while replaying, again and again',
    async run(context) {
      const backlog = context.scale(1500, 10_000);
      const server = await context.server();
      const dir = context.folder();
      // Its own delivery never gets anywhere.
      const source = context.recorder({
        name: 'source',
        dir,
        url: 'postgres://app:app@127.0.0.1:1/app',
        count: backlog,
      });
      await source.says('shipping');
      await source.kill();
      // All at once is too quick to be killed in the middle of.
      const proxy = await context.proxy(server);
      proxy.bytesPerSecond = 512 * 1024;
      let rounds = 0;
      while (listJournals(dir).length > 0) {
        assert.ok(++rounds < 200, 'it gets on');
        const before = await rowsOf(server);
        const replayer = context.recorder({ name: `r${rounds}`, dir, url: server.url(proxy.port), count: 0 });
        const moved = async () => (await rowsOf(server)) > before || replayer.child.exitCode !== null;
        await until('progress', moved);
        await pause(Math.random() * 200);
        await replayer.kill();
      }
      assert.ok(rounds > 1, 'killed in the middle');
      const account = await context.account(server, context.promises());
      return { ...account, figure: `${rounds} rounds to replay ${backlog} records` };
    },
  },
];

/** Dies at the point, dies there again in the process that takes over, and then everything has to be there. */
async function crashTwice(context: RowContext, url: string, point: CrashPoint, n: number): Promise<number> {
  const dir = context.folder();
  const name = `${point}-${n}`;
  let crashes = 0;
  // Something to take over.
  const first = context.recorder({ name: `${name}-first`, dir, url: 'postgres://app:app@127.0.0.1:1/app', count: 50 });
  await first.says('shipping');
  await first.kill();
  for (const [at, count] of [400, 100, 100].entries()) {
    // A process adopts what one other left: that point is passed once; others a few times.
    const most = point === 'adopt-rename' ? 1 : Math.min(n, 2) + (at === 0 ? 2 : 1);
    // The third and last one passes unharmed.
    const crash = at < 2 ? { point, passes: Math.floor(Math.random() * most) } : undefined;
    const recorder = context.recorder({ name: `${name}-${at}`, dir, url, count, crash });
    await recorder.ended;
    // Recovery of an adopted journal passes points that writing does not, and the other way round.
    if (recorder.wasKilled) crashes++;
    else assert.equal(recorder.child.exitCode, 0, recorder.stderr);
  }
  assert.ok(crashes > 0, `${point} was never reached`);
  assert.deepEqual(listJournals(dir), [], 'nothing is left over');
  return crashes;
}
