// Who sends in bad faith: bombs, slow senders, lies about lengths, floods of attributes, secrets. Bounded memory and time,
// and nothing of ours in the answers.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { cliDir, eventually, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { attributes, logs, record } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const MiB = 1024 * 1024;

/** Sixteen members (or frames) of 64 MiB one after another where the format has them: whoever decompresses reads on. */
const BOMBS: Record<string, () => Buffer> = {
  gzip: () => repeated(zlib.gzipSync(Buffer.alloc(64 * MiB))),
  deflate: () => zlib.deflateSync(Buffer.alloc(256 * MiB)),
  ...('zstdCompressSync' in zlib ? { zstd: () => repeated(zlib.zstdCompressSync(Buffer.alloc(64 * MiB))) } : {}),
};

function repeated(one: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: 16 }, () => one));
}

// In a process of its own, whose memory is nobody else's. The matrix says 32 MiB: that is what one costs, since 20 MiB are
// the limit itself. What several leave behind waits for the collector, as 20 MiB bodies of honest senders do: at most 58 MiB
// of gzip and 99 MiB of zstd after ten (measured); what is held at one time is bounded by the bytes in flight.
for (const [encoding, bomb] of Object.entries(BOMBS))
  test(`a bomb in ${encoding} is refused after 20 MiB of it, in little memory, and ten are no worse`, async (t) => {
    const { url: database, db } = await databaseFor(t);
    const receiver = startCli(t, ['serve', '--port', '0'], {
      dir: cliDir(t),
      env: { ROWTRACE_DATABASE_URL: database },
    });
    const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(receiver.stdout)?.[0]);
    const gauge = async (name: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(new RegExp(`^rowtrace_${name} (\\d+)$`, 'm').exec(text)![1]);
    };
    const post = async (body: string | Buffer, headers = {}) =>
      (await fetch(`${url}/v1/logs`, { method: 'POST', body: body as string, headers: { ...JSON_TYPE, ...headers } }))
        .status;
    for (let time = 0; time < 20; time++) assert.equal(await post('{}'), 200);
    // What the delivery thread and its connection take to start is not the bomb's, however late a busy machine starts them.
    assert.equal(await post(JSON.stringify(logs([record('served')]))), 200);
    await eventually(async () => (await db.query('select from rowtrace.error_logs')).length === 1);
    const body = bomb();
    const before = await gauge('process_resident_memory_bytes');
    const grown: number[] = [];
    for (let time = 0; time < 10; time++) {
      assert.equal(await post(body, { 'content-encoding': encoding }), 413);
      grown.push((await gauge('process_resident_memory_bytes')) - before);
    }
    assert.ok(grown[0]! < 32 * MiB, `${grown[0]! / MiB} MiB after the first`);
    assert.ok(Math.max(...grown) < 128 * MiB, `${Math.max(...grown) / MiB} MiB`);
    assert.equal(await gauge('bytes_in_flight'), 0);
    for (const nested of [`${encoding}, ${encoding}`, `${encoding},identity`, 'br', 'compress'])
      assert.equal(await post(body, { 'content-encoding': nested }), 415, nested);
  });

test('senders that trickle are cut off, and others are served meanwhile', async (t) => {
  const receiver = await receiverFor(t, {}, { headersMillis: 500, requestMillis: 1_000 });
  const slow = Array.from({ length: 50 }, (_, index) => {
    const socket = connect(receiver.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    // A third says nothing, a third half a head, a third half a body.
    if (index % 3 === 1) socket.write('POST /v1/logs HTTP/1.1\r\nhost: x\r\n');
    if (index % 3 === 2)
      socket.write(
        'POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"res',
      );
    return once(socket, 'close');
  });
  const good = await receiver.json('/v1/logs', logs([record('served')]));
  assert.equal(good.status, 200);
  await Promise.all(slow);
  assert.match(await (await fetch(`${receiver.url}/metrics`)).text(), /^rowtrace_bytes_in_flight 0$/m);
});

test('lies about lengths end in 400 or a closed connection', async (t) => {
  const { port } = await receiverFor(t);
  const say = async (head: string, body: string) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.end(`POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n\r\n${body}`);
    await once(socket, 'close');
    return heard.split('\r\n')[0];
  };
  for (const head of [
    'content-length: 5\r\ncontent-length: 6',
    'content-length: -1',
    'content-length: 2\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked, gzip',
    'content-length: abc',
  ])
    assert.match((await say(head, '{}')) ?? '', /^(HTTP\/1\.1 400 .*)?$/, head);
});

test('a flood of attributes is cut and counted; keys and values have bounds', async (t) => {
  const receiver = await receiverFor(t);
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key ${index}`, index]));
  const long = { ['k'.repeat(100_000)]: 'v'.repeat(100_000) };
  await receiver.json(
    '/v1/logs',
    logs([record('many', { attributes: attributes(many) }), record('long', { attributes: attributes(long) })]),
  );
  const rows = await receiver.rows<{ message: string; tags: Record<string, unknown> }>(2);
  const tags = (message: string) => rows.find((row) => row.message === message)!.tags;
  assert.ok(Object.keys(tags('many')).length <= 129);
  assert.ok(Number(tags('many')['rowtrace.tags_cut']) > 300);
  assert.ok(JSON.stringify(tags('long')).length < 20_000);
});

test('secrets do not reach the journal or the tables', async (t) => {
  const receiver = await receiverFor(t);
  const secret = 'hunter2-hunter2';
  await receiver.json(
    '/v1/logs',
    logs(
      [
        record(`login failed password=${secret}`, {
          attributes: attributes({
            password: secret,
            nested: { authorization: `Bearer ${secret}abcdefgh` },
            'exception.type': 'E',
            'exception.message': `postgres://app:${secret}@db/x`,
          }),
        }),
      ],
      { 'service.name': 'kennel', 'service.instance.id': 'i' },
    ),
  );
  await receiver.rows(1);
  const files = readdirSync(receiver.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    // What is renamed meanwhile is there by its other name, or shipped.
    return existsSync(path) ? [readFileSync(path, 'utf8')] : [];
  });
  assert.ok(
    texts.some((text) => text.includes('postgres://app:[scrubbed]@db/x')),
    'the record is among what was looked at',
  );
  assert.ok(!texts.some((text) => text.includes(secret)));
  const all = JSON.stringify(await receiver.db.query('select * from rowtrace.error_logs'));
  assert.ok(!all.includes(secret));
});

test('answers tell nothing of the inside', async (t) => {
  const receiver = await receiverFor(t);
  const bodies = [
    '{',
    '[]',
    '"x"',
    '{"resourceLogs":{}}',
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"x"}]}]}]}',
    '\u0000',
  ];
  for (const body of bodies) {
    const answer = await receiver.post('/v1/logs', body, JSON_TYPE);
    assert.equal(answer.status, 400, body);
    const text = await answer.text();
    assert.ok(!/\bat \S+ \(|node_modules|\.ts|\/src\/|select |postgres/i.test(text), text);
  }
});
