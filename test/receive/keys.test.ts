// API keys: who may send, what a receiver keeps of them, and where it refuses to start without.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKey, readKey } from '../../src/receive/keys/api-key.ts';
import { KeyRing, type StoredKey } from '../../src/receive/keys/key-ring.ts';
import { RateLimit } from '../../src/receive/keys/rate-limit.ts';
import { activeApiKeys, insertApiKey, revokeApiKey } from '../../src/store/api-keys.ts';
import { cliDir, eventually, runCli, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { until } from '../support/journals.ts';
import { logs, metrics, record } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

test('a key is an id, 160 random bits and a checksum; a mistyped one is none', () => {
  const made = Array.from({ length: 50 }, makeKey);
  assert.equal(new Set(made.map(({ key }) => key)).size, 50);
  for (const { key, id, digest } of made) {
    assert.match(key, /^rt_[a-z2-7]{8}_[a-z2-7]{32}[0-9a-f]{8}$/);
    assert.deepEqual(readKey(key), { id, digest });
    const at = 12 + Math.floor(Math.random() * 32);
    const typo = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
    assert.equal(readKey(typo), undefined);
  }
  for (const wrong of ['', 'rt_', 'x'.repeat(100_000), `${made[0]!.key} `, '__proto__'])
    assert.equal(readKey(wrong), undefined);
});

test('with keys: no key, a wrong one and a revoked one get the same 401; scopes and services are kept; nothing is stored', async (t) => {
  const database = await databaseFor(t);
  const make = async (scopes: string[], services: string[] | null = null) => {
    const made = makeKey();
    await insertApiKey(database.db, 'rowtrace', { ...made, name: 'test', scopes, services });
    return made;
  };
  const [good, reading, shop, gone] = [
    await make(['ingest']),
    await make(['read']),
    await make(['ingest'], ['shop']),
    await make(['ingest']),
  ];
  await revokeApiKey(database.db, 'rowtrace', gone.id);
  const receiver = await receiverFor(t, {}, { keys: new KeyRing(() => activeApiKeys(database.db, 'rowtrace')) });
  const send = (headers: Record<string, string>, service = 'kennel', path = '/v1/logs') =>
    receiver.post(path, JSON.stringify(logs([record('x')], { 'service.name': service })), {
      'content-type': 'application/json',
      ...headers,
    });
  const refused = await Promise.all(
    [
      {},
      { 'x-api-key': '' },
      { 'x-api-key': makeKey().key },
      { 'x-api-key': gone.key },
      { 'x-api-key': good.key.slice(0, -1) },
      { authorization: 'Basic x' },
    ].map(async (headers) => {
      const answer = await send(headers as Record<string, string>);
      return [answer.status, answer.headers.get('www-authenticate'), await answer.text()].join(' ');
    }),
  );
  assert.equal(new Set(refused).size, 1, refused.join('\n'));
  assert.match(refused[0]!, /^401 Bearer /);
  assert.equal((await send({ 'x-api-key': reading.key })).status, 403);
  assert.equal((await send({ 'x-api-key': shop.key }, 'kennel')).status, 403);
  assert.equal((await fetch(`${receiver.url}/metrics`)).status, 401);
  assert.equal((await fetch(`${receiver.url}/metrics`, { headers: { 'x-api-key': good.key } })).status, 403);
  assert.equal((await fetch(`${receiver.url}/metrics`, { headers: { 'x-api-key': reading.key } })).status, 200);
  assert.equal((await fetch(`${receiver.url}/health/live`)).status, 200);
  await receiver.settled();
  assert.equal((await receiver.db.query('select from rowtrace.error_logs')).length, 0);

  assert.equal((await send({ 'x-api-key': good.key })).status, 200);
  assert.equal((await send({ authorization: `Bearer ${good.key}` })).status, 200);
  assert.equal((await send({ 'x-api-key': shop.key }, 'shop')).status, 200);
  assert.equal((await receiver.rows(3)).length, 3);
  const everything = JSON.stringify(await database.db.query('select * from rowtrace.api_keys'));
  for (const { key, id } of [good, reading, shop]) {
    assert.ok(everything.includes(id));
    assert.ok(!everything.includes(key.slice(12)));
    assert.ok(!receiver.said.join().includes(key.slice(12)));
  }
});

test('some services of a request are not the key’s: they are rejected, the others stored', async (t) => {
  const database = await databaseFor(t);
  const made = makeKey();
  await insertApiKey(database.db, 'rowtrace', { ...made, name: 'x', scopes: ['ingest'], services: ['shop'] });
  const reading = makeKey();
  await insertApiKey(database.db, 'rowtrace', { ...reading, name: 'r', scopes: ['read'], services: null });
  const receiver = await receiverFor(t, {}, { keys: new KeyRing(() => activeApiKeys(database.db, 'rowtrace')) });
  const { resourceLogs: a } = logs([record('a')], { 'service.name': 'shop' }) as { resourceLogs: object[] };
  const { resourceLogs: b } = logs([record('b')], { 'service.name': 'kennel' }) as { resourceLogs: object[] };
  const answer = await receiver.post('/v1/logs', JSON.stringify({ resourceLogs: [...a, ...b] }), {
    'content-type': 'application/json',
    'x-api-key': made.key,
  });
  const { partialSuccess } = (await answer.json()) as { partialSuccess: Record<string, string> };
  assert.deepEqual(partialSuccess, { rejectedLogRecords: '1', errorMessage: 'this key may not send for that service' });
  assert.equal((await receiver.rows<{ service: string }>(1))[0]!.service, 'shop');
  // Also in the receiver's own numbers; of metrics, points are counted.
  const point = { attributes: [], startTimeUnixNano: '1', timeUnixNano: '2', count: '0' };
  const metric = { name: 'x', unit: 's', histogram: { aggregationTemporality: 1, dataPoints: [point, point, point] } };
  const { resourceMetrics: ours } = metrics([metric], { 'service.name': 'shop' }) as { resourceMetrics: object[] };
  const { resourceMetrics: theirs } = metrics([metric], { 'service.name': 'kennel' }) as { resourceMetrics: object[] };
  const second = await receiver.post('/v1/metrics', JSON.stringify({ resourceMetrics: [...ours, ...theirs] }), {
    'content-type': 'application/json',
    'x-api-key': made.key,
  });
  const { partialSuccess: points } = (await second.json()) as { partialSuccess: Record<string, string> };
  assert.equal(points.rejectedDataPoints, '3');
  const text = await (await fetch(`${receiver.url}/metrics`, { headers: { 'x-api-key': reading.key } })).text();
  assert.match(text, /rejected[^\n]*logs[^\n]* 1\n/);
  assert.match(text, /rejected[^\n]*metrics[^\n]* 3\n/);
});

test('a revoked key is refused within the refresh', async () => {
  const { keys, ring, asking, clock } = ringOf();
  assert.equal((await ring.check(asking, 'ingest')).id, keys[0]!.id);
  keys.pop();
  clock.now += 9_000;
  await ring.check(asking, 'ingest');
  clock.now += 1_001;
  await assert.rejects(ring.check(asking, 'ingest'), { status: 401 });
});

test('while the database is away known keys stay good; one that is not known may come again', async () => {
  const { ring, asking, clock, state } = ringOf();
  const other = { headers: { 'x-api-key': makeKey().key } } as never;
  await ring.check(asking, 'ingest');
  await assert.rejects(ring.check(other, 'ingest'), { status: 401 });
  state.isAway = true;
  for (let time = 0; time < 2; time++) {
    clock.now += 11_000;
    await ring.check(asking, 'ingest');
    await assert.rejects(ring.check(other, 'ingest'), { status: 503 });
    await assert.rejects(ring.check({ headers: {} } as never, 'ingest'), { status: 401 });
  }
  state.isAway = false;
  clock.now += 1_001;
  await assert.rejects(ring.check(other, 'ingest'), { status: 401 });
});

test('while the database hangs a known key waits for a moment, once', async () => {
  const { ring, asking, clock, state } = ringOf();
  await ring.check(asking, 'ingest');
  let release = () => {};
  state.hanging = new Promise<void>((resolve) => {
    release = resolve;
  });
  clock.now += 11_000;
  // All of them before it answers.
  await Promise.all([ring.check(asking, 'ingest'), ring.check(asking, 'ingest')]);
  const next = ring.check(asking, 'ingest').then(() => 'known');
  const turn = new Promise<string>((resolve) => setImmediate(resolve, 'still waiting'));
  assert.equal(await Promise.race([next, turn]), 'known');
  const loads = state.loads;
  release();
  await ring.check(asking, 'ingest');
  assert.equal(state.loads, loads);
});

/** A ring with one key, a clock that is set by hand, and a database that can be away or hang. */
function ringOf() {
  const { key, id, digest } = makeKey();
  const keys: StoredKey[] = [{ id, digest, scopes: ['ingest'], services: null }];
  const state = { isAway: false, hanging: Promise.resolve(), loads: 0 };
  const clock = { now: 0 };
  const load = async () => {
    state.loads++;
    await state.hanging;
    if (state.isAway) throw new Error('away');
    return [...keys];
  };
  const ring = new KeyRing(load, undefined, () => clock.now);
  return { keys, ring, state, clock, asking: { headers: { 'x-api-key': key } } as never };
}

test('a rate is kept per sender: who is in debt waits as long as it says, others are not touched', () => {
  let now = 0;
  const limit = new RateLimit(10, () => now);
  limit.admit('a');
  limit.spend('a', 250);
  assert.throws(
    () => limit.admit('a'),
    (error: { status: number; retryAfter: number }) => error.status === 429 && error.retryAfter === 6,
  );
  limit.admit('b');
  now = 4_900;
  assert.throws(() => limit.admit('a'));
  now = 5_200;
  limit.admit('a');
});

test('of more senders than are remembered, who was silent longest is forgotten, not who is in debt', () => {
  const limit = new RateLimit(1, () => 0);
  limit.spend('busy', 100);
  const others = (from: number, to: number) => {
    for (let n = from; n < to; n++) limit.admit(`other ${n}`);
  };
  for (let n = 0; n < 3; n++) {
    others(n * 9_999, (n + 1) * 9_999);
    assert.throws(() => limit.admit('busy'), { status: 429 });
  }
});

test('keys from the command line; without one the receiver does not listen for everybody', async (t) => {
  const { url, db } = await databaseFor(t);
  const dir = cliDir(t);
  const env = { ROWTRACE_DATABASE_URL: url };
  const refused = await runCli(t, ['serve', '--host', '0.0.0.0', '--port', '0'], { dir, env });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /was not started.*0\.0\.0\.0[\s\S]*rowtrace keys create/);
  const made = await runCli(t, ['keys', 'create', 'the shop', '--service', 'shop,cron'], { dir, env });
  assert.equal(made.code, 0, made.stderr);
  const { id } = readKey(made.stdout.trim())!;
  const list = await runCli(t, ['keys', 'list'], { dir, env });
  assert.match(list.stdout, new RegExp(`${id} +the shop +ingest +shop, cron`));
  assert.ok(!list.stdout.includes(made.stdout.trim()));
  assert.match(list.stdout, / never /);

  const receiver = startCli(t, ['serve', '--port', '0', '--require-key'], { dir, env });
  const at = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(receiver.stdout)?.[0]);
  const answer = await fetch(`${at}/api/v1/ingest`, {
    method: 'POST',
    body: JSON.stringify({ message: 'x', service: 'cron' }),
    headers: { 'content-type': 'application/json', 'x-api-key': made.stdout.trim() },
  });
  assert.equal(answer.status, 200);
  await until('its use to be noted', async () => {
    const [key] = await db.query<{ used: boolean }>(
      'select last_used_at > created_at as used from rowtrace.api_keys where id = $1',
      [id],
    );
    return key?.used;
  });
  assert.doesNotMatch((await runCli(t, ['keys', 'list'], { dir, env })).stdout, / never /);
  assert.equal((await runCli(t, ['keys', 'revoke', id], { dir, env })).code, 0);
  assert.equal((await runCli(t, ['keys', 'revoke', id], { dir, env })).code, 4);
  assert.match((await runCli(t, ['keys', 'list'], { dir, env })).stdout, /revoked/);
});
