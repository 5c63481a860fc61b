// The life of an issue from the command line, on the embedded database and on Postgres: what is done to it, what is said,
// what its page shows, and that undo takes it back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/index.ts';
import { connectOwner } from '../../src/cli/owner/connect.ts';
import { emptyBatch } from '../../src/deliver/sink.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { repositoryIn } from '../support/git.ts';
import { failure, storedRow } from '../support/stored.ts';

for (const kind of ['embedded', 'postgres'] as const)
  describe(`issues on ${kind}`, { timeout: 240_000 }, () => {
    const dir = cliDir({ after });
    const repository = repositoryIn(folderFor({ after }));
    let database: TestDatabase | undefined;
    let env: NodeJS.ProcessEnv = {};
    let paid: string;
    let culprit: string;

    before(async () => {
      const good = repository.commit('Release 1.0.0', { 'src/pay.ts': '1', 'src/walk.ts': '1' });
      culprit = repository.commit('Charge dogs twice', { 'src/pay.ts': '2' });
      const bad = repository.commit('Release 1.1.0', { 'README.md': '' });
      if (kind === 'postgres') {
        database = await createTestDatabase();
        env = { ROWTRACE_DATABASE_URL: database.url };
      } else assert.equal((await runCli({ after }, ['issues'], { dir })).code, 0);
      const sink = createPostgresSink({
        open: async () => (database ? openPostgres(database.url) : connectOwner(dir)),
      });
      await sink.open();
      const old = { release: '1.0.0', buildSha: good };
      const current = { release: '1.1.0', buildSha: bad, attributes: { region: 'eu' } };
      const walk = failure('WalkError', 'no leash', ['walk /app/src/walk.ts:1:1']);
      const pay = (order: number) =>
        failure('PayError', `order ${order} failed`, ['pay /app/src/pay.ts:2:7', 'run /app/src/main.ts:9:1'], {
          cause: failure('Error', 'connect ECONNREFUSED 10.0.0.1:5432', ['connect node:net:1:1'], {
            code: 'ECONNREFUSED',
          }),
        });
      const hourAgo = Date.now() - 3_600_000;
      const rows = [
        storedRow({ error: walk, t: hourAgo }, old),
        ...[17, 18, 19].map((order) =>
          storedRow({ error: pay(order), t: hourAgo + order, route: '/pay', userId: `u${order}` }, current),
        ),
        storedRow({ error: failure('FeedError', 'no bowl', ['feed /app/src/feed.ts:1:1']) }, current),
      ];
      const context = {
        file: 'src/pay.ts',
        line: 2,
        column: 7,
        function: 'pay',
        first: 1,
        lines: ['function pay(dog) {', '  charge(dog);', '}'],
      };
      rows[3]!.source_context = context;
      rows[3]!.unmapped_frames = [{ file: '/app/dist/main.js', reason: 'no map' }];
      paid = rows[3]!.event_id;
      await sink.write({ ...emptyBatch(), logs: rows });
      await sink.close();
    });
    after(() => database?.drop());

    const run = (...args: string[]) => runCli({ after }, args, { dir, env, cwd: repository.dir });
    async function fine(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 0, stderr);
      return stdout;
    }
    const json = async (...args: string[]) => JSON.parse(await fine(...args, '--json'));
    const idOf = async (search: string): Promise<string> => (await json('issues', '--search', search))[0].friendly_id;

    test('issues have friendly ids and marks, and are found by release', async () => {
      const [first] = await json('issues', '--sort', 'count');
      assert.match(first.friendly_id, /^KENNEL-\d$/);
      assert.deepEqual(first.flags, ['new']);
      assert.equal((await json('issues', '--release', '1.0.0')).length, 1);
      assert.equal((await json('issues', '--release', '1.1.0', '--sort', 'escalating')).length, 2);
      const listed = await fine('issues');
      assert.match(listed, /^ID +LEVEL +MARKS +COUNT/);
      assert.match(listed, /\nKENNEL-\d +ERROR +new +3 /);
      assert.match(await fine('issues', '--md'), /^# Issues\n\nText in code marks[^\n]+\n\n```text\nID +LEVEL/);
    });

    test('issue shows source, causes, why, releases, suspect commits, tags', async () => {
      const id = await idOf('PayError');
      const shown = await fine('issue', id.toLowerCase());
      assert.match(
        shown,
        new RegExp(`^Issue ${id} {2}ERROR {2}PayError: order <\\S+> failed: connect ECONNREFUSED <\\*>:5432\n`),
      );
      for (const part of [
        /\n {2}status +open\n {2}marks +new\n {2}service +kennel\n {2}culprit +pay \(src\/pay\.ts\)\n {2}count +3\n {2}met by +3 users\n/,
        /\n {2}per hour +\S{24} /,
        /\n {2}first bad +1\.1\.0 \(\w{12}\)\n {2}last good +1\.0\.0 \(\w{12}\)\n/,
        /\nCauses\n {2}PayError: order 19 failed\n {4}caused by Error: connect ECONNREFUSED 10/,
        /\nSource\n {2}src\/pay\.ts:2:7 in pay\n {4}1 \| function pay\(dog\) \{\n {2}> 2 \| {3}charge\(dog\);\n/,
        /\nNewest stack\n {2}PayError: order 19 failed\n {6}at pay /,
        /\nNot mapped\n {2}\/app\/dist\/main\.js: no map\n/,
        /\nWhy grouped\n {2}Service: kennel\.\n {2}Type: PayError\.\n {2}First in-app frames: /,
        /\nReleases\nRELEASE +BUILD +COUNT .*\n1\.1\.0 +\w{12} +3 .* first bad\n/,
        new RegExp(
          `\nSuspect commits\nCOMMIT +TIME +AUTHOR +SUBJECT\n${culprit.slice(0, 12)} .* Ada +Charge dogs twice\n`,
        ),
        /\nRoutes\nCOUNT +SHARE +ROUTE\n +3 +100 % +\/pay\n/,
        /\nregion +100 % eu\n/,
        /\nLatest occurrences\nTIME +LEVEL/,
      ])
        assert.match(shown, part);
      assert.doesNotMatch(shown, /\nHistory\n|\nKeys\n/, 'nothing happened to it yet');

      const { suspects, why, source, issue } = await json('issue', id);
      assert.deepEqual([suspects.commits[0].sha, suspects.files], [culprit, ['src/pay.ts']]);
      assert.equal(source.source_context.line, 2);
      assert.ok(why.includes('Type: PayError.'));
      assert.equal((await json('issue', String(issue.id))).issue.friendly_id, id, 'by its number, too');
      const first = await fine('issue', await idOf('WalkError'));
      assert.match(first, /\nSuspect commits\n {2}none: no earlier release is known\n/);
    });

    test('issue as Markdown has its texts in code', async () => {
      const shown = await fine('issue', await idOf('PayError'), '--md');
      assert.match(shown, /^# Issue KENNEL-\d\n\nText in code marks was recorded/);
      assert.match(
        shown,
        /\nERROR · `PayError: order <\S+> failed: connect ECONNREFUSED <\*>:5432`\n\n- status: `open`\n/,
      );
      assert.match(shown, /\n## Source\n\n```text\nsrc\/pay\.ts:2:7 in pay\n {2}1 \| function/);
      assert.match(shown, /\n## Why grouped\n\n- `Service: kennel\.`\n- `Type: PayError\.`\n/);
    });

    test('explain says why, with the frames that count', async () => {
      const shown = await fine('explain', paid);
      assert.match(shown, new RegExp(`^Event ${paid} {2}ERROR {2}PayError: order 19 failed\n`));
      assert.match(shown, /\n {2}computed +the same\n {2}template +order <\S+> failed\n/);
      assert.match(shown, /\nCOUNTS +KIND +FUNCTION +KEY +FILE\nyes +app +pay +\S+ +\/app\/src\/pay\.ts:2\n/);
      const { same, stored, computed, why } = await json('explain', paid);
      assert.deepEqual([same, stored.fingerprint], [true, computed.fingerprint]);
      assert.ok(why.some((sentence: string) => sentence.startsWith('Message template: order <')));
      assert.match(await fine('explain', paid, '--md'), /\n- template: `order <\S+> failed`\n/);
      const missing = await run('explain', '00000000-0000-7000-8000-000000000000');
      assert.equal(missing.code, 4);
      assert.match(missing.stderr, /There is no event 00000000/);
    });

    test('resolve, ignore, reopen and undo say what they did and how to take it back', async () => {
      const id = await idOf('FeedError');
      const status = async () => (await json('issue', id)).issue.status;
      assert.equal(await fine('resolve', id, '--actor', 'ada'), `${id} is resolved.\n  undo: rowtrace undo ${id}\n`);
      assert.equal(await fine('resolve', id), `${id} is resolved. It was so before; nothing was changed.\n`);
      assert.match(await fine('undo', id), new RegExp(`^Undone: ${id} is open and counts 1; `));
      assert.match(await fine('resolve', id, '--in-release'), /is resolved in release 1\.1\.0\./);
      assert.match(await fine('resolve', id, '--in-release', '2.0.0'), /is resolved in release 2\.0\.0\./);
      assert.match(await fine('resolve', id, '--next-release'), /is resolved in the next release \(after 1\.1\.0\)\./);
      assert.match(await fine('reopen', id), new RegExp(`^${id} is open\\.\n`));
      assert.match(await fine('ignore', id), /is ignored for good\./);
      assert.match(await fine('ignore', id, '--until', '2w'), /is ignored until .*\d\d:\d\d:\d\d\./);
      assert.match(await fine('ignore', id, '--count', '100', '--per', '1h'), /is ignored until 100 more within 1h\./);
      assert.equal(await status(), 'ignored');
      assert.equal((await json('issues', '--status', 'ignored')).length, 1);
      // Without an issue: one's own last action.
      assert.match(await fine('undo'), /is ignored until .*\d\d:\d\d:\d\d and counts 1/);
      const nobody = await run('undo', '--actor', 'nobody');
      assert.deepEqual([nobody.code, nobody.stdout], [2, '']);
      assert.match(nobody.stderr, /nobody did nothing that is not undone yet/);
      const shown = await fine('issue', id);
      assert.match(shown, /\nHistory\nENTRY +TIME +WHO +WHAT\n/);
      assert.match(shown, / ada +resolved \(undone by \d+\)\n/);
      assert.match(shown, / ignored until 100 more within 1h \(undone by \d+\)\n/);
      assert.match(shown, / undid entry \d+ \(ignored\)\n/);
      await fine('reopen', id);
      const open = await run('reopen', id);
      assert.deepEqual([open.code, open.stderr.split('\n')[0]], [2, `rowtrace: ${id} is open.`]);
    });

    test('merge and split move keys and counts, and undo is the identity', async () => {
      const [pay, walk] = [await idOf('PayError'), await idOf('WalkError')];
      assert.equal(
        await fine('merge', pay, walk),
        `${walk} is part of ${pay} now, which counts 4.\n  undo: rowtrace undo ${pay}\n`,
      );
      assert.match(await fine('issue', walk), new RegExp(`^Issue ${pay} `), 'the old id leads there');
      const merged = await fine('issue', pay);
      const key = /\nKeys\nKEY .*\n.*\n([0-9a-f]{12}) \(v1\) +1 .* no leash/.exec(merged)?.[1];
      assert.ok(key, merged);
      const split = await fine('split', pay, key);
      assert.match(
        split,
        new RegExp(`^KENNEL-\\d is an issue of its own now, which counts 1\\.\n  undo: rowtrace undo ${pay}\n`),
      );
      await fine('undo', pay);
      assert.equal((await json('issue', pay)).issue.count, 4);
      await fine('undo', pay);
      assert.deepEqual([(await json('issue', pay)).issue.count, (await json('issue', walk)).issue.count], [3, 1]);
      assert.equal((await json('issue', walk)).issue.friendly_id, walk);
    });

    test('what cannot be done is refused with the reason', async () => {
      const id = await idOf('PayError');
      const cases: [args: string[], code: number, stderr: RegExp][] = [
        [['resolve', 'KENNEL-99'], 4, /There is no issue KENNEL-99/],
        [
          ['resolve', 'x y'],
          2,
          /'x y' is invalid for argument 'issue'\. Expected an issue as `rowtrace issues` shows it, like API-12/,
        ],
        [['resolve', id, '--in-release', '1', '--next-release'], 2, /cannot be used with option/],
        [['resolve', id, '--in-release', 'tomorrow'], 2, /no release tomorrow of kennel was seen yet/],
        [['ignore', id, '--until', '2020-01-01'], 2, /Expected a time to come/],
        [['ignore', id, '--per', '1h'], 2, /a period needs a count/],
        [['merge', id, id], 2, /is KENNEL-\d already/],
        [['merge', id], 2, /missing required argument 'from'/],
        [['split', id, 'abcdef'], 2, /it has no key abcdef/],
        [['undo', id, '--actor', ' '], 2, /Expected a name/],
        [['explain', 'x'], 2, /Expected the id of an event/],
        [['issue', id, '--md', '--json'], 2, /cannot be used with option/],
      ];
      for (const [args, code, stderr] of cases) {
        const result = await run(...args);
        assert.deepEqual([result.code, result.stdout], [code, ''], args.join(' '));
        assert.match(result.stderr, stderr);
      }
    });
  });
