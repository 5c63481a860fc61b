import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { databaseFor } from '../support/database.ts';
import { errorLog } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

const minute = Math.floor(Date.now() / 60000) * 60000;
function held(url: string, gate: { wait?: Promise<void>; reached?: () => void }) {
  const inner = openPostgres(url);
  return { ...inner, transaction: (work: any, o: any) => inner.transaction(async (tx: any) => {
    const result = await work(tx); 
    if (gate.wait) { await tx.query('select 1'); gate.reached?.(); await gate.wait; }
    return result; }, o) } as any;
}
async function state(db: any) {
  return (await db.query(`select (select count(*) from rowtrace.error_logs) as rows, (select coalesce(sum(count),0)::bigint from rowtrace.error_counts) as cnt,
   (select count(*) from rowtrace.error_counts c join rowtrace.error_logs l using (event_id)) as both, (select coalesce(sum(count),0)::bigint from rowtrace.issue_list) as counted,
   (select sum(stored)::bigint from rowtrace.ledger) as stored, (select sum(aggregated)::bigint from rowtrace.ledger) as aggregated`))[0];
}
for (const how of ['copy', 'insert'] as const)
test(`race ${how}`, async (t) => {
  const { db, url } = await databaseFor(t);
  const gate: any = {};
  const a = createPostgresSink({ open: async () => held(url, gate), foldEveryMillis: 3.6e6, stormRows: 1 });
  const b = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 3.6e6, stormRows: 1 });
  await a.open(); await b.open();
  const row = () => errorLog({ process: 'p1', created_at: minute, message: 'storm' });
  const prime = Array.from({ length: 5 }, row);
  await a.write(batch({ logs: prime }));
  if (how === 'copy') await b.write(batch({ logs: [errorLog({ process: 'p1', message: 'other' })] }));
  // a counts 4 rows beyond the budget; the commit is under way
  const more = Array.from({ length: 4 }, row);
  let free!: () => void; gate.wait = new Promise<void>((r) => (free = r));
  const reached = new Promise<void>((r) => (gate.reached = r));
  const writing = a.write(batch({ logs: more }));
  await reached;
  // the same comes by another writer
  const rb = await b.write(batch({ logs: more }));
  free(); const ra = await writing;
  console.log(how, JSON.stringify({ ra, rb }), JSON.stringify(await state(db)));
  await a.close(); await b.close();
  assert.equal(((await state(db)) as any)?.both ?? 0, 0);
});

test('created_at as text', async (t) => {
  const { db, url } = await databaseFor(t);
  const a = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 3.6e6, stormRows: 1 });
  const b = createPostgresSink({ open: async () => openPostgres(url), foldEveryMillis: 3.6e6, stormRows: 1 });
  await a.open(); await b.open();
  const row = () => errorLog({ process: 'p1', created_at: minute, message: 'storm' });
  await a.write(batch({ logs: Array.from({ length: 5 }, row) }));
  await b.write(batch({ logs: [errorLog({ process: 'p1', message: 'other' })] }));
  const more = Array.from({ length: 4 }, row);
  console.log(await a.write(batch({ logs: more })));
  try {
  console.log(await b.write(batch({ logs: more.map((r) => ({ ...r, created_at: new Date(r.created_at).toISOString() as any })) })));
  } catch (e: any) { console.log('b:', e.kind, e.message); }
  console.log('text', JSON.stringify(await state(db)));
});
