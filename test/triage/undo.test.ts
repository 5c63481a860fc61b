// After undo an issue has the status it would have without what was undone, whatever came since and whether it was folded.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sink } from '../../src/deliver/sink.ts';
import { getIssue } from '../../src/query/issue.ts';
import { listIssues } from '../../src/query/issues.ts';
import type { Db } from '../../src/store/db.ts';
import { ignoreIssue, mergeIssues, resolveIssue, splitIssue, undoAction } from '../../src/triage/index.ts';
import { errorLog, fingerprintOf } from '../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../support/sinks.ts';

const actor = 'ann';
const s = 'rowtrace';
const MINUTE = 60_000;
// The start of an hour, so that minute 60 is in the next one.
const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 86_400_000;
const at = (minute: number) => new Date(START + minute * MINUTE);

class World {
  readonly db: Db;
  readonly service: string;
  readonly #sink: Sink;
  readonly #fold: boolean;

  constructor(db: Db, sink: Sink, service: string, fold: boolean) {
    this.db = db;
    this.service = service;
    this.#sink = sink;
    this.#fold = fold;
  }

  /** Occurrences of one bug, a batch of them. */
  async came(message: string, ...minutes: number[]): Promise<void> {
    const logs = minutes.map((minute) =>
      errorLog({ service: this.service, message, created_at: at(minute).getTime(), release_version: '1.0.0' }),
    );
    await this.#sink.write(batch({ logs }));
    if (this.#fold) await foldAll(this.db);
  }

  async id(title: string): Promise<number> {
    return (await this.list()).find((issue) => issue.title === title)!.id;
  }

  list() {
    return listIssues(this.db, s, { service: this.service });
  }

  async statuses(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.list()).map(({ title, status }) => [title, status]));
  }

  async lastEntry(): Promise<number> {
    const [row] = await this.db.query<{ id: number }>(
      `select max(id) as id from rowtrace.issue_history where actor = $1`,
      [actor],
    );
    return row!.id;
  }
}

