// Batches through a real RabbitMQ: confirmed before they count as written, rows once, in order, whoever dies in between.

import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  type BatchConsumer,
  consumeBatches,
  createAmqpSink,
  deadQueue,
  moveDeadMessages,
  shardQueue,
} from '../../../exporters/amqp/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { createReplay } from '../../../src/cli/dead-letters/replay.ts';
import type { Shipper } from '../../../src/deliver/shipper.ts';
import { emptyBatch, type Sink, SinkError } from '../../../src/deliver/sink.ts';
import type { LogFact } from '../../../src/record/fact.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { startShipper } from '../../deliver/support.ts';
import { script, spawnNode } from '../../support/children.ts';
import { collectGarbage } from '../../support/collect-garbage.ts';
import { databaseFor } from '../../support/database.ts';
import { logFact, temporaryFolder, testJournal, until } from '../../support/journals.ts';
import { type Rabbit, rabbitFor } from '../../support/rabbit.ts';
import { errorLog } from '../../support/rows.ts';
import { ScriptedSink } from '../../support/scripted-sink.ts';

const logs = (...messages: string[]) => ({ ...emptyBatch(), logs: messages.map((message) => errorLog({ message })) });
const messagesIn = (sink: ScriptedSink) => [...sink.logs.values()].map(({ message }) => message);

/**
 * Its queues are there before anybody else comes: one that another client is just declaring refuses what is published
 * (an outage: the sender repeats it).
 */
async function publisherFor(
  { url, queue, closeFirst }: Rabbit,
  options: { confirmMillis?: number } = {},
): Promise<Sink> {
  const sink = createAmqpSink({ url, queue, ...options });
  closeFirst(() => sink.close());
  await sink.open();
  return sink;
}

async function consumerFor(
  { url, queue, closeFirst }: Rabbit,
  sink: Sink,
): Promise<BatchConsumer & { said: string[] }> {
  const said: string[] = [];
  const consumer = await consumeBatches({ url, queue, sink, onProblem: (line) => said.push(line) });
  closeFirst(() => consumer.close());
  return Object.assign(consumer, { said });
}

test('batches come out in the order they went in, and a queue that was read is empty', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  for (let n = 0; n < 50; n++) assert.equal((await publisher.write(logs(`row ${n}`))).insertedLogs, 1);
  assert.equal(await rabbit.count(shardQueue(rabbit.queue, 0)), 50);
  const sink = new ScriptedSink();
  const consumer = await consumerFor(rabbit, sink);
  await until('50 rows', () => consumer.stats().messages === 50);
  assert.deepEqual(
    messagesIn(sink),
    Array.from({ length: 50 }, (_, n) => `row ${n}`),
  );
  await consumer.close();
  assert.equal(await rabbit.count(shardQueue(rabbit.queue, 0)), 0);
});

/** A way to the broker that can be cut. */
async function proxyFor(t: TestContext, rabbit: Rabbit) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(Number(new URL(rabbit.url).port || 5672), new URL(rabbit.url).hostname);
    for (const socket of [client, broker])
      sockets.add(socket.on('error', () => {}).on('close', () => void [client.destroy(), broker.destroy()]));
    client.pipe(broker).pipe(client);
  });
  t.after(() => server.close());
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const url = new URL(rabbit.url);
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return { rabbit: { ...rabbit, url: url.href }, cut, close: () => server.close() };
}

test('a consumer closes at once while both its sink and the broker are away', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const proxy = await proxyFor(t, rabbit);
  let refused = 0;
  const sink: Sink = {
    open: async () => {},
    write: async () => {
      refused++;
      // The next attempt is 15 s later.
      throw new SinkError('config', 'no rights');
    },
    deadLetter: async () => {},
    close: async () => {},
  };
  const publisher = await publisherFor(rabbit);
  const consumer = await consumerFor(proxy.rabbit, sink);
  await publisher.write(logs('one'));
  await until('the sink refused', () => refused > 0);
  proxy.close();
  proxy.cut();
  await until('the connection is lost', () => consumer.stats().reconnects > 0);
  const late = new Promise((resolve) => setTimeout(resolve, 10_000, 'late').unref());
  assert.notEqual(await Promise.race([consumer.close(), late]), 'late');
});

