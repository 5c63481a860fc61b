// Several receivers, each with its journal and its delivery, are sent the carriers of the same occurrences at the same moment: a
// span that failed, its exception as an event and as a log record, and repeats of any of them. Deliveries are cut off, refused and done
// again meanwhile. At the end what each request brought is in exactly one place, and the ledger of each receiver says so.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BatchWriter } from '../../src/deliver/batch-writer.ts';
import { Follower } from '../../src/deliver/follower.ts';
import { HoldBudget } from '../../src/deliver/hold.ts';
import { takeBatch } from '../../src/deliver/item.ts';
import { recordRules } from '../../src/deliver/rules.ts';
import { type Sink, SinkError } from '../../src/deliver/sink.ts';
import type { Journal } from '../../src/journal/journal-options.ts';
import { Counters } from '../../src/receive/counters.ts';
import { decode } from '../../src/receive/decode/decode.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import type { ErrorLogRow, Unit } from '../../src/record/row.ts';
import type { Db } from '../../src/store/db.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { shuffled, type Uniform, uniform } from '../support/distributions.ts';
import { resourceFact, temporaryFolder, testJournal } from '../support/journals.ts';
import { mapRules } from '../support/map-rules.ts';
import { attributes, exceptionEvent, logs, nanos, record, span, traces } from '../support/otlp.ts';
import { openSinks } from '../support/sinks.ts';

const RECEIVERS = 3;
const ROUNDS = Number(process.env.ROWTRACE_FC_RUNS ?? 40);
const OCCURRENCES = 4;

type Body = { signal: 'traces' | 'logs'; body: object };

const below = (random: Uniform, limit: number) => Math.floor(random() * limit);
const hex = (random: Uniform, digits: number) =>
  Array.from({ length: digits }, () => (1 + below(random, 15)).toString(16)).join('');

/** Requests that tell of one exception; as often as not some of them only. */
function occurrence(random: Uniform, now: number): Body[] {
  const [traceId, outer, inner] = [hex(random, 32), hex(random, 16), hex(random, 16)];
  const words = `no dog ${'abcdefgh'[below(random, 8)]}`;
  const [from, to] = [nanos(now - 50), nanos(now)];
  const at = { traceId, startTimeUnixNano: from, endTimeUnixNano: to };
  const failed = { ...at, spanId: outer, kind: 1 + below(random, 2), status: { code: 2 } };
  const told = attributes({ 'exception.type': 'TypeError', 'exception.message': words });
  const event = exceptionEvent('TypeError', words, undefined, now - 20);
  const of = { traceId, timeUnixNano: nanos(now - 20), attributes: told };
  const bodies: Body[] = [{ signal: 'traces', body: traces([span('1', failed)]) }];
  if (random() < 0.7) {
    const throwing = { ...at, spanId: inner, parentSpanId: outer, events: [event] };
    bodies.push({ signal: 'traces', body: traces([span('2', throwing)]) });
  }
  if (random() < 0.7)
    bodies.push({
      signal: 'logs',
      body: logs([record('it broke', { ...of, spanId: random() < 0.5 ? outer : inner })]),
    });
  if (random() < 0.3) bodies.push({ signal: 'logs', body: logs([record('on its own', of)]) });
  return random() < 0.7 ? bodies : shuffled(bodies, random);
}

interface Faults {
  /** Deliveries that are cut off, or done again from the beginning of the journal. */
  again: number;
  /** Rows that are refused, each time anew. */
  poison: number;
}

class Station {
  readonly process = uuidv7();
  readonly sink: Sink;
  /** What was accepted. */
  readonly units: Unit[] = [];
  readonly dir: string;
  readonly #journal: Journal;
  readonly #receiver: Receiver;
  readonly #counters = new Counters();
  readonly #random: Uniform;
  readonly #faults: Faults;
  /** What was taken once is taken again. */
  readonly #written = new Set<string>();
  #follower: Follower | undefined;
  #dir: string | undefined;

