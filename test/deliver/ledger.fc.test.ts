// Random traffic through the real tracker, journal, delivery and Postgres, with whatever can happen to it: the ledger
// closes for every process, and says of each number what the tables hold.

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { createPostgresSink } from '../../exporters/postgres/postgres-sink.ts';
import { OccurrenceTracker } from '../../src/capture/tracker.ts';
import { BatchWriter } from '../../src/deliver/batch-writer.ts';
import { Follower, type FollowerOptions } from '../../src/deliver/follower.ts';
import { HoldBudget } from '../../src/deliver/hold.ts';
import { takeBatch } from '../../src/deliver/item.ts';
import { recordRules } from '../../src/deliver/rules.ts';
import { type Sink, SinkError } from '../../src/deliver/sink.ts';
import { nodeFiles } from '../../src/journal/files.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/journal-options.ts';
import { readLedger } from '../../src/query/ledger.ts';
import type { Fact, LogFact } from '../../src/record/fact.ts';
import { createScrubber } from '../../src/record/scrub/scrubber.ts';
import type { Db } from '../../src/store/db.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { databaseFor } from '../support/database.ts';
import { resourceFact } from '../support/journals.ts';

const DO = [
  ...[
    'error',
    'error',
    'again',
    'call',
    'call',
    'call',
    'wrap',
    'wrap',
    'wrap',
    'warn',
    'poison',
    'malformed',
    'unreadable',
  ],
  ...[
    'disk-full',
    'report',
    'pump',
    'pump',
    'pump',
    'pump',
    'release',
    'release',
    'crash',
    'replay',
    'garbage',
    'kill',
    'end',
    'fault',
  ],
] as const;

const actions = fc.array(fc.record({ what: fc.constantFrom(...DO), pick: fc.nat(1000) }), {
  minLength: 10,
  maxLength: 80,
});

/** One process of the application: its journal, what it accepted, and whoever reads behind it. */
class Application {
  readonly process = uuidv7();
  readonly logs: LogFact[] = [];
  readonly tracker: OccurrenceTracker;
  readonly errors: Error[] = [];
  readonly calls: Error[] = [];
  readonly journal: Journal;
  /** Kept when the journal is closed. */
  dir: string | undefined;
  accepted = 0;
  diskFull = false;
  spoil: 'malformed' | 'unreadable' | undefined;
  follower: Follower | undefined;
  alive = true;

  constructor(dir: string) {
    const files = {
      ...nodeFiles,
      writeSync: ((...args: Parameters<typeof nodeFiles.writeSync>) => {
        if (this.diskFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        return nodeFiles.writeSync(...args);
      }) as typeof nodeFiles.writeSync,
    };
    this.journal = openJournal({
      ...{ dir, resource: resourceFact(this.process), maxBytes: 1e8, shippedBy: 'self', files },
      onOpened: (path) => {
        this.dir = path;
      },
      // A small buffer, so that a full disk drops soon; nothing is written by a timer.
      ...{ flushMillis: 1e9, bufferBytes: 1500, memoryBytes: 1000, segmentBytes: 4000 },
    });
    const write = (fact: Fact, now: boolean) => {
      if (fact.k === 'log') this.logs.push(fact);
      const spoiled = { ...fact } as Record<string, unknown>;
      if (fact.k === 'log' && this.spoil === 'malformed') spoiled.level = 'LOUD';
      if (fact.k === 'log' && this.spoil === 'unreadable') spoiled.tags = { big: 1n };
      this.spoil = undefined;
      if (now) this.journal.appendNow(spoiled as unknown as Fact);
      else this.journal.append(spoiled as unknown as Fact);
    };
    const writer = { append: (fact: Fact) => write(fact, false), appendNow: (fact: Fact) => write(fact, true) };
    this.tracker = new OccurrenceTracker(writer, createScrubber(), { userId: 'plain' });
  }

  thrown(error: Error, more: { provisional?: boolean; bySpan?: boolean } = {}): void {
    this.accepted++;
    this.tracker.thrown(error, { context: ROOT_CONTEXT, level: 'ERROR', ...more });
  }

  report(): void {
    this.journal.flushSync();
    const fact = this.tracker.ledger();
    for (const [reason, count] of Object.entries(this.journal.stats().droppedOccurrences))
      fact.dropped[reason] = (fact.dropped[reason] ?? 0) + count;
    this.journal.append(fact);
  }
}

class Run {
  readonly dir = mkdtempSync(join(tmpdir(), 'rowtrace-fc-'));
  readonly applications: Application[] = [];
  readonly #sink: Sink;
  readonly #options: FollowerOptions = {
    rules: recordRules({}),
    budget: new HoldBudget(3, 1e6),
    holdMillis: 1e9,
    onAbsorbed: () => {},
    isLastOf: () => true,
  };
  fault: 'before' | 'after' | undefined;