test('connections lost while the database is away cost no message its deliveries', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const proxy = await proxyFor(t, rabbit);
  const publisher = await publisherFor(rabbit);
  for (const message of ['one', 'two']) await publisher.write(logs(message));
  const sink = new ScriptedSink();
  const consumer = await consumeBatches({ ...proxy.rabbit, sink, onProblem: () => {}, random: () => 0 });
  rabbit.closeFirst(() => consumer.close());
  sink.failing = 'outage';
  await until('one is in hand', () => sink.offered.length > 0);
  // More often than a message is delivered.
  for (let cuts = 1; cuts <= 14; cuts++) {
    await until('connected', () => consumer.stats().state !== 'disconnected', 30_000);
    proxy.cut();
    await until('noticed', () => consumer.stats().reconnects >= cuts, 30_000);
  }
  sink.failing = undefined;
  await until('both are stored', () => sink.logs.size === 2, 60_000);
  assert.deepEqual(messagesIn(sink), ['one', 'two']);
  assert.equal(await rabbit.count(deadQueue(rabbit.queue)), 0);
});

test('a sink that is closed while it connects leaves no connection', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const module = new URL('../../../exporters/amqp/index.ts', import.meta.url).href;
  const program = `
    import { createAmqpSink } from ${JSON.stringify(module)};
    const sink = createAmqpSink(${JSON.stringify({ url: rabbit.url, queue: rabbit.queue })});
    const opening = sink.open().catch(() => {});
    await sink.close();
    await opening;
    await sink.open().catch((error) => console.log(error.message));
  `;
  const child = spawnNode(t, ['--input-type=module', '-e', program]);
  assert.deepEqual([await child.ended, child.stdout], [{ code: 0, signal: null }, 'The sink is closed.\n']);
});

test('requests that publish side by side share one connection', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  let connections = 0;
  const proxy = createServer((client) => {
    connections++;
    const broker = connect(Number(new URL(rabbit.url).port || 5672), new URL(rabbit.url).hostname);
    client.on('error', () => broker.destroy()).on('close', () => broker.destroy());
    broker.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(broker).pipe(client);
  });
  t.after(() => proxy.close());
  await new Promise<void>((listening) => void proxy.listen(0, '127.0.0.1', listening));
  const url = new URL(rabbit.url);
  url.port = String((proxy.address() as AddressInfo).port);
  const publisher = await publisherFor({ ...rabbit, url: url.href });
  await Promise.all(['a', 'b', 'c', 'd'].map((message) => publisher.write(logs(message))));
  assert.equal(await rabbit.count(shardQueue(rabbit.queue, 0)), 4);
  assert.equal(connections, 1);
});

test('what was confirmed is not held', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  const held = () => {
    collectGarbage();
    return process.memoryUsage().external / 1e6;
  };
  const large = logs('x'.repeat(500_000));
  for (let n = 0; n < 4; n++) await publisher.write(large);
  const before = held();
  for (let n = 0; n < 60; n++) await publisher.write(large);
  // What is let go needs a turn of the event loop, or some, to be counted so.
  await until('at most 10 of 30 MB to be held', () => held() - before < 10);
  assert.equal(await rabbit.count(shardQueue(rabbit.queue, 0)), 64);
});

test('while the database is away nothing is acknowledged, and nothing is lost', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  const sink = new ScriptedSink();
  sink.script = ['ok', 'outage', 'outage', 'after'];
  const consumer = await consumerFor(rabbit, sink);
  for (const message of ['one', 'two', 'three']) await publisher.write(logs(message));
  await until('three rows', () => consumer.stats().messages === 3);
  assert.deepEqual(messagesIn(sink), ['one', 'two', 'three']);
});

