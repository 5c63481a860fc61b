// The life of an issue as a table: what happened, minute by minute, and the status it has then.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sink } from '../../src/deliver/sink.ts';
import { listIssues } from '../../src/query/issues.ts';
import type { Db } from '../../src/store/db.ts';
import { ignoreIssue, reopenIssue, resolveIssue } from '../../src/triage/index.ts';
import { errorCount, errorLog } from '../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;
// The start of an hour, so that minute 60 is in the next one.
const START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 86_400_000;
const time = (minute: number) => new Date(START + minute * MINUTE);

interface World {
  db: Db;
  sink: Sink;
  service: string;
  issue: string;
}
type Step = (world: World) => Promise<unknown>;

/** An occurrence captured in that minute, stored when its turn comes. */
const event =
  (minute: number, release?: string): Step =>
  ({ sink, service }) =>
    sink.write(
      batch({
        logs: [errorLog({ service, created_at: time(minute).getTime(), release_version: release, message: 'bug' })],
      }),
    );
/** Several of one batch; after `counted` those that were only counted, as many as given. */
const events =
  (minutes: number[], counted: [minute: number, count: number][] = []): Step =>
  ({ sink, service }) => {
    const created_at = (minute: number) => time(minute).getTime();
    return sink.write(
      batch({
        logs: minutes.map((minute) => errorLog({ service, created_at: created_at(minute), message: 'bug' })),
        counts: counted.map(([minute, count]) =>
          errorCount({ service, created_at: created_at(minute), count, message_template: 'bug' }),
        ),
      }),
    );
  };
const BEFORE = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
/** Of another issue: the release is seen. */
const release =
  (minute: number, name: string): Step =>
  ({ sink, service }) =>
    sink.write(
      batch({
        logs: [errorLog({ service, created_at: time(minute).getTime(), release_version: name, message: 'other' })],
      }),
    );
const resolve =
  (minute: number, how: 'now' | 'release' | 'next-release', name?: string): Step =>
  ({ db, issue }) =>
    resolveIssue(db, 'rowtrace', { issue, how, release: name, actor: 'ann', at: time(minute) });
const ignore =
  (minute: number, given: { until?: number; count?: number; period?: number } = {}): Step =>
  ({ db, issue }) =>
    ignoreIssue(db, 'rowtrace', {
      issue,
      until: given.until === undefined ? undefined : time(given.until),
      count: given.count,
      periodMillis: given.period === undefined ? undefined : given.period * MINUTE,
      actor: 'ann',
      at: time(minute),
    });
const reopen =
  (minute: number): Step =>
  ({ db, issue }) =>
    reopenIssue(db, 'rowtrace', { issue, actor: 'ann', at: time(minute) });

