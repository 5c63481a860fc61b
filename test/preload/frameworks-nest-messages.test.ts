// Microservices of Nest in a hybrid application with a gateway, preloaded, over TCP and Redis: one row a message that fails, by
// whatever it fails and whoever answers it, with its pattern; each message is measured once, to the end of its answer.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { uuidv7 } from '../../src/util/uuid.ts';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';
import { serviceFor } from '../support/services.ts';

// level    type        message          pattern           route
const ROWS = [
  ['ERROR', 'DogError', 'no dog 7', '{"cmd":"find"}', null],
  ['ERROR', 'Error', 'caught', 'caught', null],
  ['ERROR', 'Error', 'of the web', null, '/web/:id'],
  ['ERROR', 'Error', 'the first of two', 'one', null],
  ['ERROR', 'EvalError', 'not let in', 'guarded', null],
  ['ERROR', 'RangeError', 'after Rex', 'late', null],
  ['ERROR', 'RangeError', 'all night', null, null],
  ['ERROR', 'RangeError', 'fed too much', 'fed', null],
  ['ERROR', 'RpcException', 'nobody hears', 'lost', null],
  ['ERROR', 'SyntaxError', 'promised', 'promised', null],
  ['ERROR', 'TypeError', 'born wrong', 'born', null],
  ['ERROR', 'TypeError', 'inside', 'wrapped', null],
  ['ERROR', 'TypeError', 'too loud', null, null],
  ['ERROR', 'URIError', 'does not fit', 'piped', null],
  ['WARNING', 'NotFoundException', 'no such dog', 'missing', null],
  ['WARNING', null, 'low on food', 'warned', null],
];

const MEASURED = [
  ...['process born error', 'process fed error', 'process lost error', 'process one error'],
  // The second of two answers with an Observable, for which nobody asks once the first has failed.
  ...['process one ok', 'process walked ok'],
  ...['caught error', 'find error', 'guarded error', 'late error', 'many ok', 'missing ok', 'ok ok', 'ok ok'],
  ...['piped error', 'promised error', 'refused ok', 'warned ok', 'wrapped error'],
];

/** Without us: the message of what comes back is what Nest says. */
const SERVER = 'Internal server error';
const ANSWERS = {
  ...{ find: SERVER, late: SERVER, promised: SERVER, missing: SERVER, refused: 'refused' },
  ...{ caught: ['answered by the filter'], guarded: SERVER, piped: SERVER, warned: [], many: [0, 1, 2], ok: [7] },
};

async function measured(t: TestContext, app: string, args: string[]): Promise<void> {
  const { db, url: databaseUrl } = await databaseFor(t);
  // Not its calls to itself.
  const env = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici' };
  const application = new Application(t, { app: `frameworks/${app}`, args, databaseUrl, env });
  const { code, stdout, stderr } = await application.ended();
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), ANSWERS, 'as without us');
  const prefix = args[1] ?? '';
  const rows = await db.query<Record<string, string | null>>(`
    select level::text, error_type as type, message, replace(tags ->> 'nest.pattern', '${prefix}', '') as pattern, route
    from rowtrace.error_logs order by level::text, error_type collate "C", message collate "C"`);
  assert.deepEqual(
    rows.map(({ level, type, message, pattern, route }) => [level, type, message, pattern, route]),
    ROWS,
  );
  const lines = await db.query<{ title: string; culprit: string | null }>(
    "select title, culprit from rowtrace.issue_list where title <> 'low on food'",
  );
  for (const { title, culprit } of lines) assert.match(culprit ?? '', /nest-messages\.routes\.cjs/, title);
  const spans = await db.query<{ drawn: string; count: string }>(`
    select format('%s %s', replace(operation, '${prefix}', ''), status_class) as drawn, sum(count) as count
    from rowtrace.latency_histograms where operation ~ 'process|${prefix}' and kind in ('server', 'messaging')
      and http_method is null group by 1 order by 1`);
  const names = spans.flatMap(({ drawn, count }) =>
    Array<string>(Number(count)).fill(drawn.replace('{"cmd":"find"}', 'find')),
  );
  assert.deepEqual(names.sort(), [...MEASURED].sort());
}

for (const app of ['nest-messages.cjs', 'nest-messages.mjs'])
  test(`Nest over TCP, ${app}: one row a failed message, with its pattern; each is measured`, (t) =>
    measured(t, app, ['TCP']));

test('Nest over Redis: the same', async (t) => {
  const url = await serviceFor(t, 'redis');
  if (url !== undefined) await measured(t, 'nest-messages.cjs', ['REDIS', `${uuidv7()}-`, url]);
});