  constructor(sink: Sink) {
    this.#sink = {
      ...sink,
      write: async (batch) => {
        if (batch.logs.some(({ message }) => message.startsWith('poison'))) throw new SinkError('poison', 'refused');
        const fault = this.fault;
        this.fault = undefined;
        if (fault === 'before') throw new SinkError('outage', 'connection lost');
        const result = await sink.write(batch);
        if (fault === 'after') throw new SinkError('outage', 'connection lost in commit');
        return result;
      },
    };
  }

  async pump(application: Application, { releaseHeld = false, atMost = Number.POSITIVE_INFINITY } = {}): Promise<void> {
    const { dir } = application;
    if (dir !== undefined) application.follower ??= new Follower(dir, !application.alive, this.#options);
    const { follower } = application;
    if (!follower) return;
    const queue = follower.pump(performance.now());
    if (releaseHeld) queue.push(...follower.releaseHeld());
    const writer = this.#writer();
    for (let n = 0; queue.length > 0 && n < atMost; n++)
      await writer.deliver(takeBatch(queue, { rows: 5, bytes: 1e6 }));
    follower.acknowledge(follower.reached);
  }

  /** Delivery is gone with what it had read; another one goes on. */
  crash(application: Application): void {
    application.follower?.close();
    application.follower = undefined;
  }

  async finish(application: Application): Promise<void> {
    application.alive = false;
    application.follower?.writerDied();
    for (let n = 0; n < 200; n++) {
      await this.pump(application);
      if (!application.follower || application.follower.isFinished) break;
    }
    assert.ok(!application.follower || application.follower.isFinished, 'the journal was read to its end');
    application.follower?.remove();
  }

  #writer(): BatchWriter {
    return new BatchWriter({
      ...{ sink: this.#sink, batchRows: 5, batchBytes: 1e6, configMillis: 0, random: Math.random },
      ...{ sleep: async () => {}, onProblem: () => {}, onState: () => {} },
    });
  }
}

async function act(run: Run, current: Application, what: (typeof DO)[number], pick: number): Promise<void> {
  const of = <T>(list: T[]): T | undefined => list[pick % (list.length || 1)];
  const { dir } = current;
  if (what === 'error' || what === 'poison' || what === 'malformed' || what === 'unreadable') {
    if (what === 'malformed' || what === 'unreadable') current.spoil = what;
    const error = new Error(`${what} ${pick % 3}`);
    current.errors.push(error);
    current.thrown(error);
  }
  if (what === 'warn') {
    current.accepted++;
    current.tracker.plain({ context: ROOT_CONTEXT, level: 'WARNING', body: 'a warning' });
  }
  if (what === 'again' && current.errors.length > 0) current.thrown(of(current.errors)!);
  if (what === 'call') {
    const error = new Error(`call failed ${pick % 3}`);
    current.calls.push(error);
    current.thrown(error, { provisional: true, bySpan: true });
  }
  if (what === 'wrap') {
    const inner = of(current.calls);
    const error = new Error(pick % 7 === 0 ? 'poison wrapper' : 'wrapper', { cause: inner });
    // A wrapper may be wrapped itself.
    if (pick % 2 === 0) current.calls.push(error);
    current.thrown(error, pick % 2 === 0 ? { provisional: true, bySpan: true } : {});
  }
  if (what === 'disk-full') current.diskFull = !current.diskFull;
  if (what === 'report') current.report();
  if (what === 'pump') await run.pump(current);
  if (what === 'release') await run.pump(current, { releaseHeld: true });
  if (what === 'fault') run.fault = pick % 2 === 0 ? 'before' : 'after';
  if (what === 'crash') {
    await run.pump(current, { releaseHeld: pick % 2 === 0, atMost: pick % 3 });
    run.crash(current);
  }
  if (what === 'replay' && dir !== undefined) {
    run.crash(current);
    rmSync(join(dir, 'shipped.json'), { force: true });
  }
  if (what === 'garbage' && dir !== undefined && !current.diskFull) {
    current.journal.flushSync();
    appendFileSync(join(dir, '00000001.ndjson'), `{"k":"lo${pick}\n`);
  }
}

