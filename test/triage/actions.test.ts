import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getIssue } from '../../src/query/issue.ts';
import { listIssues } from '../../src/query/issues.ts';
import { ignoreIssue, mergeIssues, reopenIssue, resolveIssue, splitIssue, undoAction } from '../../src/triage/index.ts';
import { errorLog, fingerprintOf } from '../support/rows.ts';
import { batch, KINDS, openSink } from '../support/sinks.ts';

const actor = 'ann';

for (const kind of KINDS)
  describe(`actions on ${kind}`, () => {
    const open = async (t: import('node:test').TestContext) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: ['one', 'two', 'two', 'three'].map((message) => errorLog({ message })) }));
      await sink.write(batch({ logs: [errorLog({ service: 'cattery', release_version: '1.0.0' })] }));
      const ids = new Map((await listIssues(db, 'rowtrace')).map(({ title, id }) => [title, id]));
      return { sink, db, id: (title: string) => ids.get(title)! };
    };

    test('ids of merged issues lead to where they went, and to themselves again after undo', async (t) => {
      const { db, id, sink } = await open(t);
      const [one, two] = [id('one'), id('two')];
      const friendly = (await getIssue(db, 'rowtrace', { id: two }))!.issue.friendly_id;
      const merged = await mergeIssues(db, 'rowtrace', { into: one, from: [friendly.toLowerCase()], actor });
      assert.deepEqual([merged.id, merged.count], [one, 3]);
      await sink.write(batch({ logs: [errorLog({ message: 'two' })] }));
      for (const ref of [two, friendly, `#${two}`, one])
        assert.deepEqual((await getIssue(db, 'rowtrace', { id: ref }))!.issue.id, one);
      assert.equal((await listIssues(db, 'rowtrace', { service: 'kennel' })).length, 2);
      const again = await mergeIssues(db, 'rowtrace', { into: id('three'), from: [friendly], actor });
      assert.deepEqual([again.title, again.count], ['three', 5]);
      await undoAction(db, 'rowtrace', { issue: friendly, actor });
      await undoAction(db, 'rowtrace', { issue: friendly, actor });
      const { issue, history } = (await getIssue(db, 'rowtrace', { id: friendly }))!;
      assert.deepEqual([issue.id, issue.count], [two, 3]);
      assert.deepEqual(
        history.map(({ action, actor, undone_by }) => [action, actor, undone_by !== null]),
        [
          ['undone', 'ann', false],
          ['merged', 'ann', true],
        ],
      );
    });

    test('a key that is split off becomes an issue of its own name, and goes back', async (t) => {
      const { db, id } = await open(t);
      const [one, two] = [id('one'), id('two')];
      await mergeIssues(db, 'rowtrace', { into: one, from: [two], actor });
      const part = await splitIssue(db, 'rowtrace', { issue: one, keys: [fingerprintOf('two').slice(0, 8)], actor });
      assert.deepEqual([part.friendly_id, part.title, part.count, part.status], ['KENNEL-4', 'two', 2, 'open']);
      const back = await undoAction(db, 'rowtrace', { issue: part.friendly_id, actor });
      assert.deepEqual([back.id, back.count], [one, 3]);
      assert.equal((await getIssue(db, 'rowtrace', { id: 'KENNEL-4' }))!.issue.id, one);
    });

    test('a decision is undone to what held before, conditions and all', async (t) => {
      const { db, id } = await open(t);
      const issue = id('one');
      const until = new Date(Date.now() + 86_400_000);
      const ignored = await ignoreIssue(db, 'rowtrace', { issue, until, count: 7, periodMillis: 60_000, actor });
      assert.deepEqual([ignored.status, ignored.ignored_until, ignored.ignored_count], ['ignored', until, 7]);
      const resolved = await resolveIssue(db, 'rowtrace', { issue, how: 'next-release', actor });
      assert.deepEqual(
        [resolved.status, resolved.resolved_how, resolved.ignored_until],
        ['resolved', 'next-release', null],
      );
      assert.deepEqual(await undoAction(db, 'rowtrace', { issue, actor }), ignored);
      assert.equal((await undoAction(db, 'rowtrace', { issue, actor })).status, 'open');
      const { history } = (await getIssue(db, 'rowtrace', { id: issue }))!;
      assert.deepEqual(
        history.map(({ action }) => action),
        ['undone', 'undone', 'resolved', 'ignored'],
      );
      assert.deepEqual(history[2]!.detail, { how: 'next-release' });
    });

    test('what is decided already is not decided again, so that undo takes back the decision', async (t) => {
      const { db, id } = await open(t);
      const [issue, until] = [id('one'), new Date(Date.now() + 86_400_000)];
      for (const decide of [
        () => resolveIssue(db, 'rowtrace', { issue, how: 'now', actor }),
        () => ignoreIssue(db, 'rowtrace', { issue, until, actor }),
      ]) {
        const first = await decide();
        assert.deepEqual(await decide(), { ...first, unchanged: true });
        assert.equal((await undoAction(db, 'rowtrace', { issue, actor })).status, 'open');
      }
      const counted = () => ignoreIssue(db, 'rowtrace', { issue, count: 5, actor });
      assert.equal((await counted()).unchanged, undefined);
      assert.equal((await counted()).unchanged, undefined, 'five more from now on');
      const { history } = (await getIssue(db, 'rowtrace', { id: issue }))!;
      assert.deepEqual(
        history.map(({ action }) => action),
        ['ignored', 'ignored', 'undone', 'ignored', 'undone', 'resolved'],
      );
    });

    test('nonsense is refused with a reason, and changes nothing', async (t) => {
      const { db, id } = await open(t);
      const [issue, two, cat] = [id('one'), id('two'), id('no dog <n>')];
      const refused = async (work: Promise<unknown>, code: string, message: RegExp) =>
        assert.rejects(work, (error: { code: string; message: string; fix: string }) => {
          assert.equal(error.code, code, String(error));
          assert.match(error.message, message);
          return error.fix.length > 0;
        });
      const s = 'rowtrace';
      for (const ref of ['KENNEL-99', 'NOPE-1', 9_999, 'x', '', "'; drop", '99999999999999999999'])
        await refused(reopenIssue(db, s, { issue: ref, actor }), 'RT_NOT_FOUND', /There is no issue/);
      await refused(reopenIssue(db, s, { issue, actor }), 'RT_REOPEN_INVALID', /KENNEL-\d is open/);
      await refused(
        resolveIssue(db, s, { issue, how: 'release', actor }),
        'RT_RESOLVE_INVALID',
        /no release of kennel/,
      );
      await refused(
        resolveIssue(db, s, { issue: cat, how: 'release', release: 'f00', actor }),
        'RT_RESOLVE_INVALID',
        /f00/,
      );
      await refused(resolveIssue(db, s, { issue, how: 'soon' as 'now', actor }), 'RT_RESOLVE_INVALID', /"soon"/);
      await refused(ignoreIssue(db, s, { issue, until: new Date(0), actor }), 'RT_IGNORE_INVALID', /1970.* is over/);
      await refused(ignoreIssue(db, s, { issue, count: 0, actor }), 'RT_IGNORE_INVALID', /0 is no count/);
      await refused(ignoreIssue(db, s, { issue, periodMillis: 5, actor }), 'RT_IGNORE_INVALID', /needs a count/);
      await refused(
        mergeIssues(db, s, { into: issue, from: [issue], actor }),
        'RT_MERGE_INVALID',
        /is KENNEL-\d already/,
      );
      await refused(mergeIssues(db, s, { into: issue, from: [], actor }), 'RT_MERGE_INVALID', /nothing was named/);
      await refused(mergeIssues(db, s, { into: issue, from: [cat], actor }), 'RT_MERGE_INVALID', /of service cattery/);
      const key = fingerprintOf('one');
      await refused(splitIssue(db, s, { issue, keys: [key], actor }), 'RT_SPLIT_INVALID', /no key would be left/);
      await refused(splitIssue(db, s, { issue, keys: ['f00'], actor }), 'RT_SPLIT_INVALID', /has no key f00/);
      await refused(splitIssue(db, s, { issue, keys: [], actor }), 'RT_SPLIT_INVALID', /no key was named/);
      await refused(undoAction(db, s, { issue, actor }), 'RT_UNDO_INVALID', /no action on KENNEL/);
      await refused(undoAction(db, s, { history: 999, actor }), 'RT_NOT_FOUND', /history entry 999/);
      assert.deepEqual(await db.query('select from rowtrace.issue_history'), []);

      await mergeIssues(db, s, { into: issue, from: [two], actor });
      await mergeIssues(db, s, { into: id('three'), from: [issue], actor });
      const [first, second] = await db.query<{ id: number }>('select id from rowtrace.issue_history order by id');
      await refused(undoAction(db, s, { history: first!.id, actor }), 'RT_UNDO_INVALID', /merged or split again/);
      await undoAction(db, s, { history: second!.id, actor });
      await refused(undoAction(db, s, { history: second!.id, actor }), 'RT_UNDO_INVALID', /undone already/);
      await undoAction(db, s, { history: first!.id, actor });
    });
  });
