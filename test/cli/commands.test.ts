// Every command that reads, on the embedded database and on Postgres, over the same rows.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/index.ts';
import { displayWidth } from '../../src/cli/output/width.ts';
import { connectOwner } from '../../src/cli/owner/connect.ts';
import { emptyBatch } from '../../src/deliver/sink.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { assertDocumented } from '../support/documented-json.ts';
import { errorLog, histogram } from '../support/rows.ts';

const HOSTILE = 'owned\x1b]0;pwned\x07 \x1b[2J\x9b31m\r\n2026 ADMIN ok \u202egnp.exe\u2066\u200b\x7f';
/** Security matrix rows 6 to 8. */
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const TRACE = '0e9cfbd2a1c34f6b8d7e5f4a3b2c1d00';

const rows = [
  errorLog({
    error_type: 'TypeError',
    message: 'no bowl',
    stack_trace: `TypeError: no bowl\n    at feed (kennel.js:3:1)\n[cause]: Error: ${HOSTILE}`,
    route: '/dogs/:id',
    http_method: 'GET',
    http_status: 500,
    latency_ms: 1234,
    request_id: 'req-1',
    culprit: 'feed (kennel.js)',
    release_version: '1.2.0',
    process: 'process-1',
  }),
  errorLog({ error_type: 'TypeError', message: 'no bowl', release_version: '1.3.0', culprit: 'feed (kennel.js)' }),
  errorLog({ level: 'WARNING', message: 'slow dog', service: 'clinic' }),
  errorLog({
    ...{ message: HOSTILE, message_template: HOSTILE, error_type: HOSTILE, culprit: HOSTILE, route: HOSTILE },
    ...{ http_method: HOSTILE, request_id: HOSTILE, service: HOSTILE, stack_trace: HOSTILE, release_version: HOSTILE },
    tags: { [HOSTILE]: HOSTILE },
    trace_id: TRACE,
  }),
];