/** What the tables hold of a process, and what nobody has any more. */
async function truthOf(db: Db, { logs }: Application) {
  const ids = logs.map(({ id }) => id);
  const there = async (table: string) =>
    (
      await db.query<{ id: string }>(`select event_id::text as id from rowtrace.${table} where event_id = any ($1)`, [
        ids,
      ])
    ).length;
  return { stored: await there('error_logs'), dead_lettered: await there('dead_letters') };
}

test('whatever is merged, refused, dropped, replayed or killed, the ledger closes for every process', {
  timeout: 600_000,
}, async (t) => {
  const { db } = await databaseFor(t);
  const open = async () => ({ ...db, close: async () => {} });
  const sink = createPostgresSink({ open, foldEveryMillis: 3_600_000 });
  await sink.open();
  t.after(() => sink.close());
  const seen: Record<string, number> = {};
  const property = fc.asyncProperty(actions, async (list) => {
    const run = new Run(sink);
    try {
      let current = new Application(run.dir);
      const ended: { application: Application; cleanly: boolean }[] = [];
      const end = async (cleanly: boolean) => {
        if (cleanly) {
          current.diskFull = false;
          current.report();
          current.journal.close();
        }
        ended.push({ application: current, cleanly });
        await run.finish(current);
        current = new Application(run.dir);
      };
      for (const { what, pick } of list) {
        if (what === 'kill' || what === 'end') {
          if (pick % 2 === 0) await act(run, current, 'pump', pick);
          if (pick % 3 === 0) await act(run, current, 'replay', pick);
          await end(what === 'end');
        } else await act(run, current, what, pick);
      }
      await end(list.length % 2 === 0);

      const entries = new Map(
        (await readLedger(db, 'rowtrace', { limit: 10_000 })).map((entry) => [entry.process, entry]),
      );
      for (const { application, cleanly } of ended) {
        const entry = entries.get(application.process);
        if (!entry) {
          assert.ok(!cleanly, 'a process that ended cleanly reported');
          continue;
        }
        const { accepted, stored, merged, dead_lettered, dropped, dropped_total, pending, closes } = entry;
        const said = JSON.stringify({ entry, list });
        assert.ok(closes, said);
        assert.equal(accepted, stored + merged + dead_lettered + dropped_total + pending, said);
        assert.equal(pending, 0, said);
        assert.deepEqual({ stored, dead_lettered }, await truthOf(db, application), said);
        if (cleanly) {
          assert.equal(accepted, application.accepted, said);
          assert.equal(dropped.lost, undefined, said);
        } else assert.ok(accepted <= application.accepted, said);
        for (const [name, count] of Object.entries({ stored, merged, dead_lettered, ...dropped }))
          seen[name] = (seen[name] ?? 0) + count;
      }
      const [count] = await db.query<{ same: boolean }>(
        `select (select coalesce(sum(count), 0) from rowtrace.issue_list) = (select count(*) from rowtrace.error_logs) as same`,
      );
      assert.ok(count!.same, 'issues count what is stored');
    } finally {
      rmSync(run.dir, { recursive: true, force: true });
    }
  });
  const listOf = (lines: string[]) =>
    lines.map((line) => {
      const [what, pick] = line.split(' ');
      return { what: what as (typeof DO)[number], pick: Number(pick) };
    });
  const errors = (count: number): string[] => Array(count).fill('error 0');
  // Found at random: a dead letter that had absorbed a row, read again, absorbed by another one. And one that a replay makes,
  // and a row, of what was part of another one with its own part while delivery held both.
  const examples = [
    ['call 0', 'wrap 0', 'release 0', 'error 0', 'error 0', 'replay 0', 'wrap 217', ...errors(6)],
    ['call 0', 'call 0', 'wrap 0', 'wrap 47', 'pump 0', 'pump 0', 'replay 0', 'release 0', ...errors(10)],
    ['call 0', 'call 0', 'wrap 2', 'wrap 47', 'pump 0', 'pump 0', 'replay 0', 'release 0', ...errors(10)],
  ].map((lines): [ReturnType<typeof listOf>] => [listOf(lines)]);
  await fc.assert(property, { numRuns: Number(process.env.ROWTRACE_FC_RUNS ?? 40), examples });
  t.diagnostic(JSON.stringify(seen));
  for (const name of ['stored', 'merged', 'dead_lettered', 'disk_full'])
    assert.ok(seen[name]! > 0, `${name} never happened`);
});
