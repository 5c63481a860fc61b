import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkPool } from '../../../../exporters/postgres/copy/chunk-pool.ts';
import { createPostgresSink } from '../../../../exporters/postgres/postgres-sink.ts';
import type { Batch } from '../../../../src/deliver/sink.ts';
import type { Db, Transaction } from '../../../../src/store/db.ts';
import { databaseFor } from '../../../support/database.ts';
import { until } from '../../../support/journals.ts';
import { errorLog } from '../../../support/rows.ts';
import { batch } from '../../../support/sinks.ts';

const take = (pool: ChunkPool, count: number): Buffer[] => Array.from({ length: count }, () => pool.take(100));

test('what was given is taken again; after a smaller batch no more is kept than two like it need', () => {
  const pool = new ChunkPool();
  const [first, second] = [take(pool, 10), take(pool, 10)];
  pool.give(first.map((bytes) => bytes.subarray(0, 7)));
  pool.give(second);
  const again = take(pool, 20);
  const memory = (list: Buffer[]) => new Set(list.map(({ buffer }) => buffer));
  assert.deepEqual(memory(again), memory([...first, ...second]));
  const small = take(pool, 1);
  pool.give(again);
  pool.give(small);
  const known = memory([...again, ...small]);
  assert.equal(take(pool, 3).filter(({ buffer }) => known.has(buffer)).length, 2);
});

test('a value that is longer than a piece gets one of its own, which is not kept', () => {
  const pool = new ChunkPool();
  const long = pool.take(1_000_000);
  assert.ok(long.length >= 1_000_000);
  pool.give([long]);
  assert.notEqual(pool.take(100).buffer, long.buffer);
});

test('bytes that are not answered yet are not written over by the batch behind them', async (t) => {
  const { db } = await databaseFor(t);
  const copies: Uint8Array[][] = [];
  let gate = Promise.withResolvers<void>();
  const held: Db = {
    ...db,
    close: async () => {},
    transaction: (work, options) =>
      db.transaction(async (tx) => {
        const watched: Transaction = {
          ...tx,
          later: async (statements) => {
            for (const { data } of statements) if (data) copies.push([...data]);
            await tx.later(statements);
          },
        };
        const result = await work(watched);
        await gate.promise;
        return result;
      }, options),
  };
  const sink = createPostgresSink({ open: async () => held });
  t.after(() => gate.resolve());
  t.after(() => sink.close());
  gate.resolve();
  await sink.open();
  const batchOf = (word: string): Batch =>
    batch({ logs: Array.from({ length: 200 }, (_, nr) => errorLog({ message: `${word} ${nr}`.padEnd(1_000, '.') })) });
  // The first goes by insert, as its rows may be there; the second leaves its memory to the others.
  await sink.write(batchOf('first'));
  await sink.write(batchOf('second'));
  gate = Promise.withResolvers<void>();
  const third = sink.write(batchOf('third'));
  await until('the third is under way', () => copies.length === 2);
  const before = copies[1]!.map((piece) => Buffer.from(piece));
  sink.prepare!(batchOf('fourth'));
  assert.deepEqual(
    copies[1]!.map((piece) => Buffer.from(piece)),
    before,
  );
  assert.ok(
    copies[1]!.some(({ buffer }) => copies[0]!.some((piece) => piece.buffer === buffer)),
    'memory is used again',
  );
  gate.resolve();
  assert.deepEqual(await third, { insertedLogs: 200, duplicateLogs: 0 });
});