const LIVES: [says: string, steps: Step[], status: string][] = [
  // now
  ['now: nothing since', [event(0), resolve(5, 'now')], 'resolved'],
  ['now: an occurrence since', [event(0), resolve(5, 'now'), event(6)], 'regressed'],
  ['now: a late event, captured before', [event(0), resolve(5, 'now'), event(4)], 'resolved'],
  ['now: of the newest release', [event(0, '1.0.0'), resolve(5, 'now'), event(6, '1.0.0')], 'regressed'],
  ['now: of a newer release', [event(0, '1.0.0'), resolve(5, 'now'), event(6, '1.0.1')], 'regressed'],
  [
    'now: of an old release still running',
    [event(0, '1.0.0'), release(1, '1.1.0'), resolve(5, 'now'), event(6, '1.0.0')],
    'resolved',
  ],
  ['now: of no release', [event(0, '1.0.0'), resolve(5, 'now'), event(6)], 'regressed'],
  // release
  ['release: of the release itself', [event(0, '1.0.0'), resolve(5, 'release'), event(6, '1.0.0')], 'resolved'],
  [
    'release: of an older one still running',
    [event(0, '1.0.0'), release(1, '1.1.0'), resolve(5, 'release'), event(6, '1.0.0')],
    'resolved',
  ],
  ['release: of a newer one', [event(0, '1.0.0'), resolve(5, 'release'), event(6, '1.1.0')], 'regressed'],
  [
    'release: a late event of a newer one',
    [event(0, '1.0.0'), release(1, '1.1.0'), resolve(5, 'release', '1.0.0'), event(4, '1.1.0')],
    'resolved',
  ],
  [
    'release: 1.10.0 is newer than 1.9.0, though it was seen before',
    [event(0, '1.10.0'), event(1, '1.9.0'), resolve(5, 'release', '1.9.0'), event(6, '1.10.0')],
    'regressed',
  ],
  ['release: a pre-release is older', [event(0, '2.0.0'), resolve(5, 'release'), event(6, '2.0.0-rc.1')], 'resolved'],
  [
    'release: rc.10 is newer than rc.9',
    [event(0, 'v2.0.0-rc.9'), resolve(5, 'release'), event(6, 'v2.0.0-rc.10')],
    'regressed',
  ],
  [
    'release: names are ordered by when they were seen',
    [event(0, 'f00'), resolve(5, 'release'), event(6, 'bee')],
    'regressed',
  ],
  [
    'release: … and the one seen before is older',
    [event(0, 'f00'), release(1, 'bee'), resolve(5, 'release'), event(6, 'f00')],
    'resolved',
  ],
  [
    'release: a version to come, and one below it',
    [event(0, '1.0.0'), resolve(5, 'release', '3.0.0'), event(6, '2.9.9')],
    'resolved',
  ],
  [
    'release: a version to come, and one above it',
    [event(0, '1.0.0'), resolve(5, 'release', '3.0.0'), event(6, '2.9.9'), event(7, '3.0.1')],
    'regressed',
  ],
  [
    'release: an occurrence of no release tells nothing',
    [event(0, '1.0.0'), resolve(5, 'release'), event(6)],
    'resolved',
  ],
  // next-release
  ['next: of the release of then', [event(0, '1.0.0'), resolve(5, 'next-release'), event(6, '1.0.0')], 'resolved'],
  [
    'next: of a release first seen since',
    [event(0, '1.0.0'), resolve(5, 'next-release'), event(6, '1.0.0'), event(9, '1.0.1')],
    'regressed',
  ],
  [
    'next: of another release seen before',
    [event(0, 'f00'), release(1, 'bee'), resolve(5, 'next-release'), event(6, 'f00')],
    'resolved',
  ],
  [
    'next: a late event shows that the release was there before',
    [event(0, 'f00'), resolve(5, 'next-release'), release(4, 'bee'), event(6, 'bee')],
    'resolved',
  ],
  [
    'next: a new release of an older line',
    [event(0, '2.0.0'), resolve(5, 'next-release'), event(6, '1.4.1')],
    'resolved',
  ],
  ['next: the first release at all', [event(0), resolve(5, 'next-release'), event(6), event(7, 'f00')], 'regressed'],
  // and on
  [
    'resolved again after it came back',
    [event(0), resolve(5, 'now'), event(6), resolve(7, 'now'), event(6)],
    'resolved',
  ],
  ['came back twice', [event(0), resolve(5, 'now'), event(6), resolve(7, 'now'), event(8)], 'regressed'],
  ['regressed stays so', [event(0), resolve(5, 'now'), event(6), event(7)], 'regressed'],
  ['reopened', [event(0), resolve(5, 'now'), reopen(6), event(7)], 'open'],
  // ignored
  ['ignored for ever', [event(0), ignore(1), ...[2, 3, 4].map((minute) => event(minute, '9.9.9'))], 'ignored'],
  ['ignored until a time that is over', [event(0), ignore(1, { until: 60 })], 'open'],
  ['ignored until a time to come', [event(0), ignore(1, { until: 10_000 }), event(5)], 'ignored'],
  ['ignored for 3 more, 2 came', [event(0), ignore(1, { count: 3 }), event(2), event(3)], 'ignored'],
  ['ignored for 3 more, 3 came', [event(0), ignore(1, { count: 3 }), event(2), event(3), event(4)], 'open'],
  [
    'ignored for 3 more, late ones do not count',
    [event(-3), ignore(1, { count: 3 }), event(2), event(3), event(-2), event(0)],
    'ignored',
  ],
  [
    'ignored for 3 in 10 minutes, they came slowly',
    [event(0), ignore(1, { count: 3, period: 10 }), event(2), event(8), event(13), event(19)],
    'ignored',
  ],
  [
    'ignored for 3 in 10 minutes, across the hour',
    [event(0), ignore(1, { count: 3, period: 10 }), event(20), event(55), event(59), event(64)],
    'open',
  ],
  [
    'ignored for 3 in 10 minutes, stored out of order',
    [event(0), ignore(1, { count: 3, period: 10 }), event(64), event(20), event(55), event(59)],
    'open',
  ],
  [
    'ignored for 5 more, a batch has 10 from before and 1 from after',
    [event(0), ignore(30, { count: 5 }), events([...BEFORE, 31])],
    'ignored',
  ],
  [
    'ignored for 5 more, batches have some from before and 4 from after',
    [event(0), ignore(30, { count: 5 }), events([...BEFORE, 31]), event(32), events([5, 33, 70])],
    'ignored',
  ],
  [
    'ignored for 5 more, batches have some from before and 5 from after',
    [event(0), ignore(30, { count: 5 }), event(80), events([...BEFORE, 31]), event(32), events([5, 33, 70])],
    'open',
  ],
  [
    'ignored for 5 more, of those that were only counted 9 are from before and 4 from after',
    [
      event(0),
      ignore(30, { count: 5 }),
      events(BEFORE, [
        [20, 9],
        [31, 3],
        [65, 1],
      ]),
    ],
    'ignored',
  ],
  [
    'ignored for 5 more, of those that were only counted 9 are from before and 5 from after',
    [
      event(0),
      ignore(30, { count: 5 }),
      events(BEFORE, [
        [20, 9],
        [31, 3],
      ]),
      events([], [[65, 2]]),
    ],
    'open',
  ],
  ['ignored until a time to come or for 1 more', [event(0), ignore(1, { until: 10_000, count: 1 }), event(2)], 'open'],
  ['ignored, then resolved', [event(0), ignore(1, { count: 1 }), resolve(5, 'now'), event(3)], 'resolved'],
];

for (const kind of KINDS)
  describe(`life of an issue on ${kind}`, () => {
    for (const folding of ['at the end', 'after every step'] as const)
      test(`folded ${folding}`, async (t) => {
        const { sink, db } = await openSink(t, kind);
        for (const [nr, [says, steps, expected]] of LIVES.entries()) {
          const service = `life-${nr}`;
          const world: World = { db, sink, service, issue: '' };
          const find = async () => (await listIssues(db, 'rowtrace', { service, text: 'bug' }))[0]!;
          for (const step of steps) {
            await step(world);
            world.issue ||= (await find()).friendly_id;
            if (folding === 'after every step') await db.query('select rowtrace.fold_issue_deltas()');
          }
          const before = await find();
          assert.equal(before.status, expected, says);
          await foldAll(db);
          await db.query('select rowtrace.fold_issue_deltas()');
          assert.deepEqual(await find(), before, `${says}: folding changes nothing that is seen`);
        }
        const [stored] = await db.query(
          `select count(*) as different from rowtrace.issues i join rowtrace.issue_list l using (id)
           where (i.status, i.status_changed_at) is distinct from (l.status, l.status_changed_at)`,
        );
        assert.equal(stored!.different, 0);
      });
  });
