// What new rules would join and part: the plan as a table of made-up rows, and the command over stored rows on both
// databases.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/index.ts';
import { connectOwner } from '../../src/cli/owner/connect.ts';
import { createPlanner } from '../../src/cli/regroup/plan.ts';
import { emptyBatch } from '../../src/deliver/sink.ts';
import type { LogFact } from '../../src/record/fact.ts';
import type { FingerprintRule } from '../../src/record/fingerprint/index.ts';
import type { StoredEvent } from '../../src/record/stored-event.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { failure, storedRow } from '../support/stored.ts';

type Row = StoredEvent & { issue_id: number };

function row(issue_id: number, fact: Partial<LogFact>, more: Partial<Row> = {}): Row {
  const none = { stack_trace: null, error_type: null, error_code: null, error_message: null };
  return { ...none, ...storedRow(fact), issue_id, ...more };
}

const timeout = (host: string) => ({
  error: failure('TimeoutError', `no answer of ${host}`, [`ask${host} /app/src/${host}.ts:1:1`]),
});
const pay = (reason: string) => ({
  error: failure('PayError', 'declined', ['pay /app/src/pay.ts:1:1']),
  message: reason,
});

function planOf(
  rows: Row[],
  rules: FingerprintRule[],
  current: FingerprintRule[] = [],
  known: Parameters<ReturnType<typeof createPlanner>['plan']>[0] = [],
) {
  const planner = createPlanner(rules, current);
  for (const each of rows) planner.add(each);
  return { ...planner.plan(known), newKeys: planner.newKeys() };
}

describe('a plan', () => {
  const all: FingerprintRule[] = [{ type: 'TimeoutError', fingerprint: 'timeouts' }];

  test('without rules changes nothing', () => {
    const rows = [row(1, timeout('alpha')), row(2, timeout('beta')), row(1, timeout('alpha'))];
    const { joins, parts, renamed, moved, occurrences, unknown } = planOf(rows, []);
    assert.deepEqual(
      { joins, parts, renamed, moved, occurrences, unknown },
      { joins: [], parts: [], renamed: [], moved: 0, occurrences: 3, unknown: 0 },
    );
  });

  test('joins the issues whose events a rule puts together, with counts', () => {
    const rows = [row(1, timeout('alpha')), row(2, timeout('beta')), row(2, timeout('beta')), row(3, pay('x'))];
    const { joins, parts, renamed, moved } = planOf(rows, all);
    assert.deepEqual(
      joins.map(({ issues }) => issues),
      [
        [
          { issue: 2, count: 2 },
          { issue: 1, count: 1 },
        ],
      ],
    );
    assert.equal(joins[0]!.key.because, 'Rule 1 set the key "timeouts"; type, frames and message do not count.');
    assert.deepEqual([parts, renamed, moved], [[], [], 3]);
  });

  test('parts an issue when a rule takes some of its events', () => {
    // One key, since the error is the same; the rule looks at the message, which has a number in it.
    const order = (n: number) => ({ error: failure('PayError', `order ${n} declined`, ['pay /app/src/pay.ts:1:1']) });
    const rows = [row(7, order(1)), row(7, order(2)), row(7, order(2))];
    const { parts, joins } = planOf(rows, [{ message: 'order 2 *', fingerprint: 'second order' }]);
    assert.deepEqual(joins, []);
    assert.deepEqual(
      parts.map(({ issue, into }) => [issue, into.map(({ count }) => count)]),
      [[7, [2, 1]]],
    );
  });

  test('a rule for one whole issue only renames it, and joins it to the issue that has the key already', () => {
    const rows = [row(1, timeout('alpha')), row(1, timeout('alpha'))];
    const { renamed, joins, newKeys } = planOf(rows, all);
    assert.deepEqual([renamed, joins], [[1], []]);
    const known = [{ service: 'kennel', fingerprint: newKeys[0]!.fingerprint, issue_id: 9 }];
    assert.deepEqual(planOf(rows, all, [], known).joins[0]!.issues, [
      { issue: 1, count: 2 },
      { issue: 9, count: 0 },
    ]);
  });

  test('what people merged stays one issue: its two keys part nothing', () => {
    assert.deepEqual(planOf([row(1, timeout('alpha')), row(1, pay('x'))], all).parts, []);
  });

  test('rules that are in force already change nothing; taken away, the algorithm decides again', () => {
    const planned = (given: FingerprintRule[]) => {
      const key = planOf([row(1, timeout('alpha'))], all).newKeys[0]!.fingerprint;
      return planOf(
        [row(1, timeout('alpha'), { fingerprint: key }), row(1, timeout('beta'), { fingerprint: key })],
        given,
        all,
      );
    };
    assert.deepEqual([planned(all).moved, planned(all).unknown], [0, 0]);
    assert.deepEqual(
      planned([]).parts.map(({ into }) => into.length),
      [2],
    );
  });

  test("the client's own keys stay", () => {
    const { moved, unknown } = planOf([row(1, { ...timeout('alpha'), fingerprint: 'mine' })], all);
    assert.deepEqual([moved, unknown], [0, 0]);
  });

  test('a key that cannot be computed again is taken to stay, and counted', () => {
    const { moved, unknown } = planOf([row(1, timeout('alpha'), { fingerprint: 'f'.repeat(40) })], all);
    assert.deepEqual([moved, unknown], [0, 1]);
  });

  test('rows of an older version get the key of this one', () => {
    const old = { fingerprint: 'e'.repeat(40), fingerprint_version: 0 };
    const { moved, parts, renamed } = planOf(
      [
        row(1, timeout('alpha'), old),
        row(1, timeout('beta'), old),
        row(2, pay('x'), { ...old, fingerprint: 'd'.repeat(40) }),
      ],
      [],
    );
    assert.equal(moved, 3);
    assert.deepEqual([parts.map(({ issue }) => issue), renamed], [[1], [2]]);
  });
});

