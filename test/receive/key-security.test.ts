// Keys against those who guess, listen, borrow and flood (security matrix rows 16 to 22, 26, 42).

import assert from 'node:assert/strict';
import crypto, { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/index.ts';
import { makeKey } from '../../src/receive/keys/api-key.ts';
import { KeyRing } from '../../src/receive/keys/key-ring.ts';
import type { ServeOptions } from '../../src/serve.ts';
import { activeApiKeys, insertApiKey, revokeApiKey } from '../../src/store/api-keys.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { until } from '../support/journals.ts';
import { logs, metrics, record, span, traces } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';
import { errorLog } from '../support/rows.ts';

/** A receiver that asks for keys, and a way to make them. */
async function lockedReceiver(t: TestContext, serving: Partial<ServeOptions> = {}) {
  const { db } = await databaseFor(t);
  const make = async (services: string[] | null = null, scopes = ['ingest']) => {
    const made = makeKey();
    await insertApiKey(db, 'rowtrace', { ...made, name: 'test', scopes, services });
    return made;
  };
  const keys = new KeyRing(() => activeApiKeys(db, 'rowtrace'));
  const receiver = await receiverFor(t, {}, { keys, ...serving });
  const send = (key: string | undefined, path: string, body: object, headers: Record<string, string> = {}) =>
    receiver.post(path, JSON.stringify(body), {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'x-api-key': key }),
      ...headers,
    });
  return { receiver, keys: db, make, send };
}

test('a key is found by its id and compared by timingSafeEqual, once, whoever asks', async (t) => {
  const { key, id, digest } = makeKey();
  assert.equal(digest, createHash('sha256').update(key).digest('hex'));
  const ring = new KeyRing(async () => [{ id, digest, scopes: ['ingest'], services: null }]);
  const compared: [number, number][] = [];
  const { timingSafeEqual } = crypto;
  t.mock.method(crypto, 'timingSafeEqual', (a: Uint8Array, b: Uint8Array) => {
    compared.push([a.length, b.length]);
    return timingSafeEqual(a, b);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.reset();
    syncBuiltinESMExports();
  });
  const other = makeKey().key;
  // The right id before another secret, with the checksum of the whole: as near as one can guess.
  const near = keyWith(id, other);
  const asked = ['', 'nonsense', other, near, key];
  for (const text of asked)
    await ring.check({ headers: { 'x-api-key': text } } as never, 'ingest').then(
      () => assert.equal(text, key),
      (error) => assert.ok(error.status === 401 && text !== key, error),
    );
  assert.deepEqual(
    compared,
    asked.map(() => [64, 64]),
  );
});

function keyWith(id: string, other: string): string {
  for (;;) {
    const { key } = makeKey();
    const text = `rt_${id}_${key.slice(12, 44)}`;
    const candidate = `${text}${crc(text)}`;
    if (candidate !== other) return candidate;
  }
}

function crc(text: string): string {
  let value = ~0;
  for (const byte of Buffer.from(text)) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (0xedb88320 & -(value & 1));
  }
  return (~value >>> 0).toString(16).padStart(8, '0');
}

test('a key that is revoked while the receiver runs is refused within its refresh, and nothing more is stored', async (t) => {
  const { receiver, keys, make, send } = await lockedReceiver(t);
  const [good, gone] = [await make(), await make()];
  assert.equal((await send(gone.key, '/v1/logs', logs([record('before')]))).status, 200);
  await revokeApiKey(keys, 'rowtrace', gone.id);
  await until('a refusal', async () => (await send(gone.key, '/v1/logs', {})).status === 401, 30_000);
  assert.equal((await send(gone.key, '/v1/logs', logs([record('after')]))).status, 401);
  assert.equal((await send(good.key, '/v1/logs', logs([record('of another')]))).status, 200);
  assert.deepEqual(
    (await receiver.rows<{ message: string }>(2)).map(({ message }) => message),
    ['before', 'of another'],
  );
});

test('a key for one service sends for that one alone, at every door; a reading key sends nowhere', async (t) => {
  let real: ReturnType<typeof createPostgresSink> | undefined;
  const sink = {
    open: () => real!.open(),
    write: (batch: never) => real!.write(batch),
    deadLetter: (letters: never) => real!.deadLetter(letters),
    close: async () => {},
  };
  const { receiver, make, send } = await lockedReceiver(t, { sink });
  real = createPostgresSink({ open: async () => openPostgres(receiver.databaseUrl) });
  t.after(() => real!.close());
  const [shop, reading] = [await make(['shop']), await make(null, ['read'])];
  const resource = { 'service.name': 'kennel' };
  const doors: [string, object][] = [
    ['/v1/logs', logs([record('x')], resource)],
    ['/v1/traces', traces([span('1', { status: { code: 2 } })], resource)],
    ['/v1/metrics', metrics([{ name: 'x', gauge: { dataPoints: [{}] } }], resource)],
    ['/api/v1/batches', { v: 1, batch: { logs: [errorLog({ service: 'kennel' })] } }],
  ];
  for (const [path, body] of doors) {
    assert.equal((await send(shop.key, path, body)).status, 403, path);
    assert.equal((await send(reading.key, path, body)).status, 403, path);
    assert.equal((await send(undefined, path, body)).status, 401, path);
  }
  const unnamed = { v: 1, batch: { logs: [{ ...errorLog(), service: undefined }] } };
  assert.equal((await send(shop.key, '/api/v1/batches', unnamed)).status, 403, 'a row of no service');
  const plain = { 'content-type': 'text/plain' };
  assert.equal((await send(shop.key, '/api/v1/batches', unnamed, plain)).status, 415, 'a page may send text');
  const answer = await send(shop.key, '/api/v1/ingest', { message: 'x', service: 'kennel' });
  const { accepted, errors } = (await answer.json()) as { accepted: number; errors: { message: string }[] };
  assert.equal(accepted, 0);
  assert.match(errors[0]!.message, /this key may not send for that service/);
  await receiver.settled();
  assert.equal((await receiver.db.query('select from rowtrace.error_logs')).length, 0);
});