for (const kind of ['embedded', 'postgres'] as const)
  describe(`commands on ${kind}`, { timeout: 240_000, concurrency: 2 }, () => {
    const dir = cliDir({ after });
    let database: TestDatabase | undefined;
    let env: NodeJS.ProcessEnv = {};

    before(async () => {
      if (kind === 'postgres') {
        database = await createTestDatabase();
        env = { ROWTRACE_DATABASE_URL: database.url };
      } else {
        // The owner is a process of the command line, as for a user.
        assert.equal((await runCli({ after }, ['issues'], { dir })).code, 0);
      }
      const sink = createPostgresSink({
        open: async () => (database ? openPostgres(database.url) : connectOwner(dir)),
      });
      await sink.open();
      const ledger = { process: 'process-1', service: 'kennel', host: 'h', pid: 7, seq: 1, updated_at: Date.now() };
      await sink.write({
        ...emptyBatch(),
        logs: rows,
        histograms: [histogram(), histogram({ kind: 'db', operation: HOSTILE, peer: HOSTILE, service: HOSTILE })],
        ledgers: [{ ...ledger, accepted: 5, merged: 1, dropped: { journal_full: 2 } }],
      });
      await sink.close();
    });
    after(() => database?.drop());

    const run = (args: string[], more: NodeJS.ProcessEnv = {}) =>
      runCli({ after }, args, { dir, env: { ...env, ...more } });
    async function json(...args: string[]) {
      const { code, stdout, stderr } = await run([...args, '--json']);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout, UNSAFE);
      return JSON.parse(stdout);
    }

    test('issues lists what the filters leave, in the order asked for', async () => {
      const all = await json('issues');
      assert.equal(all.length, 3);
      const [first] = await json('issues', '--sort', 'count', '--limit', '1');
      assert.deepEqual([first.type, first.count, first.culprit], ['TypeError', 2, 'feed (kennel.js)']);
      assert.equal((await json('issues', '--level', 'error')).length, 2);
      assert.deepEqual(
        (await json('issues', '--service', 'clinic')).map(({ title }: { title: string }) => title),
        ['slow dog'],
      );
      assert.equal((await json('issues', '--search', 'NO BOWL')).length, 1);
      assert.equal((await json('issues', '--status', 'resolved')).length, 0);
      const none = await run(['issues', '--search', '100%_']);
      assert.deepEqual([none.code, none.stdout], [0, ''], 'nothing found is no error');
      assert.match(none.stderr, /no issues/);
      const nobody = await run(['issues', '--service', 'nope']);
      assert.match(nobody.stderr, /no issues of a service nope; there are some of: clinic, kennel, owned/);
    });

    test('issues that finds nothing says what there is instead', async () => {
      const day = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
      for (const [args, said] of [
        [['--release', '9.9'], /: no release 9\.9 was seen; the newest are: .*1\.3\.0/],
        [['--new-in', '9.9', '--service', 'clinic'], /: no release 9\.9 was seen/],
        [['--new-in', '1.3.0'], /: no issues with --new-in 1\.3\.0, at any time\n$/],
        [['--search', 'cat', '--level', 'ERROR'], /: no issues with --search cat and --level ERROR, at any time\n$/],
        [['--since', day], /: no issues in that time; the last was seen \S+ ago, look further back with --since 1d\n$/],
      ] as const) {
        const { code, stdout, stderr } = await run(['issues', ...args]);
        assert.deepEqual([code, stdout], [0, '']);
        assert.match(stderr, said);
      }
    });

    test('issue shows stack, counts per hour, releases and occurrences', async () => {
      const [{ id, friendly_id }] = await json('issues', '--search', 'no bowl');
      const { stdout } = await run(['issue', friendly_id]);
      assert.match(stdout, /^Issue KENNEL-\d+ {2}ERROR {2}TypeError: no bowl\n/);
      assert.match(stdout, /count +2\n/);
      assert.match(stdout, /first seen .* in 1\.2\.0\n/);
      assert.match(stdout, /last seen .* in 1\.3\.0\n/);
      assert.match(stdout, /per hour +\S{24} /);
      assert.match(stdout, /Latest occurrences\nTIME +LEVEL +TYPE +MESSAGE/);
      const detail = await json('issue', String(id), '--limit', '1');
      assert.deepEqual([detail.issue.count, detail.occurrences.length], [2, 1]);
    });

    test('an issue that does not exist is "not found", what is no issue at all is a usage error', async () => {
      const missing = await run(['issue', '999999']);
      assert.deepEqual([missing.code, missing.stdout], [4, '']);
      assert.equal(
        missing.stderr,
        'rowtrace: There is no issue 999999.\n  fix: List what there is with `rowtrace issues` or `rowtrace dead-letters`.\n',
      );
      for (const id of ['0', '-1', '1.5', 'x', '99999999999999999999', 'API-0', 'API-1-2', 'API-', "A' or 1=1"])
        assert.equal((await run(['issue', '--', id])).code, 2, id);
    });

    test('tail, latency and status show their rows', async () => {
      const tail = await run(['tail', '--no-follow', '-n', '50', '--level', 'ERROR']);
      assert.match(tail.stdout, /ERROR {5}TypeError: no bowl {2}kennel {2}GET \/dogs\/:id 500 1\.23 s {2}req-1\n/);
      assert.equal(tail.stdout.trimEnd().split('\n').length, 3, 'one line a row');
      const [server] = await json('latency', '--kind', 'server');
      assert.deepEqual([server.operation, server.count], ['/dogs/:id', 1]);
      assert.match((await run(['latency'])).stdout, /P95 TREND\n.*·█\n|P95 TREND\n.*█/);
      const one = await run(['latency', 'GET /dogs/:id']);
      assert.match(one.stdout, /^Latency {2}GET \/dogs\/:id\n/);
      assert.match(one.stdout, /\n {2}p99\.9 +1\.00 s\n {2}max +1\.00 s\n/);
      assert.match(one.stdout, /\nDistribution\n +UP TO +COUNT +SHARE\n.* 1 +100\.0 % +█{30}/);
      assert.deepEqual((await json('latency', '/cats')).operations, []);
      for (const [args, said] of [
        [['/cats'], /no operation \/cats in that time; `rowtrace latency` without one lists/],
        [['--service', 'nope'], /no latencies of a service nope in that time; there are some of: kennel, owned/],
        [['--kind', 'messaging'], /no latencies of that kind in that time/],
        [['--by', 'release', '--since', '2036-01-01'], /no latencies in that time; they are collected once a minute/],
      ] as const) {
        const { code, stderr } = await run(['latency', ...args]);
        assert.equal(code, 0);
        assert.match(stderr, said);
      }
      const [release] = await json('latency', '--by', 'release');
      assert.deepEqual([release.release_version, release.count, release.release_before], [null, 1, null]);
      const status = await run(['status', '--json']);
      assert.equal(status.code, 1, 'something was dropped');
      const { ledger, total, journalsWaiting } = JSON.parse(status.stdout);
      assert.deepEqual([total.accepted, total.dropped, total.closes], [5, { journal_full: 2 }, true]);
      assert.deepEqual(
        [
          ledger[0].accepted,
          ledger[0].stored,
          ledger[0].merged,
          ledger[0].dropped_total,
          ledger[0].pending,
          journalsWaiting,
        ],
        [5, 1, 1, 2, 1, 0],
      );
    });

    test('trace shows a request and where it failed first, and says what has no such id', async () => {
      const { stdout } = await run(['trace', TRACE]);
      assert.match(stdout, /^Trace 0e9cfbd2a1c34f6b8d7e5f4a3b2c1d00\n\n {2}begins .*\n(.*\n)* {2}first error {2}owned/);
      const [step, ...others] = await json('trace', TRACE);
      assert.deepEqual([step.kind, step.level, others.length], ['row', 'ERROR', 0]);
      const { code, stderr } = await run(['trace', 'req-7']);
      assert.equal(code, 4);
      assert.match(stderr, /There is no trace, request or event req-7 since /);
    });

    test('--json prints what docs/json.md says', async () => {
      const [{ friendly_id }] = await json('issues', '--search', 'no bowl');
      const { occurrences } = await json('issue', friendly_id);
      assert.ok(occurrences.length > 0);
      for (const [args, type] of [
        [['issues'], 'Issue[]'],
        [['issue', friendly_id], 'IssueOutput'],
        [['explain', occurrences[0].event_id], 'ExplainOutput'],
        [['trace', TRACE], 'TraceStep[]'],
        [['tail', '--no-follow', '-n', '1'], 'LogEntry'],
        [['latency'], 'OperationLatency[]'],
        [['latency', '--by', 'release'], 'ReleaseLatency[]'],
        [['latency', '/dogs/:id'], 'LatencyOperationOutput'],
        [['slow'], 'SlowRow[]'],
        [['status'], 'StatusOutput'],
        [['regroup', '--dry-run'], 'RegroupOutput'],
        [['dead-letters'], 'DeadLetter[]'],
        [['keys', 'list'], 'ApiKey[]'],
      ] as const) {
        const { stdout, stderr } = await run([...args, '--json']);
        assert.notEqual(stdout, '', stderr);
        assertDocumented(JSON.parse(stdout), type);
      }
    });

    test('what is hostile in the data is harmless in every command, and lines fit the terminal', async () => {
      const [{ friendly_id: id }] = await json('issues', '--search', 'pwned');
      const { occurrences } = await json('issue', id);
      for (const args of [
        ['issues'],
        ['issues', '--md'],
        ['issue', id],
        ['issue', id, '--md'],
        ['explain', occurrences[0].event_id],
        ['explain', occurrences[0].event_id, '--md'],
        ['regroup', '--dry-run'],
        ['tail', '--no-follow'],
        ['latency'],
        ['latency', '--md'],
        ['latency', '--by', 'release', '--md'],
        ['latency', '/dogs/:id'],
        ['latency', '/dogs/:id', '--md'],
        ['slow', '--md'],
        ['trace', TRACE],
        ['trace', TRACE, '--md'],
        ['status'],
        ['status', '--md'],
        ['dead-letters'],
        ['doctor'],
      ]) {
        const { stdout, stderr } = await run(args, { COLUMNS: '80' });
        assert.doesNotMatch(stdout + stderr, UNSAFE, args[0]);
        if ((args[0] !== 'issues' && args[0] !== 'latency') || args.includes('--md')) continue;
        for (const line of stdout.split('\n')) assert.ok(displayWidth(line) <= 80, line);
      }
    });

    test('doctor finds nothing wrong and says where psql finds the database', async () => {
      const { code, stdout } = await run(['doctor']);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /ok {2}schema +rowtrace is up to date/);
      assert.match(stdout, kind === 'embedded' ? /psql -h \S+ -U postgres postgres/ : /postgres:\*\*\*@/);
      assert.match(stdout, /\n0 problems, /);
    });

    test('migrate says what is missing and adds it', async () => {
      const columns = { ROWTRACE_COLUMNS: 'vet_id=integer' };
      const planned = await run(['migrate', '--dry-run'], columns);
      assert.match(planned.stdout, /-- column vet_id integer on error_logs\nalter table .*add column "vet_id" integer/);
      assert.match((await run(['doctor'], columns)).stdout, /lacks column vet_id integer on error_logs/);
      const { steps } = JSON.parse((await run(['migrate', '--json'], columns)).stdout);
      assert.equal(steps.length, 2);
      assert.match((await run(['migrate'], columns)).stdout, /is up to date\.\n$/);
    });
  });
