// How much memory a receiver takes, and what it does where it may have little.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { OPEN_BYTES } from '../../src/receive/http/budget.ts';
import { sizesFor } from '../../src/serve-sizes.ts';
import { eventually } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { until } from '../support/journals.ts';
import { noMemoryLimits, spawnWithMemory } from '../support/memory.ts';
import { attributes, logs, record, toProtobuf } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

/** The sources cost memory of their own, to take the types off. */
const BUILT = resolve(import.meta.dirname, '../../dist/src/cli/main.mjs');
const MIB = 1_024 * 1_024;
const LARGEST_BODY = 20 * MIB;

test('sizes go by the memory that there may be, and the largest body has room in the smallest', () => {
  const [small, middle, large] = [256, 512, 1_024].map((mib) => sizesFor(mib * MIB, LARGEST_BODY));
  assert.deepEqual(small, {
    maxBytesInFlight: LARGEST_BODY + OPEN_BYTES,
    batches: {},
    heap: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 },
  });
  assert.equal(middle!.maxBytesInFlight, 32 * MIB);
  assert.equal(large!.maxBytesInFlight, 64 * MIB);
  assert.deepEqual(large, sizesFor(64 * 1_024 * MIB, LARGEST_BODY));
});

test('a body that has not begun has its share of the memory, too', async (t) => {
  const receiver = await receiverFor(t, {}, { maxBytesInFlight: 3 * OPEN_BYTES });
  const taken = async () =>
    /^rowtrace_bytes_in_flight (\d+)$/m.exec(await (await fetch(`${receiver.url}/metrics`)).text())![1];
  const waiting = await Promise.all(
    [1, 2, 3].map(async () => {
      const socket = connect(receiver.port, '127.0.0.1').resume();
      await once(socket, 'connect');
      socket.write('POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n');
      return socket;
    }),
  );
  await until('three bodies to begin', async () => (await taken()) === String(3 * OPEN_BYTES));
  const refused = await receiver.json('/v1/logs', {});
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  for (const socket of waiting) socket.destroy();
  await until('them to end', async () => (await taken()) === '0');
  assert.equal((await receiver.json('/v1/logs', {})).status, 200);
});

test('in 256 MiB a receiver survives 64 senders that do not wait', { skip: noMemoryLimits }, async (t) => {
  const { db, url: database } = await databaseFor(t);
  const child = spawnWithMemory(t, 256 * MIB, [BUILT, 'serve', '--port', '0'], {
    ROWTRACE_DIR: folderFor(t),
    ROWTRACE_DATABASE_URL: database,
    ROWTRACE_STORM_ROWS: 'off',
  });
  const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(child.stdout)?.[0]);
  let hasEnded = false;
  void child.ended.then(() => {
    hasEnded = true;
  });
  const wanted = 60_000;
  let answered = 0;
  let next = 0;
  const flood = async () => {
    while (answered < wanted && !hasEnded) {
      const status = await post(url, errorsOf(`sender ${next++}`)).catch(() => 0);
      if (status === 200) answered += PER_REQUEST;
    }
  };
  await Promise.all(Array.from({ length: 64 }, flood));
  assert.equal(hasEnded, false, 'it was ended by the kernel');
  await until('all rows', async () => (await storedRows()) >= answered, 120_000);
  assert.equal(await storedRows(), answered);
  child.process.kill('SIGTERM');
  assert.deepEqual(await child.ended, { code: 0, signal: null });

  async function storedRows(): Promise<number> {
    const [row] = await db.query<{ n: number }>('select coalesce(sum(stored), 0)::int as n from rowtrace.ledger');
    return row!.n;
  }
});

const PER_REQUEST = 250;

/** Half a MiB of log records with stacks of 2 KB. */
const ERRORS = Buffer.from(
  toProtobuf(
    'logs',
    logs(
      Array.from({ length: PER_REQUEST }, (_, nr) =>
        record(`dog ${nr} is gone`, {
          attributes: attributes({
            'exception.type': 'DogError',
            'exception.message': `dog ${nr} is gone`,
            'exception.stacktrace': `DogError: dog ${nr} is gone\n${`    at find (/srv/dogs/${nr % 40}.js:7:7)\n`.repeat(45)}`,
            nr,
          }),
        }),
      ),
      { 'service.name': 'kennel', 'host.name': 'x'.repeat(20) },
    ),
  ),
);

/** The same from another sender: other rows. */
function errorsOf(sender: string): Buffer {
  const bytes = Buffer.from(ERRORS);
  bytes.write(sender.padEnd(20), bytes.indexOf('x'.repeat(20)));
  return gzipSync(bytes, { level: 1 });
}

function post(url: string, body: Buffer): Promise<number> {
  return new Promise((answered, failed) => {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'content-length': body.length,
    };
    const sent = request(`${url}/v1/logs`, { method: 'POST', headers });
    sent.on('response', (response) =>
      response
        .resume()
        .on('end', () => answered(response.statusCode!))
        .on('error', failed),
    );
    sent.on('error', failed);
    sent.end(body);
  });
}