test('who sends twice what is allowed gets 429, another key is not touched', async (t) => {
  const { make, send } = await lockedReceiver(t, { itemsPerSecond: 10 });
  const [greedy, modest] = [await make(), await make()];
  const ten = logs(Array.from({ length: 10 }, () => record('x', { severityNumber: 9 })));
  const statuses: number[] = [];
  for (let request = 0; request < 40; request++) {
    statuses.push((await send(greedy.key, '/v1/logs', ten)).status);
    if (request % 10 === 0) assert.equal((await send(modest.key, '/v1/logs', ten)).status, 200);
  }
  assert.ok(statuses.includes(429) && statuses.includes(200), statuses.join());
  assert.equal(statuses[0], 200);
});

test('what a proxy says about the sender opens no door and buys no second bucket', async (t) => {
  const local = {
    'x-forwarded-for': '127.0.0.1',
    forwarded: 'for=127.0.0.1',
    'x-real-ip': '127.0.0.1',
    host: 'localhost',
  };
  const { send } = await lockedReceiver(t);
  assert.equal((await send(undefined, '/v1/logs', {}, local)).status, 401);
  const open = await receiverFor(t, {}, { itemsPerSecond: 1 });
  const many = JSON.stringify(logs(Array.from({ length: 30 }, () => record('x', { severityNumber: 9 }))));
  const statuses = [];
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    statuses.push(
      (await open.post('/v1/logs', many, { 'content-type': 'application/json', 'x-forwarded-for': address })).status,
    );
  assert.deepEqual(statuses, [200, 429, 429]);
});

test('without a key the receiver starts on loopback addresses alone', async (t) => {
  const { url } = await databaseFor(t);
  const options = { dir: cliDir(t), env: { ROWTRACE_DATABASE_URL: url } };
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'rowtrace.example', '127.0.0.1.example', '1127.0.0.1']) {
    const { code, stderr } = await runCli(t, ['serve', '--host', host, '--port', '0'], options);
    assert.equal(code, 2, host);
    assert.match(stderr, /would take data from anybody/, host);
  }
});

test('a key is never in what the receiver says, writes, stores or counts, and is not taken from a URL', async (t) => {
  const { receiver, keys, make, send } = await lockedReceiver(t);
  const { key } = await make();
  const wrong = makeKey().key;
  assert.equal((await send(undefined, `/v1/logs?key=${key}&api_key=${key}`, {})).status, 401);
  const answers = [];
  for (const one of [key, wrong, `${key}x`])
    for (const body of [logs([record('x')]), [], { resourceLogs: 1 }])
      answers.push(await (await send(one, '/v1/logs', body, { authorization: `Bearer ${one}` })).text());
  const reading = (await make(null, ['read'])).key;
  answers.push(await (await fetch(`${receiver.url}/metrics`, { headers: { 'x-api-key': reading } })).text());
  await receiver.rows(1);
  const files = readdirSync(receiver.dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const tables = JSON.stringify([
    await receiver.db.query('select * from rowtrace.error_logs'),
    await keys.query('select * from rowtrace.api_keys'),
  ]);
  for (const place of [...answers, ...files, ...receiver.said, tables])
    for (const secret of [key, wrong, reading]) assert.ok(!place.includes(secret.slice(12)), place.slice(0, 200));
});

test('no answer tells a stack, a statement, a path or where the database is, also when it is away', async (t) => {
  const away = 'postgres://app:hunter2@127.0.0.1:1/secret_database';
  const sink = createPostgresSink({ open: async () => openPostgres(away) });
  const receiver = await receiverFor(t, {}, { sink });
  const bodies = ['{', '[]', 'null', '{"v":1,"batch":{"logs":[{"event_id":"x"}]}}', '{"v":1,"batch":{}}', '{"v":9}'];
  for (const path of ['/v1/logs', '/v1/traces', '/v1/metrics', '/api/v1/ingest', '/api/v1/batches', '/nowhere'])
    for (const body of bodies) {
      const answer = await receiver.post(path, body, { 'content-type': 'application/json' });
      const text = await answer.text();
      assert.doesNotMatch(
        text,
        /\bat \S+ \(|node_modules|\.ts\b|\/src\/|\bselect\b|\binsert\b|hunter2|secret_database|127\.0\.0\.1/i,
        `${path} ${body}`,
      );
    }
  assert.match(receiver.said.join(), /cannot be reached/, 'those who run it are told');
});
