// What the exporters of spans and of log records have in common: signals → facts → rows of one sink, directly or through
// a journal. Exporters of the same sink share it, since the outcome of a request (a span) belongs on the rows of its log
// records. Nothing it does is itself recorded.

import { hostname } from 'node:os';
import { context } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, suppressTracing } from '@opentelemetry/core';
import { recordRules } from '../../src/deliver/rules.ts';
import { Shipper } from '../../src/deliver/shipper.ts';
import type { Sink } from '../../src/deliver/sink.ts';
import { RowtraceError } from '../../src/errors.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { Counters } from '../../src/receive/counters.ts';
import type { FactStore } from '../../src/receive/fact-store.ts';
import { CumulativeStreams } from '../../src/receive/facts/cumulative.ts';
import { OperationBounds } from '../../src/receive/facts/latencies.ts';
import type { MapRules } from '../../src/receive/facts/rules.ts';
import { MeasuredByMetrics } from '../../src/receive/facts/span-latencies.ts';
import { TraceMemory } from '../../src/receive/facts/trace-memory.ts';
import { UntoldTimes } from '../../src/receive/facts/untold-times.ts';
import { createJournalStore } from '../../src/receive/journal-store.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import type { ResourceGroup, SignalItems } from '../../src/receive/signals.ts';
import { FACT_VERSION, type ResourceFact } from '../../src/record/fact.ts';
import type { Level } from '../../src/record/level.ts';
import type { PromotedColumns } from '../../src/record/row.ts';
import { createScrubber, type ScrubOptions } from '../../src/record/scrub/scrubber.ts';
import { uuidv7 } from '../../src/util/uuid.ts';
import { createDirectStore } from './direct-store.ts';

export interface SignalExporterOptions {
  /** Write to a journal in this folder first and ship from it: what is exported outlives an outage of the database. */
  journal?: { dir: string /** Default: 512 MiB. */; maxBytes?: number | undefined } | undefined;
  /** Lowest level of log records that become rows. Default: WARNING. */
  level?: Level | undefined;
  /** Lowest HTTP status that makes a row of a request without an exception. Default: 500. */
  statusRows?: number | undefined;
  /** From how many milliseconds on a span makes a WARNING row; 0: never. Default: 2,000, 1,000 and 500. */
  slowServerMillis?: number | undefined;
  slowClientMillis?: number | undefined;
  slowDbMillis?: number | undefined;
  /** Limits per route or operation. */
  slowMillis?: Readonly<Record<string, number>> | undefined;
  /** Share of ordinary calls that are stored in http_calls. Default: 0.05. */
  callSampleRate?: number | undefined;
  scrub?: ScrubOptions | undefined;
  /** As given to createPostgresSink. */
  columns?: PromotedColumns | undefined;
  /** Told once per trouble of delivery from the journal. */
  onProblem?: ((message: string) => void) | undefined;
}

interface Pipe {
  receiver: Receiver;
  flush(timeoutMillis: number): Promise<void>;
  close(): Promise<void>;
}

type Kind = 'traces' | 'logs';

const JOURNAL_BYTES = 512 * 1024 * 1024;
/** Exports under way; more are refused, so that an outage cannot fill the memory. */
const MAX_UNDER_WAY = 8;
const FLUSH_MILLIS = 10_000;

const pipes = new WeakMap<Sink, SignalPipe>();

export class SignalPipe {
  readonly #sink: Sink;
  readonly #options: SignalExporterOptions;
  readonly #process = uuidv7();
  /** What the metric exporter of this sink writes is not measured by spans, too. */
  readonly measured = new MeasuredByMetrics();
  #pipe: Pipe | undefined;
  #users = 0;
  #underWay = 0;