for (const kind of ['embedded', 'postgres'] as const)
  describe(`regroup on ${kind}`, { timeout: 240_000 }, () => {
    const dir = cliDir({ after });
    const cwd = folderFor({ after });
    let database: TestDatabase | undefined;
    let env: NodeJS.ProcessEnv = {};

    before(async () => {
      if (kind === 'postgres') {
        database = await createTestDatabase();
        env = { ROWTRACE_DATABASE_URL: database.url };
      } else assert.equal((await runCli({ after }, ['issues'], { dir })).code, 0);
      const sink = createPostgresSink({
        open: async () => (database ? openPostgres(database.url) : connectOwner(dir)),
      });
      await sink.open();
      // More than a page.
      const many = Array.from({ length: 1_100 }, () => storedRow(timeout('alpha')));
      const long = storedRow({ ...timeout('alpha'), t: Date.now() - 30 * 86_400_000 });
      await sink.write({ ...emptyBatch(), logs: [...many, long, storedRow(timeout('beta')), storedRow(pay('x'))] });
      await sink.close();
    });
    after(() => database?.drop());
    const run = (...args: string[]) => runCli({ after }, ['regroup', '--dry-run', ...args], { dir, env, cwd });

    test('says what the rules of a file would join, and changes nothing', async () => {
      writeFileSync(join(cwd, 'rules.json'), JSON.stringify([{ type: 'TimeoutError', fingerprint: 'timeouts' }]));
      const { code, stdout, stderr } = await run('--rules', 'rules.json');
      assert.equal(code, 0, stderr);
      assert.match(
        stdout,
        /^Regroup, dry run\n\n {2}looked at +1,102 occurrences since .*\n {2}with +1 rule\n {2}another key +1,101 of them\n {2}would join +2 issues into 1\n {2}would part +0 issues\n/,
      );
      assert.match(
        stdout,
        /\nWould join\nISSUES +KEY +BECAUSE\nKENNEL-\d \(1,100\), KENNEL-\d \(1\) +\w{12} +Rule 1 set the key "timeouts"\n/,
      );
      assert.match(stdout, /\n {2}Nothing was changed: /);
      const { stdout: json } = await run('--rules', 'rules.json', '--json', '--since', '60d');
      const plan = JSON.parse(json);
      assert.deepEqual(
        [plan.occurrences, plan.moved, plan.joins.length, plan.unknown, plan.issues.length],
        [1_103, 1_102, 1, 0, 2],
      );
    });

    test('with the rules of the configuration, or none, and as Markdown', async () => {
      const none = await run();
      assert.match(none.stdout, /\n {2}with +no rules\n {2}another key +0 of them\n/);
      assert.doesNotMatch(none.stdout, /\nWould/);
      writeFileSync(
        join(cwd, 'rowtrace.config.json'),
        JSON.stringify({ fingerprintRules: [{ message: '*alpha', fingerprint: 'a' }] }),
      );
      assert.match(
        (await run('--md')).stdout,
        /^# Regroup, dry run\n.*- with: `1 rule`\n- another key: `1,100 of them`\n.*- new key only: `1 issue, /s,
      );
    });

    test('a rule that is wrong is refused with its number', async () => {
      writeFileSync(join(cwd, 'bad.json'), JSON.stringify([{ fingerprint: 'everything' }]));
      const { code, stderr } = await run('--rules', 'bad.json');
      assert.equal(code, 2);
      assert.match(stderr, /fingerprintRules = .* is not valid: rule 1 has no condition/);
    });
  });
