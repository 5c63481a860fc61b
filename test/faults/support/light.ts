// A producer without a process of its own, for rows with many rounds: the real journal, delivery and Postgres sink, driven in
// here. It promises what `appendNow` returned for.

import { createPostgresSink } from '../../../exporters/postgres/postgres-sink.ts';
import { recordRules } from '../../../src/deliver/rules.ts';
import { Shipper } from '../../../src/deliver/shipper.ts';
import type { ShipperOptions } from '../../../src/deliver/shipper-options.ts';
import type { Sink } from '../../../src/deliver/sink.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import type { Journal, JournalOptions } from '../../../src/journal/journal-options.ts';
import type { LogFact, ResourceFact } from '../../../src/record/fact.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { uuidv7 } from '../../../src/util/uuid.ts';
import type { Promised } from './producer.ts';

export function postgresSink(url: string, foldEveryMillis = 3_600_000): Sink {
  // The application's own bounds, see src/thread.ts.
  const open = async () => openPostgres(url, { max: 2, applicationName: 'rowtrace' });
  return createPostgresSink({ open, foldEveryMillis, database: url });
}

export function resourceOf(name: string): ResourceFact {
  return { k: 'resource', v: 1, process: uuidv7(), service: name, environment: 'test', host: 'h', pid: process.pid };
}

export function recordOf(name: string, seq: number, more: Partial<LogFact> = {}): LogFact {
  const group = { fingerprint: `group ${seq % 7}` };
  const message = `dog ${seq} of ${name} is gone`;
  return {
    k: 'log',
    id: uuidv7(),
    t: Date.now(),
    level: 'ERROR',
    message,
    ...group,
    tags: { producer: name, seq },
    ...more,
  };
}

export interface LightOptions {
  name: string;
  dir: string;
  journal?: Partial<JournalOptions>;
}

export class LightProducer implements Promised {
  readonly produced = new Set<string>();
  readonly promised = new Set<string>();
  readonly journal: Journal;
  readonly #name: string;
  #seq = 0;

  constructor({ name, dir, journal }: LightOptions) {
    this.#name = name;
    this.journal = openJournal({ dir, resource: resourceOf(name), maxBytes: 1e9, shippedBy: 'self', ...journal });
  }

  record(more: Partial<LogFact> = {}): void {
    const seq = this.#seq++;
    const key = `${this.#name}:${seq}`;
    this.produced.add(key);
    this.journal.appendNow(recordOf(this.#name, seq, more));
    this.promised.add(key);
  }
}

/** Delivery without pauses, and without chance in its back-off. */
export function startShipper(dir: string, sink: Sink, more: Partial<ShipperOptions> = {}): Shipper {
  const shipper = new Shipper({
    dir,
    sink,
    rules: recordRules({}),
    mode: 'self',
    pollMillis: 5,
    scanMillis: 20,
    random: () => 0,
    ...more,
  });
  shipper.start();
  return shipper;
}
