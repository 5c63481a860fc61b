import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getIssue } from '../../src/query/issue.ts';
import { type IssueFilter, listIssues } from '../../src/query/issues.ts';
import { getOccurrence } from '../../src/query/occurrence.ts';
import { resolveIssue } from '../../src/triage/index.ts';
import { errorLog } from '../support/rows.ts';
import { batch, foldAll, KINDS, openSink } from '../support/sinks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const times = (count: number, make: (nr: number) => Parameters<typeof errorLog>[0]) =>
  Array.from({ length: count }, (_, nr) => errorLog(make(nr)));

for (const kind of KINDS)
  describe(`issues on ${kind}`, () => {
    test('new, regressed and escalating ones are marked, and sorted by growth', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const now = Date.now();
      const old = now - 6 * 24 * HOUR;
      const logs = [
        // 12 in the last hour, one a day before.
        ...times(12, (nr) => ({ message: 'growing', created_at: now - (nr * 4 + 1) * MINUTE })),
        errorLog({ message: 'growing', created_at: old }),
        // 60 in the last hour: more than its mean, but not five times.
        ...times(60, (nr) => ({ message: 'steady', created_at: now - nr * 30_000 })),
        ...times(3000, (nr) => ({ message: 'steady', created_at: old + nr * 2 * MINUTE })),
        // Ten are not over ten.
        ...times(10, () => ({ message: 'ten', created_at: now - MINUTE })),
        // 15 in the hour before the last.
        ...times(15, (nr) => ({ message: 'over', created_at: now - (61 + nr) * MINUTE })),
        ...times(3000, (nr) => ({ message: 'storm', created_at: now - (nr % 100) })),
        errorLog({ message: 'back', created_at: old }),
      ];
      await sink.write(batch({ logs }));
      const [back] = await listIssues(db, 'rowtrace', { text: 'back' });
      await resolveIssue(db, 'rowtrace', { issue: back!.id, how: 'now', actor: 'ann', at: new Date(old + MINUTE) });
      await sink.write(batch({ logs: [errorLog({ message: 'back', created_at: old + HOUR })] }));
      const flags = async (sort: IssueFilter['sort']) =>
        (await listIssues(db, 'rowtrace', { sort })).map(({ title, flags }) => [title, ...flags].join(' '));
      const expected = [
        'storm new escalating',
        'growing escalating',
        'ten new',
        'steady',
        'over new',
        'back regressed',
      ];
      assert.deepEqual((await flags('escalating')).sort(), expected.toSorted());
      assert.deepEqual((await flags('escalating')).slice(0, 2), expected.slice(0, 2));
      assert.equal((await flags('count'))[0], 'steady');
      assert.equal((await flags('first_seen'))[0], 'storm new escalating');
      const before = await flags('last_seen');
      await foldAll(db);
      assert.deepEqual(await flags('last_seen'), before);
      assert.equal((await listIssues(db, 'rowtrace', { status: 'regressed' })).length, 1);
    });

    test('one issue: routes, environments, people, releases, tags; alike before and after folding', async (t) => {
      const { sink, db } = await openSink(t, kind, { columns: { clinic_id: 'integer' } });
      const at = Date.UTC(2026, 0, 2, 3);
      const bug = (minute: number, given: Parameters<typeof errorLog>[0]) =>
        errorLog({ message: 'bug', created_at: at + minute * MINUTE, ...given });
      const late = bug(5, {
        release_version: '1.10.0',
        user_id: 'bob',
        environment: 'production',
        tags: { breed: 'collie' },
        promoted: { clinic_id: 7 },
      });
      await sink.write(
        batch({
          logs: [
            errorLog({ message: 'other', created_at: at, release_version: '1.8.0', build_sha: 'abc' }),
            bug(1, {
              release_version: '1.9.0',
              route: '/dogs/:id',
              user_id: 'ann',
              session_id: 's1',
              tags: { breed: 'collie' },
            }),
            bug(2, {
              release_version: '1.9.0',
              route: '/dogs/:id',
              user_id: 'ann',
              session_id: 's2',
              tags: { breed: 'pug' },
            }),
            late,
          ],
        }),
      );
      const { event_id, created_at } = late;
      await sink.write(batch({ amendments: [{ event_id, created_at, route: '/dogs', session_id: 's3' }] }));
      await sink.write(batch({ amendments: [{ event_id, created_at, route: '/cats', http_status: 500 }] }));
      const read = async () => {
        const [listed] = await listIssues(db, 'rowtrace', { release: '1.10.0' });
        return (await getIssue(db, 'rowtrace', { id: listed!.friendly_id }))!;
      };
      const before = await read();
      const { issue, routes, environments, releases, tags, last_good_release, first_bad_release } = before;
      assert.deepEqual(
        [issue.count, issue.users, issue.sessions, issue.first_release, issue.last_release],
        [3, 2, 3, '1.9.0', '1.10.0'],
      );
      const newIn = async (firstRelease: string) =>
        (await listIssues(db, 'rowtrace', { firstRelease })).map(({ id }) => id);
      assert.deepEqual([await newIn('1.9.0'), await newIn('1.10.0')], [[issue.id], []]);
      assert.deepEqual(routes, [
        { route: '/dogs/:id', count: 2 },
        { route: '/cats', count: 1 },
      ]);
      assert.deepEqual(environments, [
        { environment: 'test', count: 2 },
        { environment: 'production', count: 1 },
      ]);
      assert.deepEqual(
        releases.map(({ release, count, first_seen }) => [release, count, first_seen.getTime() - at]),
        [
          ['1.10.0', 1, 5 * MINUTE],
          ['1.9.0', 2, MINUTE],
        ],
      );
      assert.deepEqual(last_good_release, { release: '1.8.0', build_sha: 'abc', released: new Date(at) });
      assert.equal(first_bad_release!.release, '1.9.0');
      const breed = tags.find(({ name }) => name === 'breed')!;
      assert.deepEqual(breed.values, [
        { value: 'collie', count: 2, share: 2 / 3 },
        { value: 'pug', count: 1, share: 1 / 3 },
      ]);
      const ofColumn = (column: string) => tags.find(({ name }) => name === column)?.values;
      assert.deepEqual(ofColumn('clinic_id'), [{ value: '7', count: 1, share: 1 / 3 }]);
      assert.deepEqual(ofColumn('user_id')?.[0], { value: 'ann', count: 2, share: 2 / 3 });
      await foldAll(db);
      assert.deepEqual(await read(), before);
    });

    test('users are counted exactly below 1,024, and estimated beyond; routes are bounded, their sum is exact', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const write = (from: number, to: number) =>
        sink.write(
          batch({
            logs: times(to - from, (nr) => ({ message: 'bug', user_id: `u${from + nr}`, route: `/${from + nr}` })),
          }),
        );
      const users = async () => (await listIssues(db, 'rowtrace'))[0]!.users;
      await write(0, 600);
      await foldAll(db);
      await write(300, 1000);
      assert.equal(await users(), 1000);
      await foldAll(db);
      assert.equal(await users(), 1000);
      await write(900, 5000);
      const estimate = await users();
      assert.ok(Math.abs(estimate - 5000) < 500, `${estimate}`);
      await foldAll(db);
      assert.equal(await users(), estimate);
      const [kept] = await db.query(
        `select (select count(*) from rowtrace.issue_key_routes) as routes, (select sum(count)::bigint from rowtrace.issue_key_routes) as sum,
           (select max(cardinality(hashes)) from rowtrace.issue_key_people) as hashes`,
      );
      assert.deepEqual(kept, { routes: 201, sum: 600 + 700 + 4100, hashes: 1024 });
    });

    test('an occurrence is found by its event id, with its issue', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const [bug, quiet] = [errorLog({ message: 'bug' }), errorLog({ message: 'bug', level: 'INFO' })];
      await sink.write(batch({ logs: [bug, quiet] }));
      const found = await getOccurrence(db, 'rowtrace', bug.event_id);
      assert.deepEqual([found!.message, found!.issue!.friendly_id], ['bug', 'KENNEL-1']);
      assert.equal((await getOccurrence(db, 'rowtrace', quiet.event_id))!.issue, null);
      assert.equal(await getOccurrence(db, 'rowtrace', 'no-uuid'), undefined);
      assert.equal(await getOccurrence(db, 'rowtrace', errorLog().event_id), undefined);
      // An id of the year 10889.
      assert.equal(await getOccurrence(db, 'rowtrace', 'ffffffff-ffff-7fff-8fff-ffffffffffff'), undefined);
    });
  });
