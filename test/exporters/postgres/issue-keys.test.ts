// Which issue a key leads to: friendly ids, two versions of the algorithm written together, and writers at the same time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getIssue } from '../../../src/query/issue.ts';
import { listIssues } from '../../../src/query/issues.ts';
import type { ErrorLogRow } from '../../../src/record/row.ts';
import type { Db } from '../../../src/store/db.ts';
import { mergeIssues } from '../../../src/triage/index.ts';
import { errorLog, fingerprintOf } from '../../support/rows.ts';
import { batch, foldAll, KINDS, openSink, openSinks } from '../../support/sinks.ts';

/** As a writer of the made-up version 0 does. */
const v0 = (bug: string, given: Partial<ErrorLogRow> = {}) =>
  errorLog({ message: bug, fingerprint: fingerprintOf(`v0 ${bug}`), fingerprint_version: 0, ...given });
/** As a writer of version 1 does while both are written; `old` is what version 0 made of it. */
const both = (bug: string, old = bug) =>
  errorLog({ message: bug, previous_keys: [{ fingerprint: fingerprintOf(`v0 ${old}`), version: 0 }] });
/** As a writer of version 1 does after that. */
const v1 = (bug: string) => errorLog({ message: bug });

async function issues(db: Db): Promise<unknown[]> {
  const found = await listIssues(db, 'rowtrace');
  return found.map(({ friendly_id, title, count }) => [friendly_id, title, count]).sort();
}

for (const kind of KINDS)
  describe(`keys of issues on ${kind}`, () => {
    test('friendly ids count per service, whose keys are short and unlike', async (t) => {
      const { sink, db } = await openSink(t, kind);
      const services = [
        'api',
        'API',
        'a.p.i',
        'checkout-service',
        'payment-gateway-v2',
        'verylongservicename',
        '7up',
        'ключ',
        '',
        '@shop/orders',
        '@shop/order-mail',
        '@shop/',
        '@api',
      ];
      for (const service of services)
        await sink.write(batch({ logs: ['a', 'b'].map((message) => errorLog({ service, message })) }));
      await sink.write(batch({ logs: services.map((service) => errorLog({ service, message: 'b' })) }));
      const found = await db.query<{ ids: string }>(
        `select string_agg(friendly_id || ' ' || count, ', ' order by friendly_id) as ids
         from rowtrace.issue_list group by service order by min(id)`,
      );
      const keys = [
        'API',
        'API2',
        'API3',
        'CHECKOUT',
        'PAYMENT',
        'VERYLONGSE',
        'S7UP',
        'SVC',
        'SVC2',
        'ORDERS',
        'ORDERMAIL',
        'SHOP',
        'API4',
      ];
      assert.deepEqual(
        found.map(({ ids }) => ids),
        keys.map((key) => `${key}-1 1, ${key}-2 2`),
      );
    });

    test('a new version of the algorithm keeps every issue, id and count', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: [v0('a'), v0('a'), v0('b')] }));
      await sink.write(batch({ logs: [both('a'), both('b'), both('c')] }));
      // An old process still runs; afterwards all are new.
      await sink.write(batch({ logs: [v0('a'), v0('b'), v0('c')] }));
      await sink.write(batch({ logs: [v1('a'), v1('b'), v1('c')] }));
      const expected = [
        ['KENNEL-1', 'a', 5],
        ['KENNEL-2', 'b', 4],
        ['KENNEL-3', 'c', 3],
      ];
      assert.deepEqual(await issues(db), expected);
      await foldAll(db);
      assert.deepEqual(await issues(db), expected);
      const { keys } = (await getIssue(db, 'rowtrace', { id: 'KENNEL-1' }))!;
      assert.deepEqual(
        keys.map(({ version, count }) => [version, count]),
        [
          [0, 3],
          [1, 2],
        ],
      );
    });

    test('what the new version parts or joins stays as it was; the newest key that is known decides', async (t) => {
      const { sink, db } = await openSink(t, kind);
      await sink.write(batch({ logs: [v0('coarse'), v0('left'), v0('right')] }));
      await sink.write(batch({ logs: [both('fine 1', 'coarse'), both('fine 2', 'coarse')] }));
      await sink.write(batch({ logs: [both('joined', 'left'), both('joined', 'right')] }));
      const found = (await issues(db)) as [string, string, number][];
      assert.equal(found.find(([, title]) => title === 'coarse')![2], 3);
      const [left, right] = ['left', 'right'].map((name) => found.find(([, title]) => title === name)![2]);
      assert.deepEqual([left! + right!, Math.abs(left! - right!), found.length], [4, 2, 3], 'both to one of the two');
      // Two new bugs of the new version that were one for the old one, in one batch.
      await sink.write(batch({ logs: [both('new 1', 'new'), both('new 2', 'new'), v0('new')] }));
      assert.equal((await issues(db)).length, 4);
    });
  });

test('writers of both versions at the same time make one issue a bug, numbered without a gap', async (t) => {
  const { sinks, db } = await openSinks(t, 8);
  const BUGS = 30;
  const names = Array.from(
    { length: BUGS },
    (_, nr) => `bug ${String.fromCharCode(97 + (nr % 26))}${nr > 25 ? 'x' : ''}`,
  );
  await Promise.all(
    sinks.map(async (sink, nr) => {
      for (let at = 0; at < BUGS; at += 5) {
        const some = names.slice(at, at + 5).sort(() => Math.random() - 0.5);
        await sink.write(batch({ logs: some.map((name) => (nr % 2 ? v0(name) : both(name))) }));
      }
    }),
  );
  const [seen] = await db.query(
    `select count(*) as issues, min(count)::bigint as least, max(count)::bigint as most, max(i.number) as number,
       (select count(*) from rowtrace.issues) as made, (select count(*) from rowtrace.issue_keys) as keys
     from rowtrace.issue_list l join rowtrace.issues i using (id)`,
  );
  assert.deepEqual(seen, { issues: BUGS, least: 8, most: 8, number: BUGS, made: BUGS, keys: 2 * BUGS });
  const [deadlocks] = await db.query('select deadlocks from pg_stat_database where datname = current_database()');
  assert.equal(deadlocks!.deadlocks, 0);
});

test('keys that join an issue while it is merged away go along', async (t) => {
  const { sinks, db } = await openSinks(t, 2);
  for (let round = 0; round < 15; round++) {
    const [a, b] = [`a${'x'.repeat(round)}`, `b${'x'.repeat(round)}`];
    await sinks[0]!.write(batch({ logs: [v0(a), v0(b)] }));
    const found = await listIssues(db, 'rowtrace', { limit: 1000 });
    const id = (title: string) => found.find((issue) => issue.title === title)!.id;
    await Promise.all([
      mergeIssues(db, 'rowtrace', { into: id(a), from: [id(b)], actor: 'ann' }),
      ...sinks.map((sink) => sink.write(batch({ logs: [both(b), both(a)] }))),
    ]);
  }
  const [lost] = await db.query(
    'select count(*) as keys from rowtrace.issue_keys k join rowtrace.issues i on i.id = k.issue_id where merged_into is not null',
  );
  assert.equal(lost!.keys, 0);
  const counts = await db.query('select distinct count from rowtrace.issue_list');
  assert.deepEqual(counts, [{ count: 6 }]);
});