  constructor(dir: string, sink: Sink, random: Uniform, faults: Faults) {
    this.dir = dir;
    this.#random = random;
    this.#faults = faults;
    this.sink = {
      ...sink,
      write: async (batch) => {
        const isNew = ({ event_id }: ErrorLogRow) => !this.#written.has(event_id);
        if (batch.logs.some((row) => isNew(row) && random() < faults.poison)) throw new SinkError('poison', 'refused');
        const fate = random();
        if (fate < faults.again) throw new SinkError('outage', 'connection lost');
        const result = await sink.write(batch);
        for (const { event_id } of batch.logs) this.#written.add(event_id);
        if (fate > 1 - faults.again) throw new SinkError('outage', 'connection lost in commit');
        return result;
      },
    };
    this.#journal = testJournal(dir, {
      resource: resourceFact(this.process),
      onOpened: (path) => {
        this.#dir = path;
      },
    });
    this.#receiver = new Receiver({
      process: this.process,
      rules: { ...mapRules(), callSampleRate: 0 },
      counters: this.#counters,
      store: {
        fill: () => 0,
        isStuck: () => false,
        write: async (packs, ledger, onKept) => {
          for (const pack of packs) {
            this.#journal.appendNow(pack);
            const { acceptance } = pack.resource;
            for (const fact of pack.facts) if (fact.k === 'log') this.units.push({ event_id: fact.id, acceptance });
            onKept(pack);
          }
          this.#journal.appendNow(ledger);
        },
      },
    });
  }

  async send({ signal, body }: Body): Promise<void> {
    const { groups } = decode(signal, 'json', Buffer.from(JSON.stringify(body)));
    await this.#receiver.accept(signal, groups as never);
  }

  async pump(releaseHeld: boolean): Promise<void> {
    if (this.#dir === undefined) return;
    this.#follower ??= new Follower(this.#dir, false, {
      rules: recordRules({}),
      budget: new HoldBudget(2000, 1e8),
      holdMillis: 1e9,
      onAbsorbed: () => {},
      isLastOf: () => true,
    });
    const queue = this.#follower.pump(performance.now());
    if (releaseHeld) queue.push(...this.#follower.releaseHeld());
    const writer = new BatchWriter({
      ...{ sink: this.sink, batchRows: 1000, batchBytes: 1e6, configMillis: 0, random: this.#random },
      ...{ sleep: async () => {}, onProblem: () => {}, onState: () => {} },
    });
    while (queue.length > 0) await writer.deliver(takeBatch(queue, { rows: 1 + below(this.#random, 6), bytes: 1e6 }));
    this.#follower.acknowledge(this.#follower.reached);
    if (this.#random() >= this.#faults.again) return;
    this.#leave();
    if (this.#random() < 0.5) rmSync(join(this.#dir, 'shipped.json'), { force: true });
  }

  async work(bodies: readonly Body[]): Promise<void> {
    for (const body of bodies) {
      await this.send(body);
      if (this.#random() < 0.5) await this.pump(this.#random() < 0.3);
    }
    this.#journal.close();
  }

  #leave(): void {
    this.#follower?.close();
    this.#follower = undefined;
  }

  async finish(): Promise<void> {
    this.#leave();
    const { again, poison } = this.#faults;
    Object.assign(this.#faults, { again: 0, poison: 0 });
    await this.pump(true);
    await this.pump(true);
    Object.assign(this.#faults, { again, poison });
    this.#leave();
  }
}

async function round(t: TestContext, sinks: Sink[], random: Uniform, faults: Faults): Promise<Station[]> {
  const stations = sinks.map((sink) => new Station(temporaryFolder(t), sink, random, { ...faults }));
  const now = Date.now() - 1_000;
  const given = stations.map((): Body[] => []);
  for (let nr = 0; nr < OCCURRENCES; nr++)
    for (const body of occurrence(random, now - below(random, 500))) {
      const [first, ...others] = shuffled([...given.keys()], random);
      for (const at of [first!, ...others.filter(() => random() < 0.4)]) given[at]!.push(body);
    }
  await Promise.all(stations.map((station, at) => station.work(given[at]!)));
  // The last deliveries at once, too.
  await Promise.all(stations.map((station) => station.finish()));
  return stations;
}

/** Where each is that was accepted once; `wrong` are those that are nowhere, or in several places. */
async function placesOf(db: Db, units: readonly Unit[]) {
  const rows = await db.query<{ event_id: string; place: string }>(
    `select u.event_id::text, p.place
     from json_to_recordset($1::json) as u (event_id uuid, acceptance int)
     left join lateral (
       select 'rows' as place from rowtrace.error_logs t where t.event_id = u.event_id and t.acceptance = u.acceptance
       union all
       select 'counts' from rowtrace.error_counts t where t.event_id = u.event_id and t.acceptance = u.acceptance
       union all
       select 'letters' from rowtrace.dead_letters t where t.event_id = u.event_id and t.acceptance = u.acceptance
       union all
       select 'merged' from rowtrace.repeats t where t.event_id = u.event_id and t.acceptance = u.acceptance
       union all
       select 'merged' from rowtrace.occurrence_keys cross join jsonb_array_elements(carriers) c
       where c ->> 'id' = u.event_id::text and c ->> 'into' <> c ->> 'id' and (c ->> 'acceptance')::int = u.acceptance
     ) p on true`,
    [JSON.stringify(units)],
  );
  const count = (name: string) => rows.filter(({ place }) => place === name).length;
  const times = Map.groupBy(rows, ({ event_id }) => event_id);
  const wrong = [...times.values()].filter((found) => found.length > 1 || found[0]!.place === null);
  return { rows: count('rows'), counts: count('counts'), letters: count('letters'), merged: count('merged'), wrong };
}

for (const [name, faults, stormRows] of [
  ['told', { again: 0, poison: 0 }, 0],
  ['told again and again', { again: 0.15, poison: 0 }, 0],
  ['refused now and then', { again: 0.15, poison: 0.1 }, 0],
  ['in a storm', { again: 0.15, poison: 0 }, 2],
] as const)
  test(`receivers at once, ${name}: the ledger of each closes`, { timeout: 300_000 }, async (t) => {
    const { sinks, db } = await openSinks(t, RECEIVERS, { foldEveryMillis: 3_600_000, stormRows });
    let parts = 0;
    for (let nr = 0; nr < ROUNDS; nr++) {
      const seed = `${process.env.ROWTRACE_FC_SEED ?? ''} ${name} ${nr}`;
      for (const { process: id, units } of await round(t, sinks, uniform(seed), faults)) {
        if (units.length === 0) continue;
        const [entry] = await db.query<Record<string, number>>(
          `select accepted, stored, merged, aggregated, dead_lettered, dropped_total, pending, closes
           from rowtrace.ledger_balance where process = $1`,
          [id],
        );
        const truth = await placesOf(db, units);
        const said = JSON.stringify({ seed, entry, truth });
        assert.deepEqual(truth.wrong, [], said);
        const { stored, merged, ...others } = entry!;
        assert.deepEqual(
          { ...others, told: stored! + merged! },
          {
            ...{ accepted: units.length, told: truth.rows + truth.merged, dropped_total: 0, pending: 0, closes: true },
            ...{ aggregated: truth.counts, dead_lettered: truth.letters },
          },
          said,
        );
        // What another receiver took back stays stored in the ledger of this one.
        assert.ok(stored! >= truth.rows, said);
        parts += merged!;
      }
      const [sums] = await db.query<{ same: boolean }>(
        `select (select coalesce(sum(count), 0) from rowtrace.issue_list)
           = (select count(*) from rowtrace.error_logs) + (select coalesce(sum(count), 0) from rowtrace.error_counts) as same`,
      );
      assert.ok(sums!.same, `issues count what is stored, seed ${seed}`);
    }
    assert.ok(parts > 0, 'there were parts of others');
    const [{ deadlocks }] = (await db.query(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    )) as [{ deadlocks: number }];
    assert.equal(deadlocks, 0);
  });