const CASES: [says: string, work: (world: World, a: number, b: number) => Promise<void>][] = [
  [
    'resolved, ignored, came; not ignored any more: regressed',
    async (world, a) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await ignoreIssue(world.db, s, { issue: a, actor, at: at(6) });
      await world.came('a', 4, 10);
      assert.equal((await undoAction(world.db, s, { issue: a, actor })).status, 'regressed');
      const { history } = (await getIssue(world.db, s, { id: a }))!;
      assert.deepEqual(
        history.map(({ action }) => action),
        ['regressed', 'undone', 'ignored', 'resolved'],
      );
      assert.deepEqual((await world.list()).find(({ id }) => id === a)!.status_changed_at, at(10));
    },
  ],
  [
    'resolved, ignored, a late one; not ignored any more: resolved',
    async (world, a) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await ignoreIssue(world.db, s, { issue: a, actor, at: at(6) });
      await world.came('a', 4, 5);
      assert.equal((await undoAction(world.db, s, { issue: a, actor })).status, 'resolved');
    },
  ],
  [
    'ignored for 3 more, resolved in the release, 2 came; ignored again till the third comes',
    async (world, a) => {
      await ignoreIssue(world.db, s, { issue: a, count: 3, actor, at: at(30) });
      await resolveIssue(world.db, s, { issue: a, how: 'release', actor, at: at(31) });
      await world.came('a', 10, 20, 29, 40);
      await world.came('a', 70);
      assert.equal((await undoAction(world.db, s, { issue: a, actor })).status, 'ignored');
      await world.came('a', 25, 80);
      assert.equal((await world.statuses()).a, 'open');
    },
  ],
  [
    'ignored for 3 within 10 minutes, resolved in the release, 3 came so; open',
    async (world, a) => {
      await ignoreIssue(world.db, s, { issue: a, count: 3, periodMillis: 10 * MINUTE, actor, at: at(30) });
      await resolveIssue(world.db, s, { issue: a, how: 'release', actor, at: at(31) });
      await world.came('a', 29, 55, 59, 64);
      assert.equal((await undoAction(world.db, s, { issue: a, actor })).status, 'open');
    },
  ],
  [
    'a resolved one regresses by what is merged in, and is resolved again after undo',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await world.came('b', 10);
      assert.equal((await mergeIssues(world.db, s, { into: a, from: [b], actor })).status, 'regressed');
      await world.came('b', 11);
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
    },
  ],
  [
    '… but not where its own came as well',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await world.came('b', 10);
      await world.came('a', 11);
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'regressed', b: 'open', c: 'open' });
    },
  ],
  [
    '… nor where a person decided since',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      const history = await world.lastEntry();
      await world.came('b', 10);
      await ignoreIssue(world.db, s, { issue: a, actor, at: at(12) });
      await undoAction(world.db, s, { history, actor });
      assert.deepEqual(await world.statuses(), { a: 'ignored', b: 'open', c: 'open' });
    },
  ],
  [
    'one ignored for 3 more is so again, less its own',
    async (world, a, b) => {
      await ignoreIssue(world.db, s, { issue: a, count: 3, actor, at: at(30) });
      await world.came('a', 31);
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await world.came('b', 32, 33, 65);
      assert.equal((await world.statuses()).a, 'open');
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'ignored', b: 'open', c: 'open' });
      await world.came('a', 34);
      assert.equal((await world.statuses()).a, 'ignored');
      await world.came('a', 66);
      assert.equal((await world.statuses()).a, 'open');
    },
  ],
  [
    'one that was merged away while it was resolved regresses by what came of it meanwhile',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: b, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await world.came('b', 10);
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'open', b: 'regressed', c: 'open' });
    },
  ],
  [
    'two merges undone in the order they were made leave nothing of either',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      const first = await world.lastEntry();
      await world.came('b', 10);
      await mergeIssues(world.db, s, { into: a, from: [await world.id('c')], actor });
      const second = await world.lastEntry();
      await undoAction(world.db, s, { history: first, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open' });
      await world.came('c', 11);
      assert.equal((await world.statuses()).a, 'regressed');
      await undoAction(world.db, s, { history: second, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
    },
  ],
  [
    'what came to a part that was split off counts again for the issue it goes back to',
    async (world, a, b) => {
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await splitIssue(world.db, s, { issue: a, keys: [fingerprintOf('b')], actor });
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await world.came('b', 10);
      await undoAction(world.db, s, { issue: await world.id('b'), actor });
      assert.deepEqual(await world.statuses(), { a: 'regressed', c: 'open' });
    },
  ],
  [
    'resolved after the merge, regressed by the other alone: resolved again',
    async (world, a, b) => {
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      const merge = await world.lastEntry();
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await world.came('b', 10);
      assert.equal((await world.statuses()).a, 'regressed');
      await undoAction(world.db, s, { history: merge, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
      await world.came('a', 11);
      assert.equal((await world.statuses()).a, 'regressed');
    },
  ],
  [
    '… and not where its own came as well',
    async (world, a, b) => {
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      const merge = await world.lastEntry();
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await world.came('b', 10);
      await world.came('a', 11);
      await undoAction(world.db, s, { history: merge, actor });
      assert.deepEqual(await world.statuses(), { a: 'regressed', b: 'open', c: 'open' });
      assert.deepEqual((await world.list()).find(({ id }) => id === a)!.status_changed_at, at(11));
    },
  ],
  [
    'ignored for 3 more after the merge: those of the other count no more, whether they ended it or not',
    async (world, a, b) => {
      for (const others of [
        [32, 65],
        [32, 33, 65],
      ]) {
        await mergeIssues(world.db, s, { into: a, from: [b], actor });
        const merge = await world.lastEntry();
        await ignoreIssue(world.db, s, { issue: a, count: 4, actor, at: at(30) });
        await world.came('b', ...others);
        await world.came('a', 66);
        assert.equal((await world.statuses()).a, others.length === 3 ? 'open' : 'ignored');
        await undoAction(world.db, s, { history: merge, actor });
        assert.deepEqual(await world.statuses(), { a: 'ignored', b: 'open', c: 'open' });
        await undoAction(world.db, s, { issue: a, actor });
        assert.equal((await world.statuses()).a, 'open');
      }
    },
  ],
  [
    'resolved, merged and so regressed, ignored; neither merged nor ignored any more: resolved',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      const merge = await world.lastEntry();
      await world.came('b', 10);
      assert.equal((await world.statuses()).a, 'regressed');
      await ignoreIssue(world.db, s, { issue: a, actor, at: at(12) });
      await undoAction(world.db, s, { history: merge, actor });
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
    },
  ],
  [
    'what a part that is split off made of an issue goes with it, and comes back with it',
    async (world, a, b) => {
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await world.came('b', 10);
      await splitIssue(world.db, s, { issue: a, keys: [fingerprintOf('b')], actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
      await undoAction(world.db, s, { issue: a, actor });
      assert.deepEqual(await world.statuses(), { a: 'regressed', c: 'open' });
    },
  ],
  [
    '… also where it is split off between a merge and its undo',
    async (world, a, b) => {
      await resolveIssue(world.db, s, { issue: a, how: 'now', actor, at: at(5) });
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await world.came('b', 10);
      await mergeIssues(world.db, s, { into: a, from: [await world.id('c')], actor });
      const merge = await world.lastEntry();
      await splitIssue(world.db, s, { issue: a, keys: [fingerprintOf('b')], actor });
      await undoAction(world.db, s, { history: merge, actor });
      assert.deepEqual(await world.statuses(), { a: 'resolved', b: 'open', c: 'open' });
    },
  ],
  [
    'ignored for 3 more: those of a part that is split off count no more',
    async (world, a, b) => {
      await mergeIssues(world.db, s, { into: a, from: [b], actor });
      await ignoreIssue(world.db, s, { issue: a, count: 3, actor, at: at(30) });
      await world.came('b', 31, 65);
      await splitIssue(world.db, s, { issue: a, keys: [fingerprintOf('b')], actor });
      await world.came('a', 66, 67);
      assert.equal((await world.statuses()).a, 'ignored');
      await world.came('a', 68);
      assert.equal((await world.statuses()).a, 'open');
    },
  ],
];

for (const kind of KINDS)
  describe(`undo on ${kind}`, () => {
    for (const fold of [false, true])
      test(`${fold ? 'folded' : 'not folded'} meanwhile`, async (t) => {
        const { sink, db } = await openSink(t, kind);
        for (const [nr, [says, work]] of CASES.entries())
          await t.test(says, async () => {
            const world = new World(db, sink, `undo-${nr}`, fold);
            for (const title of ['a', 'b', 'c']) await world.came(title, 0);
            await work(world, await world.id('a'), await world.id('b'));
            const seen = await world.list();
            await foldAll(db);
            assert.deepEqual(await world.list(), seen, 'folding changes nothing that is seen');
          });
      });
  });
