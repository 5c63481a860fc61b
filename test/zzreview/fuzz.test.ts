import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { migrate } from '../../src/store/migrate.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { databaseFor } from '../support/database.ts';
import { errorLog } from '../support/rows.ts';
import { batch } from '../support/sinks.ts';

function rng(seed: number) { let s = seed; return () => ((s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32); }

async function run(db: any, url: string | undefined, seed: number, parallel: boolean, writers = 3) {
  const random = rng(seed);
  const int = (n: number) => Math.floor(random() * n);
  const stat: any = { copies: 0, refused: 0, codes: {}, attempts: 0 };
  const flaky = (inner: any) => ({
    ...inner,
    transaction: async (work: any, o: any) => {
      const r = random();
      let copied = false;
      try {
        const result = await inner.transaction(async (tx: any) => {
          const later = async (ss: any[]) => { if (ss.some((s) => s.data)) { stat.copies++; copied = true; if (r < 0.05) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' }); } return tx.later(ss); };
          return work({ query: tx.query, later });
        }, o);
        if (r > 0.92) throw Object.assign(new Error('after commit'), { code: 'ECONNRESET' });
        return result;
      } catch (e: any) { if (copied) stat.refused++; stat.codes[e.code] = (stat.codes[e.code] ?? 0) + 1; throw e; }
    },
  });
  const sinks = [];
  for (let i = 0; i < writers; i++) {
    const sink = createPostgresSink({ open: async () => flaky(url ? openPostgres(url) : { ...db, close: async () => {} }), foldEveryMillis: 3_600_000, stormRows: 2 });
    for (;;) try { await sink.open(); break; } catch {}
    sinks.push(sink);
  }
  const minute = Math.floor(Date.now() / 60000) * 60000;
  const all: any[] = []; const ids = new Set<string>(); const keys = new Map<string, number>();
  const make = () => {
    const kind = random(); const storm = int(4);
    const base: any = { created_at: minute + int(50000), process: `p${int(3)}`, message: `storm ${'abcd'[storm]}`, level: random() < 0.1 ? 'CRITICAL' : random() < 0.2 ? 'INFO' : 'ERROR' };
    if (kind < 0.4) return [errorLog(base)];
    const key = uuidv7().replaceAll('-', ''); keys.set(key, 1);
    const n = 1 + int(4); let path: string[] = [];
    const rows = [];
    for (let i = 0; i < n; i++) { const span = `s${i}`; rows.push(errorLog({ ...base, process: `p${int(3)}`, level: random() < 0.2 ? 'CRITICAL' : 'ERROR', error_type: 'E', route: random()<0.5?'/r':undefined, occurrence: { key, span, path: [...path], from: minute, to: minute + 9 } } as any)); path = [span, ...path]; }
    return rows;
  };
  const pool: any[] = [];
  const one = async (w: number, n: number) => {
    for (let b = 0; b < n; b++) {
      const logs: any[] = [];
      const m = 1 + int(12);
      for (let i = 0; i < m; i++) {
        const rows = random() < 0.25 && all.length ? [all[int(all.length)]] : pool.length && random() < 0.3 ? [pool.splice(int(pool.length), 1)[0]] : make();
        for (const r of rows) if (random() < 0.3 && !ids.has(r.event_id)) pool.push(r); else { logs.push(r); if (random() < 0.03) logs.push(r); }
      }
      for (const r of logs) if (!ids.has(r.event_id)) { ids.add(r.event_id); all.push(r); }
      if (random() < 0.5) logs.sort((x, y) => (x.event_id < y.event_id ? 1 : -1));
      for (;;) try { stat.attempts++; await sinks[w]!.write(batch({ logs })); break; } catch (e: any) { if (e.kind !== 'outage') throw e; }
    }
  };
  if (parallel) await Promise.all(sinks.map((_, w) => one(w, 120)));
  else for (let i = 0; i < 200; i++) await one(int(writers), 1);
  const [r] = await db.query(`select (select count(*) from rowtrace.error_logs) as rows,
    (select count(*) from rowtrace.error_logs where level >= 'WARNING') as loud,
    (select coalesce(sum(count),0)::bigint from rowtrace.error_counts) as cnt,
    (select coalesce(sum(count),0)::bigint from rowtrace.error_counts where level >= 'WARNING') as cntloud,
    (select count(*) from rowtrace.error_counts c join rowtrace.error_logs l using (event_id)) as both,
    (select coalesce(sum(count),0)::bigint from rowtrace.issue_list) as counted,
    (select sum(stored)::bigint from rowtrace.ledger) as stored, (select sum(absorbed)::bigint from rowtrace.ledger) as absorbed, (select sum(aggregated)::bigint from rowtrace.ledger) as aggregated,
    (select count(distinct k.key) from rowtrace.occurrence_keys k, jsonb_to_recordset(k.carriers) as c(id text, "into" text) where c.id = c."into") as stand_keys,
    (select count(*) from rowtrace.occurrence_keys k, jsonb_to_recordset(k.carriers) as c(id text, "into" text) where c.id = c."into") as stands`);
  const got = r as any;
  console.log(seed, parallel, ids.size, JSON.stringify(got), JSON.stringify(stat));
  assert.equal(got.both, 0);
  assert.equal(got.stored, got.rows); assert.equal(got.aggregated, got.cnt);
  assert.equal(got.stored + got.absorbed + got.aggregated, ids.size);
  assert.equal(got.counted, got.loud + got.cntloud);
  assert.equal(got.stands, got.stand_keys);
  const perProcess = await db.query(`select process, (stored+absorbed+aggregated)::bigint as n from rowtrace.ledger`);
  for (const { process, n } of perProcess as any[]) assert.equal(n, all.filter((x) => x.process === process).length);
  for (const s of sinks) await s.close();
}

for (const parallel of [false, true]) for (let seed = 1; seed <= 5; seed++)
  test(`pg ${seed} ${parallel}`, async (t) => { const { db, url } = await databaseFor(t); await run(db, url, seed, parallel); });
test('pglite', async () => { const db = await openPglite(); await migrate(db); await run(db, undefined, 7, false, 2); await db.close(); });