  /**
   * The one of this sink; the options are those of its first exporter, with what later ones add.
   *
   * @throws RowtraceError RT_SINK_MISSING
   */
  static of(sink: Sink, user: object, options: SignalExporterOptions = {}): SignalPipe {
    if (typeof sink?.write !== 'function')
      throw new RowtraceError('RT_SINK_MISSING', [user.constructor.name, sink === undefined ? 'nothing' : typeof sink]);
    const known = pipes.get(sink) ?? new SignalPipe(sink);
    pipes.set(sink, known);
    Object.assign(known.#options, { ...options, ...known.#options });
    known.#users++;
    return known;
  }

  private constructor(sink: Sink) {
    this.#sink = sink;
    this.#options = {};
  }

  export<K extends Kind>(kind: K, groups: () => ResourceGroup<SignalItems[K]>[], done: (result: ExportResult) => void) {
    if (this.#underWay >= MAX_UNDER_WAY) return done(failed(new Error(`${MAX_UNDER_WAY} exports are under way`)));
    this.#underWay++;
    this.#accept(kind, groups)
      .then(
        (): ExportResult => ({ code: ExportResultCode.SUCCESS }),
        (error: Error) => failed(error),
      )
      .then((result) => {
        this.#underWay--;
        done(result);
      });
  }

  async flush(): Promise<void> {
    await this.#pipe?.flush(FLUSH_MILLIS);
  }

  /** The last exporter closes the sink. */
  async release(): Promise<void> {
    if (--this.#users > 0) return this.flush();
    pipes.delete(this.#sink);
    if (this.#pipe) await this.#pipe.close();
    else await this.#sink.close();
  }

  async #accept<K extends Kind>(kind: K, groups: () => ResourceGroup<SignalItems[K]>[]): Promise<void> {
    const given = groups();
    if (given.length === 0) return;
    await context.with(suppressTracing(context.active()), () => {
      this.#pipe ??= this.#open(given[0]!.resource['service.name']);
      return this.#pipe.receiver.accept(kind, given);
    });
  }

  #open(service: unknown): Pipe {
    const process = this.#process;
    const own: ResourceFact = {
      k: 'resource',
      v: FACT_VERSION,
      process,
      service: String(service ?? 'unknown_service'),
      environment: 'rowtrace',
      host: hostname(),
      pid: globalThis.process.pid,
      language: 'nodejs',
    };
    const rules = mapRules(this.#options, this.measured);
    const receiverOn = (store: FactStore) => new Receiver({ process, rules, store, counters: new Counters() });
    const rows = recordRules(this.#options.columns ?? {});
    const { journal } = this.#options;
    if (journal) return this.#openJournal(journal, own, rows, receiverOn);
    const store = createDirectStore(this.#sink, rows, own);
    return {
      receiver: receiverOn(store),
      flush: () => store.settle(),
      close: async () => {
        await store.settle();
        await this.#sink.close();
      },
    };
  }

  #openJournal(
    { dir, maxBytes = JOURNAL_BYTES }: { dir: string; maxBytes?: number | undefined },
    own: ResourceFact,
    rules: ReturnType<typeof recordRules>,
    receiverOn: (store: FactStore) => Receiver,
  ): Pipe {
    const onProblem = this.#options.onProblem ?? (() => {});
    const shipper = new Shipper({ dir, sink: this.#sink, rules, mode: 'self', background: true, onProblem });
    const onOpened = (journalDir: string) => shipper.follow(journalDir);
    const journal = openJournal({
      dir,
      resource: own,
      maxBytes,
      shippedBy: 'self',
      fate: 'are refused',
      onProblem,
      onOpened,
    });
    shipper.start();
    return {
      receiver: receiverOn(createJournalStore(journal, maxBytes, () => shipper.stats().pendingBytes)),
      flush: async (timeoutMillis) => {
        await awake(shipper.flush(timeoutMillis, { releaseHeld: true }));
      },
      close: async () => {
        journal.close();
        // While the database is away there is nothing to wait for: the next process ships what is left.
        const isAway = ['outage', 'config'].includes(shipper.stats().state);
        await awake(shipper.flush(isAway ? 0 : FLUSH_MILLIS, { releaseHeld: true }).then(() => shipper.close()));
      },
    };
  }
}

function failed(error: Error): ExportResult {
  return { code: ExportResultCode.FAILED, error };
}

/** Keeps the process alive until `work` is done: the shipper's own timers do not. */
async function awake<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  return work.finally(() => clearInterval(timer));
}

function mapRules(options: SignalExporterOptions, measured: MeasuredByMetrics): MapRules {
  const scrubber = createScrubber(options.scrub);
  return {
    level: options.level ?? 'WARNING',
    statusRows: options.statusRows ?? 500,
    slowServerMillis: options.slowServerMillis ?? 2_000,
    slowClientMillis: options.slowClientMillis ?? 1_000,
    slowDbMillis: options.slowDbMillis ?? 500,
    slowMillis: options.slowMillis ?? {},
    userId: 'plain',
    callSampleRate: options.callSampleRate ?? 0.05,
    scrubber,
    memory: new TraceMemory(),
    untold: new UntoldTimes(),
    streams: new CumulativeStreams(Date.now()),
    bounds: new OperationBounds(scrubber),
    measured,
    refuseOthers: false,
    now: Date.now,
  };
}