test('a row that is refused becomes a dead letter alone; letters of the sender pass through', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  const sink = new ScriptedSink();
  sink.poison = /bad/;
  const consumer = await consumerFor(rabbit, sink);
  await publisher.write(logs('good', 'bad', 'also good'));
  await publisher.deadLetter([{ kind: 'log', reason: 'refused over there', raw: '{}', occurrences: 1 }]);
  await until('both messages', () => consumer.stats().messages === 2);
  assert.deepEqual(messagesIn(sink), ['good', 'also good']);
  assert.deepEqual(
    sink.deadLetters.map(({ reason }) => reason),
    ['refused', 'refused over there'],
  );
});

test('a letter that is refused, too, is kept without its text; so is one that the worker makes', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  const sink = new ScriptedSink();
  // No digest has these letters, as some have "bad".
  sink.poison = /spoilt/;
  const keep = sink.deadLetter.bind(sink);
  sink.deadLetter = async (letters) => {
    if (letters.some(({ raw }) => raw.includes('spoilt'))) throw new SinkError('poison', 'no such text');
    return keep(letters);
  };
  const consumer = await consumerFor(rabbit, sink);
  const bad = errorLog({ message: 'spoilt', process: 'p', accepted: 2, merged: 1 });
  const absorbed = { event_id: bad.event_id, created_at: 1, into: bad.event_id };
  await publisher.deadLetter([
    { kind: 'log', reason: 'refused over there', raw: 'spoilt', process: 'p', accepted: 1, absorbed: [absorbed] },
  ]);
  await publisher.write({ ...emptyBatch(), logs: [bad] });
  const odd = errorLog({ message: 'spoilt', accepted: 'many' as never });
  await publisher.write({ ...emptyBatch(), logs: [odd] });
  await until('all messages', () => consumer.stats().messages === 3);
  const [passed, made, damaged] = sink.deadLetters;
  assert.match(passed!.raw, /^6 characters, sha256 [0-9a-f]{64}$/);
  assert.equal(passed!.reason, 'refused over there; as a dead letter: no such text');
  assert.partialDeepStrictEqual(passed, {
    kind: 'log',
    occurrences: 1,
    process: 'p',
    accepted: 1,
    absorbed: [absorbed],
  });
  assert.match(made!.raw, /^\d+ characters, sha256 [0-9a-f]{64}$/);
  const { event_id } = bad;
  assert.partialDeepStrictEqual(made, { event_id, kind: 'row', occurrences: 1, process: 'p', accepted: 2, merged: 1 });
  assert.deepEqual([damaged!.event_id, damaged!.accepted], [odd.event_id, undefined], 'nothing that sums cannot take');
  assert.deepEqual(consumer.said, []);
});

/** Postgres refuses what begins with "bad"; the journal of a process goes there, straight or through a queue. */
async function refusingDatabase(t: TestContext, way: 'straight' | 'through a queue') {
  const { db, url } = await databaseFor(t);
  await db.query(`create function refuse() returns trigger language plpgsql as $$ begin
    if new.message like 'bad%' then raise exception 'not this one'; end if; return new; end $$`);
  await db.query('create trigger refuse before insert on rowtrace.error_logs for each row execute function refuse()');
  const postgres = createPostgresSink({ open: async () => openPostgres(url, { max: 2 }) });
  t.after(() => postgres.close());
  const dir = temporaryFolder(t);
  const journal = testJournal(dir);
  let sink = postgres;
  if (way === 'through a queue') {
    const rabbit = await rabbitFor(t);
    if (rabbit === undefined) return undefined;
    sink = await publisherFor(rabbit);
    await consumerFor(rabbit, postgres);
  }
  let shipper: Shipper | undefined;
  return {
    db,
    journal,
    deliver: async (...facts: LogFact[]) => {
      for (const fact of facts) journal.appendNow(fact);
      // The first fact makes the folder.
      shipper ??= startShipper(t, dir, sink, { own: journal.dir! });
      assert.ok(await shipper.flush(10_000, { releaseHeld: true }));
    },
    letters: () =>
      db.query<{ id: number; event_id: string }>('select id, event_id from rowtrace.dead_letters order by id'),
    account: () =>
      db.query(`select l.accepted as reported, b.accepted, b.stored, b.merged, b.dead_lettered, b.dropped, pending, closes, b.service
        from rowtrace.ledger_balance b join rowtrace.ledger l using (process)`),
    hasEnded: async () => (await db.query('select from rowtrace.ledger where ended_at is not null')).length > 0,
  };
}

