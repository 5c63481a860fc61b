// Rows 15 to 18: Postgres answers, and says no: to the role, to the schema, to a single row.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Sink } from '../../src/deliver/sink.ts';
import type { LogFact } from '../../src/record/fact.ts';
import { rowsOf, seconds } from './gone.ts';
import { PATIENCE_MILLIS, type RowContext, until } from './support/context.ts';
import { postgresSink } from './support/light.ts';
import type { Outcome, Row } from './support/row.ts';
import type { FaultServer } from './support/server.ts';

export const REFUSED: Row[] = [
  refusal('15a', 'a table is missing', 'are missing or older', {
    damage: (server) => server.query('alter table rowtrace.error_logs rename to away'),
    mend: (server) => server.query('alter table rowtrace.away rename to error_logs'),
  }),
  refusal('15b', 'the role has no right to insert', 'lacks a right', {
    damage: (server) => server.query('revoke insert on all tables in schema rowtrace from app'),
    mend: (server) => server.query('grant insert on all tables in schema rowtrace to app'),
  }),
  refusal('15c', 'the password is wrong', 'refused the connection', {
    damage: async (server) => {
      await server.query(`alter role app password 'another'`);
      await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'`);
    },
    mend: (server) => server.query(`alter role app password 'app'`),
  }),
  {
    row: '16',
    fault: 'hostile values: NUL, surrogates, 50,000 deep, 300 MiB, cycles …',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.producer({ dir, url: server.url() });
      const names =
        'nul surrogate surrogateKey escapedNul hugeNumber infinite deep huge year noDate bigint cyclic getter proxy toJson symbol proto'.split(
          ' ',
        );
      for (const name of names) await app.send(`poison ${name}`);
      const { failures } = await app.figures();
      const account = await context.settle(server, dir);
      assert.equal(failures, 0, 'nothing was thrown into the application');
      return {
        ...account,
        figure: `${names.length} kinds, ${account.stored} of ${account.produced} stored as rows, 0 thrown`,
      };
    },
  },
  {
    row: '17',
    fault: 'one row of 500 is refused by Postgres',
    async run(context) {
      const rounds = context.scale(20, 200, 1000);
      const server = await context.server();
      await server.query(`alter table rowtrace.error_logs add constraint no_poison check (message <> 'poison')`);
      const dir = context.folder();
      const app = context.light({ name: 'p', dir });
      app.record();
      const sink = counting(postgresSink(server.url()));
      const shipper = context.shipper(dir, sink, { own: app.journal.dir! });
      assert.ok(await shipper.flush(PATIENCE_MILLIS));
      let most = 0;
      for (let round = 0; round < rounds; round++) {
        sink.calls = 0;
        const bad = Math.floor(Math.random() * 500);
        for (let n = 0; n < 500; n++) app.record(n === bad ? { message: 'poison' } : {});
        assert.ok(await shipper.flush(PATIENCE_MILLIS));
        most = Math.max(most, sink.calls);
      }
      const account = await context.account(server, context.promises());
      const { deadLettered } = shipper.stats();
      assert.equal(deadLettered, rounds);
      return {
        ...account,
        figure: `${rounds} rounds, 499 stored and 1 dead letter each, ${most} transactions at most`,
      };
    },
  },
  {
    row: '18',
    fault: '10 KB of random text in every indexed field',
    async run(context) {
      const server = await context.server();
      const dir = context.folder();
      const app = context.light({ name: 'p', dir });
      for (let n = 0; n < context.scale(50, 500); n++) app.record(oversized());
      const shipper = context.shipper(dir, postgresSink(server.url()), { own: app.journal.dir! });
      assert.ok(await shipper.flush(PATIENCE_MILLIS));
      const account = await context.account(server, context.promises());
      assert.equal(server.logged('index row size'), 0, 'nothing was too long for an index');
      return { ...account, figure: '0 × 54000 (index row too large)' };
    },
  },
];

interface Refusal {
  damage(server: FaultServer): Promise<unknown>;
  mend(server: FaultServer): Promise<unknown>;
}

function refusal(row: string, fault: string, words: string, { damage, mend }: Refusal): Row {
  const run = async (context: RowContext): Promise<Outcome> => {
    const server = await context.server();
    const dir = context.folder();
    const app = context.producer({ dir, url: server.url() });
    await app.send('start 100');
    await until('rows', async () => (await rowsOf(server)) > 0);
    await damage(server);
    await until('it pauses', async () => (await app.state()) === 'config');
    await app.send('pause');
    const said = app.said.filter((line) => line.includes(words));
    assert.equal(said.length, 1, `said once, with "${words}": ${app.said.join('\n')}`);
    await mend(server);
    const began = performance.now();
    await until('it goes on', async () => (await app.state()) !== 'config');
    const recovered = performance.now() - began;
    const account = await context.settle(server, dir);
    assert.deepEqual(await server.query('select reason from rowtrace.dead_letters'), []);
    return { ...account, figure: `said once, no dead letter, goes on ${seconds(recovered)} after it was mended` };
  };
  return { row, fault, run };
}

function counting(sink: Sink): Sink & { calls: number } {
  const counted = {
    calls: 0,
    open: () => sink.open(),
    write: (batch: Parameters<Sink['write']>[0]) => {
      counted.calls++;
      return sink.write(batch);
    },
    deadLetter: (rows: Parameters<Sink['deadLetter']>[0]) => {
      counted.calls++;
      return sink.deadLetter(rows);
    },
    close: () => sink.close(),
  };
  return counted;
}

/** Random, since repetition would be compressed before it is measured. */
function oversized(): Partial<LogFact> {
  const text = () => randomBytes(7500).toString('base64');
  const names = [
    'route',
    'method',
    'requestId',
    'sessionId',
    'userId',
    'fn',
    'module',
    'fingerprint',
    'template',
  ] as const;
  const fields = Object.fromEntries(names.map((name) => [name, text()]));
  return { ...fields, message: text(), error: { type: text(), message: text(), stack: text() } };
}
