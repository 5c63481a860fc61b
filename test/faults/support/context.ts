// What a row works with: servers, proxies, applications and folders of its own, all gone when it ends; and the account at
// the end, for which everything that was produced must have found its place.

import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shipper } from '../../../src/deliver/shipper.ts';
import type { ShipperOptions } from '../../../src/deliver/shipper-options.ts';
import type { Sink } from '../../../src/deliver/sink.ts';
import type { JournalOptions } from '../../../src/journal/journal-options.ts';
import { listJournals } from '../../../src/journal/layout.ts';
import type { Db } from '../../../src/store/db.ts';
import type { Cluster } from '../../support/postgres-server.ts';
import { compare, ledgerProblem, readTables } from './check.ts';
import { LightProducer, postgresSink, startShipper } from './light.ts';
import { Producer, type ProducerOptions, type Promised, readPromises } from './producer.ts';
import { pause, TcpProxy } from './proxy.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import type { Account, Mode } from './row.ts';
import { FaultServer, openPatiently, type Settings } from './server.ts';

/**
 * When a row stops waiting for what has to come. No promise is about it: on a busy machine a pause between two attempts (30 s)
 * is followed by one that cannot connect within 3 s, and by the next pause.
 */
export const PATIENCE_MILLIS = 240_000;

export interface AccountOptions {
  /** How many of the promised records have to be missing, as their process said. */
  dropped?: number;
  /** What is missing is what the ledger says: dropped, or accepted and nowhere when no journal is left. */
  droppedByLedger?: boolean;
  /** Ledgers of these processes must close. */
  pids?: number[];
  /** Default PATIENCE_MILLIS. */
  flushMillis?: number;
  /** The storm valve is on: issues count more than there are rows. */
  aggregated?: boolean;
}

export class RowContext {
  readonly mode: Mode;
  readonly #cluster: Cluster;
  readonly #cleanups: (() => unknown)[] = [];
  readonly #producers = new Map<string, Producer>();
  readonly #light: LightProducer[] = [];
  readonly #recorders: Recorder[] = [];
  #promisesFolder: string | undefined;

  constructor(mode: Mode, cluster: Cluster) {
    this.mode = mode;
    this.#cluster = cluster;
  }

  scale(short: number, full: number, long = full): number {
    return { short, full, long }[this.mode];
  }

  /** In reverse order, when the row is over. */
  after(work: () => unknown): void {
    this.#cleanups.push(work);
  }

  async end(): Promise<void> {
    for (const work of this.#cleanups.splice(0).reverse()) await Promise.resolve(work()).catch(() => {});
  }

  folder(): string {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), 'rowtrace-fault-'));
    this.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    chmodSync(folder, 0o755);
    return folder;
  }

  /** A folder that everybody may write to. */
  open(): string {
    const folder = this.folder();
    chmodSync(folder, 0o1777);
    return folder;
  }

  sink(server: FaultServer): Sink {
    return postgresSink(server.url());
  }

  async server(settings?: Settings, running = true): Promise<FaultServer> {
    const server = await FaultServer.create(this.#cluster, settings);
    this.after(() => server.remove());
    if (running) await server.start();
    return server;
  }

  async proxy(server: FaultServer): Promise<TcpProxy> {
    const proxy = new TcpProxy(server.port);
    await proxy.listen();
    this.after(() => proxy.refuse());
    return proxy;
  }

  /** Not awaited: it may well start while nothing works. */
  producer(options: Partial<ProducerOptions> & { dir: string }): Producer {
    const name = options.name ?? `p${this.#producers.size + 1}`;
    this.#promisesFolder ??= this.folder();
    const promises = join(this.#promisesFolder, name);
    const producer = new Producer({ name, promises, ...options });
    this.#producers.set(name, producer);
    this.after(() => producer.kill());
    return producer;
  }

  recorder(options: Omit<RecorderOptions, 'promises'>): Recorder {
    this.#promisesFolder ??= this.folder();
    const promises = join(this.#promisesFolder, options.name);
    const recorder = new Recorder({ ...options, promises });
    this.#recorders.push(recorder);
    this.after(() => recorder.kill());
    return recorder;
  }

  /** What all producers of this row promised. */
  promises(): Promised {
    const all: Promised = { produced: new Set(), promised: new Set() };
    const writers = [...this.#producers.values(), ...this.#recorders];
    const written = writers.map(({ name, promises }) => readPromises(name, promises));
    for (const one of [...written, ...this.#light]) {
      for (const key of one.produced) all.produced.add(key);
      for (const key of one.promised) all.promised.add(key);
    }
    return all;
  }

  light(options: { name: string; dir: string; journal?: Partial<JournalOptions> }): LightProducer {
    const producer = new LightProducer(options);
    this.#light.push(producer);
    return producer;
  }

  shipper(dir: string, sink: Sink, more: Partial<ShipperOptions> = {}): Shipper {
    const shipper = startShipper(dir, sink, more);
    this.after(() => shipper.close());
    return shipper;
  }

  /** Ships what ended processes left in the folder, as the next process would. */
  async drain(dir: string, url: string, timeoutMillis = PATIENCE_MILLIS): Promise<void> {
    const shipper = startShipper(dir, postgresSink(url));
    try {
      await until('the journals are shipped', () => listJournals(dir).length === 0, timeoutMillis).catch((error) => {
        const left = listJournals(dir).map(({ path }) => path);
        throw new Error(
          `${error.message}: ${left.length} left, ${left.slice(0, 3).join(' ')}; ${JSON.stringify(shipper.stats())}`,
        );
      });
    } finally {
      await shipper.close();
    }
  }

  async account(server: FaultServer, promised: Promised, options: AccountOptions = {}): Promise<Account> {
    const db = await openPatiently(server.adminUrl);
    try {
      const tables = await readTables(db);
      if (options.aggregated) tables.counted = tables.countable;
      const account = compare(promised, tables, options.droppedByLedger ? await droppedIn(db) : options.dropped);
      account.ledger = await ledgerProblem(db, options.pids ?? []);
      return account;
    } finally {
      await db.close();
    }
  }

  /** The usual end: applications flush and end by themselves, the rest is shipped, sets and ledgers are compared. */
  async settle(server: FaultServer, dir: string, options: AccountOptions = {}): Promise<Account> {
    const pids: number[] = [];
    let dropped = 0;
    for (const producer of this.#producers.values()) {
      if (producer.child.exitCode !== null || producer.child.signalCode !== null) continue;
      pids.push((await producer.ready()).pid);
      await producer.send('pause');
      const { complete } = await producer.send<{ complete: boolean }>(
        `flush ${options.flushMillis ?? PATIENCE_MILLIS}`,
      );
      if (!complete) throw new Error(`${producer.name} could not deliver in time (${await producer.state()})`);
      dropped += await producer.dropped();
      await producer.quit();
    }
    await this.drain(dir, server.url());
    return this.account(server, this.promises(), { pids, dropped, ...options });
  }
}

async function droppedIn(db: Db): Promise<number> {
  const [sum] = await db.query<{ dropped: number }>(
    'select coalesce(sum(dropped_total), 0)::int as dropped from rowtrace.ledger_balance',
  );
  return sum!.dropped;
}

/** @throws when the condition does not come true in time */
export async function until<T>(what: string, look: () => T | Promise<T>, timeoutMillis = PATIENCE_MILLIS): Promise<T> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMillis / 1000} s: ${what}`);
    await pause(20);
  }
}