const NO_LOSS = { dropped: {}, pending: 0, closes: true, service: 'shop' };

for (const way of ['straight', 'through a queue'] as const) {
  test(`a row that is refused takes what is part of it along, ${way}`, async (t) => {
    const delivery = await refusingDatabase(t, way);
    if (delivery === undefined) return;
    const part = logFact('part', { hold: true, n: 1, m: 0 });
    const bad = logFact('bad', { n: 2, m: 0, absorbs: [{ id: part.id, t: part.t }] });
    await delivery.deliver(part, bad, logFact('other', { n: 3, m: 0 }));
    delivery.journal.close();
    await until('the end of the process', delivery.hasEnded);
    assert.deepEqual(
      (await delivery.letters()).map(({ event_id }) => event_id),
      [bad.id],
    );
    assert.deepEqual(await delivery.account(), [
      { reported: 3, accepted: 3, stored: 1, merged: 1, dead_lettered: 1, ...NO_LOSS },
    ]);
  });

  test(`the refused row of a killed process says what it had accepted, and can be replayed, ${way}`, async (t) => {
    const delivery = await refusingDatabase(t, way);
    if (delivery === undefined) return;
    const { db } = delivery;
    await delivery.deliver(logFact('good', { n: 1, m: 0 }), logFact('bad', { n: 2, m: 0 }));
    await until('the letter', async () => (await delivery.letters()).length === 1);
    assert.deepEqual(await delivery.account(), [
      { reported: 2, accepted: 2, stored: 1, merged: 0, dead_lettered: 1, ...NO_LOSS },
    ]);
    const replay = await createReplay(db, { schema: 'rowtrace', columns: {}, fingerprintRules: [] } as never);
    const { id } = (await delivery.letters())[0]!;
    assert.partialDeepStrictEqual(await replay(id), { outcome: 'refused', reason: 'not this one' });
    assert.equal((await delivery.letters()).length, 1);
    await db.query('drop trigger refuse on rowtrace.error_logs');
    assert.deepEqual(await replay(id), { id, outcome: 'stored' });
    assert.deepEqual(await replay(id), { id, outcome: 'gone' });
    assert.deepEqual(await db.query("select message from rowtrace.error_logs where message = 'bad'"), [
      { message: 'bad' },
    ]);
    assert.deepEqual(await delivery.account(), [
      { reported: 2, accepted: 2, stored: 2, merged: 0, dead_lettered: 0, ...NO_LOSS },
    ]);
  });

  test(`a letter goes once its record turns out to be part of another, ${way}`, async (t) => {
    const delivery = await refusingDatabase(t, way);
    if (delivery === undefined) return;
    const part = logFact('bad part', { n: 1, m: 0 });
    await delivery.deliver(part);
    await until('the letter', async () => (await delivery.letters()).length === 1);
    await delivery.deliver(logFact('whole', { n: 2, m: 0, absorbs: [{ id: part.id, t: part.t }] }));
    await until('the letter to be gone', async () => (await delivery.letters()).length === 0);
    assert.deepEqual(await delivery.account(), [
      { reported: 2, accepted: 2, stored: 1, merged: 1, dead_lettered: 0, ...NO_LOSS },
    ]);
  });
}

test('a message that is no batch is put aside, and comes back on demand', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  await publisher.open();
  await rabbit.put(shardQueue(rabbit.queue, 0), 'no batch');
  await publisher.write(logs('behind it'));
  const sink = new ScriptedSink();
  const consumer = await consumerFor(rabbit, sink);
  await until('the row behind it', () => sink.logs.size === 1);
  await until('the dead letter', async () => (await rabbit.count(deadQueue(rabbit.queue))) === 1);
  assert.match(consumer.said.join(), /a message is no batch and was put aside/);
  assert.equal(await moveDeadMessages(rabbit.url, rabbit.queue), 1);
  await until('it to be refused again', () => consumer.stats().rejected === 2);
});

