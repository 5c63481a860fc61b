// Merge, split and undo on random histories: taking everything back leaves no trace in the tables, and beside a service
// that nobody touched no count was moved wrongly, whatever was written in between.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Sink } from '../../src/deliver/sink.ts';
import { getIssue } from '../../src/query/issue.ts';
import type { Db } from '../../src/store/db.ts';
import { mergeIssues, splitIssue, undoAction } from '../../src/triage/index.ts';
import { errorLog, fingerprintOf } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const BUGS = 5;
const HOUR = 3_600_000;
const NOW = Date.now();

type Command =
  | { do: 'write'; bug: number; hoursAgo: number; route: string; user: string; release: string }
  | { do: 'merge'; into: number; from: number[] }
  | { do: 'split'; bug: number }
  | { do: 'undo' }
  | { do: 'fold' };

const bug = fc.nat(BUGS - 1);
const write = fc.record({
  do: fc.constant('write' as const),
  bug,
  hoursAgo: fc.nat(5),
  route: fc.constantFrom('/a', '/b'),
  user: fc.constantFrom('ann', 'bob', 'eve'),
  release: fc.constantFrom('1.0.0', '1.1.0'),
});
const merge = fc.record({
  do: fc.constant('merge' as const),
  into: bug,
  from: fc.array(bug, { minLength: 1, maxLength: 3 }),
});
const split = fc.record({ do: fc.constant('split' as const), bug });
const undo = fc.record({ do: fc.constant('undo' as const) });
const fold = fc.record({ do: fc.constant('fold' as const) });

const key = (nr: number) => fingerprintOf(`bug ${nr}`);
const event = (service: string, given: Omit<Extract<Command, { do: 'write' }>, 'do'>) =>
  errorLog({
    service,
    message: `bug ${'abcdef'[given.bug]}`,
    fingerprint: key(given.bug),
    created_at: NOW - given.hoursAgo * HOUR,
    route: given.route,
    user_id: given.user,
    release_version: given.release,
  });

class World {
  /** History ids, newest last. */
  done: number[] = [];
  readonly db: Db;
  readonly sink: Sink;
  readonly service: string;
  constructor(db: Db, sink: Sink, service: string) {
    this.db = db;
    this.sink = sink;
    this.service = service;
  }

  async issueOf(nr: number): Promise<number> {
    const [row] = await this.db.query<{ issue_id: number }>(
      'select issue_id from rowtrace.issue_keys where service = $1 and fingerprint = $2',
      [this.service, key(nr)],
    );
    return row!.issue_id;
  }

  async run(command: Command): Promise<void> {
    const { db, sink, service } = this;
    if (command.do === 'write')
      await sink.write(batch({ logs: [event(service, command), event(`${service}-untouched`, command)] }));
    if (command.do === 'fold') await db.query('select rowtrace.fold_issue_deltas()');
    if (command.do === 'undo') await this.undo();
    if (command.do === 'merge') {
      const into = await this.issueOf(command.into);
      const from = new Set(await Promise.all(command.from.map((nr) => this.issueOf(nr))));
      from.delete(into);
      if (from.size === 0) return;
      await mergeIssues(db, 'rowtrace', { into, from: [...from], actor: 'ann' });
      await this.remember();
    }
    if (command.do === 'split') {
      const issue = await this.issueOf(command.bug);
      const { keys } = (await getIssue(db, 'rowtrace', { id: issue }))!;
      if (keys.length < 2) return;
      await splitIssue(db, 'rowtrace', { issue, keys: [key(command.bug).slice(0, 10)], actor: 'ann' });
      await this.remember();
    }
  }

  async undo(): Promise<void> {
    const history = this.done.pop();
    if (history !== undefined) await undoAction(this.db, 'rowtrace', { history, actor: 'bob' });
  }

  async remember(): Promise<void> {
    const [row] = await this.db.query<{ id: number }>(`select max(id) as id from rowtrace.issue_history`);
    this.done.push(row!.id);
  }

  /** What there is per issue, without ids: number in the friendly id, keys, counts. */
  async seen(service: string): Promise<unknown[]> {
    return this.db.query(
      `select i.number, i.title, l.status, l.level, l.count, l.first_seen, l.last_seen, l.first_release, l.last_release,
         rowtrace.issue_people(i.id, 'user') as users,
         (select jsonb_agg(k.fingerprint order by 1) from rowtrace.issue_keys k where k.issue_id = i.id) as keys,
         (select jsonb_object_agg(h.hour, h.count) from rowtrace.issue_hour_counts h where h.issue_id = i.id) as hours,
         (select jsonb_object_agg(r.route, r.count) from rowtrace.issue_route_counts r where r.issue_id = i.id) as routes
       from rowtrace.issue_list l join rowtrace.issues i using (id) where l.service = $1 order by i.number`,
      [service],
    );
  }
}

const TABLES = ['issues', 'issue_keys', 'issue_deltas', 'issue_key_counts', 'issue_key_hours', 'issue_key_releases'];
TABLES.push('issue_key_routes', 'issue_key_people', 'releases', 'services');

async function dump(db: Db): Promise<unknown> {
  const rows = TABLES.map((table) =>
    db.query(`select to_jsonb(t) as row from rowtrace.${table} t order by to_jsonb(t)::text`),
  );
  return Promise.all(rows);
}

for (const kind of KINDS)
  describe(`merge, split and undo on ${kind}`, () => {
    test('merge then undo is the identity on every table', async (t) => {
      const { sink, db } = await openSink(t, kind);
      let nr = 0;
      const history = fc.tuple(
        fc.array(fc.oneof(write, fold), { maxLength: 12 }),
        fc.array(merge, { minLength: 1, maxLength: 4 }),
      );
      await fc.assert(
        fc.asyncProperty(history, async ([before, merges]) => {
          const world = new World(db, sink, `merged-${nr++}`);
          for (let bug = 0; bug < BUGS; bug++)
            await world.run({ do: 'write', bug, hoursAgo: bug, route: '/a', user: 'ann', release: '1.0.0' });
          for (const command of before) await world.run(command);
          const tables = await dump(db);
          for (const command of merges) await world.run(command);
          while (world.done.length > 0) await world.undo();
          assert.deepEqual(await dump(db), tables);
        }),
        { numRuns: 15 },
      );
    });

    test('whatever was written in between, all counts are where they would be without', async (t) => {
      const { sink, db } = await openSink(t, kind);
      let nr = 0;
      const commands = fc.array(fc.oneof({ weight: 4, arbitrary: write }, merge, merge, split, undo, fold), {
        maxLength: 20,
      });
      await fc.assert(
        fc.asyncProperty(commands, async (given) => {
          const world = new World(db, sink, `edited-${nr++}`);
          for (let bug = 0; bug < BUGS; bug++)
            await world.run({ do: 'write', bug, hoursAgo: 1, route: '/a', user: 'ann', release: '1.0.0' });
          for (const command of given) await world.run(command);
          const total = (service: string) =>
            db.query('select sum(count)::bigint as count from rowtrace.issue_list where service = $1', [service]);
          const untouched = `${world.service}-untouched`;
          assert.deepEqual(await total(world.service), await total(untouched), 'nothing is lost on the way');
          while (world.done.length > 0) await world.undo();
          assert.deepEqual(await world.seen(world.service), await world.seen(untouched));
        }),
        { numRuns: 15 },
      );
    });
  });
