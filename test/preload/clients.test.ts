// Clients of databases and services in a preloaded application: one row an error with the message of the server,
// slow calls by operation, durations by operation. MongoDB, AWS and OpenAI are not tried against a server of theirs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Db } from '../../src/store/db.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { Application } from '../support/application.ts';
import { databaseFor } from '../support/database.ts';
import { fakeMongodb } from '../support/fake-mongodb.ts';
import { serviceFor } from '../support/services.ts';

type Drawn = [level: string, type: string | null, message: string | RegExp, route: string | null];

/** Clients are loaded within the first request, which takes its time on a busy machine. */
const PATIENT = {
  ROWTRACE_SLOW_SERVER_MILLIS: '60000',
  ROWTRACE_SLOW_CLIENT_MILLIS: '60000',
  ROWTRACE_SLOW_DB_MILLIS: '60000',
};

async function rowsAfter(
  t: TestContext,
  paths: string[],
  env: Record<string, string>,
): Promise<{ db: Db; rows: Record<string, unknown>[] }> {
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, { app: 'clients/app.cjs', databaseUrl, env: { ...PATIENT, ...env } });
  const url = await application.url();
  for (const path of paths) await fetch(url + path).then((response) => response.text());
  application.child.stdin!.end();
  await application.ended();
  return { db, rows: await rowsOf(db) };
}

function rowsOf(db: Db): Promise<Record<string, unknown>[]> {
  return db.query(`
    select level::text, error_type, error_code, message, error_message, route, module, function_name, tags
    from rowtrace.error_logs order by created_at`);
}

function assertRows(rows: Record<string, unknown>[], expected: Drawn[]): void {
  const shown = rows.map(({ level, error_type, message, route }) => [level, error_type, message, route]);
  assert.equal(shown.length, expected.length, JSON.stringify(rows, null, 1));
  for (const [at, [level, type, message, route]] of expected.entries()) {
    const row = rows[at]!;
    assert.deepEqual([row.level, row.error_type, row.route], [level, type, route], JSON.stringify(shown));
    if (message instanceof RegExp) assert.match(String(row.message), message);
    else assert.equal(row.message, message);
  }
}

test('mysql2: a failed query is one row with the message of the server, a slow one is named by its operation', async (t) => {
  const MYSQL_URL = await serviceFor(t, 'mysql');
  if (MYSQL_URL === undefined) return;
  const { rows } = await rowsAfter(t, ['/mysql2/7', '/mysql2-slow'], {
    MYSQL_URL,
    ROWTRACE_SLOW_DB_MILLIS: '500',
  });
  assertRows(rows, [
    ['ERROR', 'Error', /dogs_that_are_not_there' doesn't exist$/, '/mysql2/:id'],
    ['WARNING', null, /^Slow db span select mysql test: \d+ ms/, '/mysql2-slow'],
  ]);
  assert.equal(rows[0]!.error_code, 'ER_NO_SUCH_TABLE');
});

for (const client of ['redis', 'ioredis']) {
  test(`${client}: a refused command is one row with the message of the server`, async (t) => {
    const REDIS_URL = await serviceFor(t, 'redis');
    if (REDIS_URL === undefined) return;
    const key = uuidv7();
    const { rows } = await rowsAfter(t, [`/${client}/${key}`], { REDIS_URL });
    assert.equal(rows.length, 1, JSON.stringify(rows, null, 1));
    assert.match(String(rows[0]!.message), /^WRONGTYPE Operation against a key/);
    assert.equal(rows[0]!.route, `/${client}/:key`);
  });
}

test('mongodb: a refused write is one row with the message of the server', async (t) => {
  const server = await fakeMongodb();
  t.after(() => server.close());
  const MONGODB_URL = `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`;
  const { rows } = await rowsAfter(t, ['/mongodb/7'], { MONGODB_URL });
  assertRows(rows, [['ERROR', 'MongoServerError', 'a dog needs a name', '/mongodb/:id']]);
});

test('graphql: an error of a resolver, which is answered with status 200, is a row', async (t) => {
  const { rows } = await rowsAfter(t, ['/graphql'], {});
  assertRows(rows, [['ERROR', 'RangeError', 'no dog 7', '/graphql']]);
});

test('graphql: what a client asks wrongly is a WARNING, in words', async (t) => {
  const asked = ['{ cat }', '{ cow }', '{ dog(', '{ dog(id: 1) }'];
  const paths = asked.map((source) => `/graphql/asks?source=${encodeURIComponent(source)}`);
  const { rows } = await rowsAfter(t, paths, {});
  assertRows(rows, [
    ['WARNING', 'GraphQLError', 'Cannot query field "cat" on type "Query".', '/graphql/asks'],
    ['WARNING', 'GraphQLError', 'Cannot query field "cow" on type "Query". Did you mean "dog"?', '/graphql/asks'],
    ['WARNING', 'GraphQLError', 'Syntax Error: Expected Name, found <EOF>.', '/graphql/asks'],
    ['WARNING', 'GraphQLError', 'not your dog', '/graphql/asks'],
  ]);
});

test('aws-sdk and openai: an answer that the client throws for is one row', async (t) => {
  const { rows } = await rowsAfter(t, ['/aws', '/openai'], { HTTP_URL: await refusingServer(t) });
  assertRows(rows, [
    ['ERROR', 'QueueDoesNotExist', 'no such queue', '/aws'],
    ['ERROR', 'RateLimitError', /too many questions/, '/openai'],
  ]);
});

test('durations are kept by operation of the client, as slow calls are named', async (t) => {
  const REDIS_URL = await serviceFor(t, 'redis');
  if (REDIS_URL === undefined) return;
  const mongodb = await fakeMongodb();
  t.after(() => mongodb.close());
  const { db, url: databaseUrl } = await databaseFor(t);
  const application = new Application(t, {
    app: 'clients/app.cjs',
    databaseUrl,
    env: {
      ...PATIENT,
      REDIS_URL,
      MONGODB_URL: `mongodb://127.0.0.1:${(mongodb.address() as AddressInfo).port}/?directConnection=true`,
      HTTP_URL: await refusingServer(t),
    },
  });
  const url = await application.url();
  const key = uuidv7();
  for (const path of [`/redis/${key}`, `/ioredis/${key}`, '/mongodb/7', '/aws', '/openai', '/graphql'])
    await fetch(url + path).then((response) => response.text());
  application.child.stdin!.end();
  assert.equal((await application.ended()).code, 0);
  const operations = await db.query<{ operation: string }>(`
    select distinct concat_ws(' ', kind, operation, peer) as operation
    from rowtrace.latency_histograms where kind <> 'server' order by 1`);
  // ioredis connects within the first request that needs it.
  const ofConnecting = /^db (connect|hello|info) /;
  assert.deepEqual(
    operations.map(({ operation }) => operation.replace(/:\d+$/, '')).filter((name) => !ofConnecting.test(name)),
    [
      'client http 127.0.0.1',
      'db HGET redis',
      'db SET redis',
      'db find dogs mongodb kennel',
      'db hget redis',
      'db insert dogs mongodb kennel',
      'db set redis',
      'messaging queue send',
    ],
  );
});

/** Answers as SQS and OpenAI do when they refuse. @returns its URL */
async function refusingServer(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const openai = request.url?.startsWith('/v1/');
    response.statusCode = openai ? 429 : 400;
    response.setHeader('content-type', openai ? 'application/json' : 'application/x-amz-json-1.0');
    response.end(
      JSON.stringify(
        openai
          ? { error: { message: 'too many questions', type: 'rate_limit' } }
          : { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'no such queue' },
      ),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