test('a dead message whose queue is gone goes to the first one', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  await publisherFor(rabbit);
  await rabbit.put(deadQueue(rabbit.queue), 'x', { 'x-first-death-queue': shardQueue(rabbit.queue, 7) });
  await until('it to be there', async () => (await rabbit.count(deadQueue(rabbit.queue))) === 1);
  assert.equal(await moveDeadMessages(rabbit.url, rabbit.queue), 1);
  await until('it to be back', async () => (await rabbit.count(shardQueue(rabbit.queue, 0))) === 1);
  assert.equal(await rabbit.count(deadQueue(rabbit.queue)), 0);
});

test('a queue that was deleted is declared anew; what was not confirmed is still with the sender', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const publisher = await publisherFor(rabbit);
  await publisher.write(logs('before'));
  await rabbit.remove(shardQueue(rabbit.queue, 0));
  await assert.rejects(publisher.write(logs('into nowhere')), (error) => {
    assert.ok(error instanceof SinkError);
    assert.equal(error.kind, 'outage');
    return true;
  });
  await publisher.write(logs('again'));
  assert.equal(await rabbit.count(shardQueue(rabbit.queue, 0)), 1);
});

test('a broker that cannot be reached is an outage; one that refuses the password, a matter for a person', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const kindOf = async (url: string) => {
    const sink = createAmqpSink({ url, queue: rabbit.queue });
    const error = await sink.open().then(
      () => undefined,
      (caught) => caught,
    );
    assert.doesNotMatch(error.message, /secret/);
    return error.kind;
  };
  const wrong = new URL(rabbit.url);
  wrong.password = 'secret';
  assert.equal(await kindOf(wrong.toString()), 'config');
  assert.equal(await kindOf('amqp://guest:secret@127.0.0.1:1'), 'outage');
});

test('a worker that is killed after its commit and before its acknowledgement: the next one finds the rows there', async (t) => {
  const rabbit = await rabbitFor(t);
  if (rabbit === undefined) return;
  const { db, url: databaseUrl } = await databaseFor(t);
  const publisher = await publisherFor(rabbit);
  const total = 300;
  for (let n = 0; n < total; n += 10)
    await publisher.write(logs(...Array.from({ length: 10 }, (_, at) => `row ${n + at}`)));
  const settings = JSON.stringify({ url: rabbit.url, queue: rabbit.queue, databaseUrl });
  // Dies after its third commit, each time, before it acknowledges.
  for (let round = 0; round < 3; round++) {
    const child = spawnNode(t, [script('dying-worker.ts'), settings]);
    const { signal } = await child.ended;
    assert.equal(signal, 'SIGKILL', child.stderr);
  }
  const [found] = await db.query<{ stored: number }>('select count(*)::int as stored from rowtrace.error_logs');
  const { stored } = found!;
  assert.ok(stored >= 30 && stored < total, `${stored} rows after three deaths`);
  const consumer = await consumerFor(rabbit, createPostgresSink({ open: async () => openPostgres(databaseUrl) }));
  const storedNow = async () =>
    (await db.query<{ n: number }>('select count(*)::int as n from rowtrace.error_logs'))[0]!.n;
  await until('all rows', async () => (await storedNow()) >= total);
  await consumer.close();
  const rows = await db.query<{ message: string }>('select message from rowtrace.error_logs');
  const distinct = new Set(rows.map(({ message }) => message));
  assert.equal(distinct.size, total, 'lost 0');
  assert.equal(rows.length, total, 'duplicates 0');
  const [issues] = await db.query<{ count: number }>('select sum(count)::int as count from rowtrace.issue_list');
  assert.equal(issues!.count, total, 'counted once');
});
