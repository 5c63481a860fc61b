import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { SOCKET_NAME } from '../../src/cli/owner/address.ts';
import { type Backend, createBackend } from '../../src/cli/owner/backend.ts';
import { Session } from '../../src/cli/owner/session.ts';
import type { Db } from '../../src/store/db.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir } from '../support/cli.ts';
import { openTestPglite } from '../support/pglite.ts';

const onUnix = process.platform !== 'win32';

describe('one PGlite behind a socket', { skip: !onUnix && 'needs Unix sockets: run it on another system' }, () => {
  let backend: Backend;
  let stop: () => Promise<void>;
  let config: { host: string; port: number; user: string; database: string };
  const clients: pg.Client[] = [];
  const dir = cliDir({ after });

  before(async () => {
    backend = createBackend(await openTestPglite());
    const server = createServer((socket) => void new Session(socket, { backend, idleInTransactionMillis: 300 }));
    await once(server.listen(join(dir, SOCKET_NAME)), 'listening');
    config = { host: dir, port: 5432, user: 'postgres', database: 'postgres' };
    stop = async () => {
      for (const client of clients) await client.end().catch(() => {});
      server.close();
      await backend.db.close();
    };
    await backend.db.query('create table t (who text, n int)');
  });
  after(() => stop());

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client(config);
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return client;
  }

  test('transactions of two clients and of the owner itself do not mix', async () => {
    const [a, b] = [openPostgres(config), openPostgres(config)];
    const work = (db: Db, who: string, round: number) =>
      db.transaction(async (tx) => {
        const size = async () => (await tx.query<{ n: number }>('select count(*)::int as n from t'))[0]!.n;
        const before = await size();
        for (let n = 0; n < 4; n++) {
          await tx.query('insert into t values ($1, $2)', [who, n]);
          await new Promise((done) => setImmediate(done));
        }
        assert.equal(await size(), before + 4, 'somebody else wrote inside this transaction');
        if (round % 3 === 2) throw new Error('rolled back on purpose');
      });
    const rounds = [...Array(9).keys()].flatMap((round) => [
      work(a, 'a', round),
      work(b, 'b', round),
      work(backend.db, 'own', round),
    ]);
    const results = await Promise.allSettled(rounds);
    const failures = new Set(
      results.flatMap((result) => (result.status === 'rejected' ? [result.reason.message] : [])),
    );
    assert.deepEqual([...failures], ['rolled back on purpose']);
    assert.deepEqual(await a.query('select who, count(*)::int as n from t group by who order by who'), [
      { who: 'a', n: 24 },
      { who: 'b', n: 24 },
      { who: 'own', n: 24 },
    ]);
    await Promise.all([a.close(), b.close()]);
  });

  test('the unnamed statement of one client is not overwritten by another', async () => {
    const some = await Promise.all([connect(), connect(), connect()]);
    const rounds = some.map(async (client, who) => {
      for (let n = 0; n < 20; n++) {
        const { rows } = await client.query(`select $1::text || repeat('x', $2) as text`, [`${who}:`, n * 100]);
        assert.equal(rows[0].text, `${who}:${'x'.repeat(n * 100)}`);
      }
    });
    await Promise.all(rounds);
  });

  test('an error of a statement is the answer to it, and the connection goes on', async () => {
    const client = await connect();
    await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
    await assert.rejects(client.query('select $1::int', ['x']), { code: '22P02' });
    assert.deepEqual((await client.query('select 42 as n')).rows, [{ n: 42 }]);
    const [row] = await backend.db.query<{ n: number }>('select 43 as n');
    assert.equal(row!.n, 43, 'the answer to the owner goes to the owner');
  });

  test('large questions and answers arrive whole', async () => {
    const client = await connect();
    const { rows } = await client.query(`select repeat('y', 5000000) as long, length($1::text) as n`, [
      'z'.repeat(3_000_000),
    ]);
    assert.deepEqual([rows[0].long.length, rows[0].n], [5_000_000, 3_000_000]);
  });

  test('the transaction of a client that dies is rolled back, and the next one proceeds', async () => {
    const [dying, other] = [await connect(), await connect()];
    await dying.query('begin');
    await dying.query(`insert into t values ('dead', 1)`);
    const waiting = other.query(`select count(*)::int as n from t where who = 'dead'`);
    (dying as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    assert.equal((await waiting).rows[0].n, 0);
  });

  test('a transaction left open is ended once somebody waits for it, and not before', async () => {
    const [idle, other] = [await connect(), await connect()];
    const ended = once(idle, 'error');
    await idle.query('begin');
    await new Promise((done) => setTimeout(done, 700));
    await idle.query('select 1');
    assert.deepEqual((await other.query('select 1 as n')).rows, [{ n: 1 }]);
    assert.match(String((await ended)[0]), /left open while others wait/);
  });

  test('a Db whose transaction was ended like that says so, and not only that there is no connection', async () => {
    const [db, other] = [openPostgres(config), await connect()];
    const idle = db.transaction(async (tx) => {
      await tx.query('select 1');
      await other.query('select 1');
      // Sent before the other had its turn; read by the next round at the latest.
      await new Promise((done) => setImmediate(done));
      await tx.query('select 2');
    });
    await assert.rejects(idle, { code: '25P03' });
    await db.close();
  });

  test('COPY FROM STDIN, which would end PGlite, is refused', async () => {
    const client = await connect();
    await assert.rejects(client.query('copy t from stdin'), { code: '0A000' });
    assert.deepEqual((await (await connect()).query('select 1 as n')).rows, [{ n: 1 }]);
  });

  test('a statement with the words of it in a text is answered', async () => {
    const client = await connect();
    const { rows } = await client.query(`select 'we copy a file from stdin' as note`);
    assert.deepEqual(rows, [{ note: 'we copy a file from stdin' }]);
    const like = `select $1::text as note where 'x' not like '%; copy % from stdin%'`;
    assert.deepEqual((await client.query(like, ['y'])).rows, [{ note: 'y' }]);
  });

  test('psql is answered: encryption refused, any user and database taken, protocol 3.0 and 3.2', async () => {
    for (const minor of [0, 2]) {
      const socket = createConnection(join(dir, SOCKET_NAME));
      const next = async () => (await once(socket, 'data'))[0] as Buffer;
      for (const code of [80877103, 80877104]) {
        socket.write(int32(8, code));
        assert.equal((await next()).toString(), 'N');
      }
      const names = Buffer.from('user\0root\0database\0root\0application_name\0psql\0\0');
      socket.write(Buffer.concat([int32(8 + names.length, 196608 + minor), names]));
      let answer = await next();
      while (answer.at(-6) !== 0x5a) answer = Buffer.concat([answer, await next()]);
      assert.ok(answer.includes(Buffer.from('520000000800000000', 'hex')), 'AuthenticationOk');
      socket.destroy();
    }
  });

  test('nonsense ends its connection and no other', async () => {
    for (const nonsense of [
      Buffer.from('GET / HTTP/1.1\r\nHost: dogs\r\n\r\n'),
      int32(-1, 196608),
      int32(1 << 30, 1),
    ]) {
      const socket = createConnection(join(dir, SOCKET_NAME));
      socket.write(nonsense);
      socket.resume();
      await once(socket, 'close');
    }
    assert.deepEqual((await (await connect()).query('select 1 as n')).rows, [{ n: 1 }]);
  });

  test('over TCP a password is asked for', async () => {
    const server = createServer((socket) => void new Session(socket, { backend, password: 'right' }));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as { port: number };
    const tcp = { ...config, host: '127.0.0.1', port };
    const wrong = new pg.Client({ ...tcp, password: 'wrong' });
    await assert.rejects(wrong.connect(), { code: '28P01' });
    const right = new pg.Client({ ...tcp, password: 'right' });
    await right.connect();
    assert.deepEqual((await right.query('select 1 as n')).rows, [{ n: 1 }]);
    await right.end();
    server.close();
  });
});

function int32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeInt32BE(value, 4 * at);
  return bytes;
}
