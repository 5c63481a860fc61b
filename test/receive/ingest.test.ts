// POST /api/v1/ingest: the plain JSON batch, for whoever has no OpenTelemetry.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiverFor } from '../support/receiver.ts';

test('entries become rows, with all that they tell', async (t) => {
  const receiver = await receiverFor(t);
  const answer = await receiver.json('/api/v1/ingest', {
    service: 'cron',
    environment: 'production',
    entries: [
      {
        level: 'error',
        message: 'backup failed',
        module: 'backup',
        timestamp: '2026-11-26T10:00:00',
        trace_id: '5B8EFFF798038103D269B633813FC60C',
        error_type: 'IOError',
        error_message: 'disk full',
        stack_trace: 'Traceback (most recent call last):\n  File "b.py", line 3, in run\nIOError: disk full',
        language: 'python',
        extra: { disk: '/dev/sda', password: 'hunter2', __proto__: { polluted: 1 } },
      },
      { level: 'warn', message: 'slow', timestamp: 1_795_687_200, service: 'other' },
      { level: 'info', message: 'not kept' },
      { level: 'error' },
      { level: 'error', message: 'x', timestamp: 'yesterday' },
      7,
      { level: 'wombat', message: 'x' },
    ],
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), {
    accepted: 2,
    below_level: 1,
    rejected: 4,
    errors: [
      { index: 3, message: 'message should be a text' },
      { index: 4, message: 'timestamp should be ISO 8601 or Unix time' },
      { index: 5, message: 'an entry should be an object' },
      { index: 6, message: 'level is no word that is known, such as debug, info, warning, error, fatal' },
    ],
  });
  const rows = await receiver.rows<Record<string, unknown>>(2);
  const backup = rows.find(({ service }) => service === 'cron')!;
  assert.equal((backup.created_at as Date).toISOString(), '2026-11-26T10:00:00.000Z');
  assert.equal(backup.message, 'backup failed');
  assert.equal(backup.level, 'ERROR');
  assert.equal(backup.module, 'backup');
  assert.equal(backup.error_type, 'IOError');
  assert.equal(backup.error_message, 'disk full');
  assert.equal(backup.environment, 'production');
  assert.equal(backup.trace_id, '5b8efff798038103d269b633813fc60c');
  assert.equal(backup.function_name, 'run');
  assert.deepEqual(backup.tags, { disk: '/dev/sda', password: '[scrubbed]', 'telemetry.sdk.language': 'python' });
  const other = rows.find(({ service }) => service === 'other')!;
  assert.equal(other.level, 'WARNING');
  assert.equal((other.created_at as Date).getTime(), 1_795_687_200_000);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('a time as Postgres writes it; an entry alone may have the message of its error only', async (t) => {
  const receiver = await receiverFor(t);
  for (const timestamp of ['2026-11-26 10:00:00.5+01', '2026-11-26T14:30:00.5+05:30', '2026-11-26T09:00:00.5'])
    assert.equal(
      (await receiver.json('/api/v1/ingest', { error_message: timestamp, timestamp })).status,
      200,
      timestamp,
    );
  const rows = await receiver.rows<{ created_at: Date }>(3);
  for (const { created_at } of rows) assert.equal(created_at.toISOString(), '2026-11-26T09:00:00.500Z');
});

test('one entry alone and a bare list do as well; the same batch sent again changes nothing', async (t) => {
  const receiver = await receiverFor(t);
  const timestamp = Date.now();
  const sent = [
    { message: 'one', timestamp },
    [
      { message: 'two', timestamp },
      { message: 'two', timestamp },
    ],
  ];
  for (const body of [...sent, ...sent]) assert.equal((await receiver.json('/api/v1/ingest', body)).status, 200);
  await receiver.settled();
  const rows = await receiver.rows<{ message: string }>(3);
  assert.deepEqual(rows.map(({ message }) => message).sort(), ['one', 'two', 'two']);
});

test('what is no batch: 400; another content type: 415', async (t) => {
  const receiver = await receiverFor(t);
  for (const body of ['"x"', 'null', '{}', '{"entries":7}', '{"entries"', '{"message":7}'])
    assert.equal(
      (await receiver.post('/api/v1/ingest', body, { 'content-type': 'application/json' })).status,
      400,
      body,
    );
  assert.equal((await receiver.post('/api/v1/ingest', '[]', { 'content-type': 'text/plain' })).status, 415);
});

test('a day that is in no calendar is refused, and not taken for another one', async (t) => {
  const receiver = await receiverFor(t);
  for (const timestamp of [
    '2026-02-30T10:00:00Z',
    '2026-02-29',
    '2026-04-31 10:00:00+01',
    '2026-13-01',
    '2026-00-10',
  ]) {
    const answer = await receiver.json('/api/v1/ingest', { message: timestamp, timestamp });
    const said = ((await answer.json()) as { errors: { message: string }[] }).errors[0]?.message;
    assert.match(
      said ?? 'accepted',
      /^timestamp (2026-02-30|2026-02-29|2026-04-31) is no day|^timestamp should be/,
      timestamp,
    );
  }
  for (const timestamp of ['2024-02-29T10:00:00Z', '2026-12-31T23:59:59.999-14:00'])
    assert.equal((await receiver.json('/api/v1/ingest', { message: 'x', timestamp })).status, 200);
});
