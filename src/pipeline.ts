// The pipe of one process: options in; out come the processors and the reader that feed it, and what can be flushed,
// closed and asked. Registers nothing and hooks nothing: that is start's (our own SDK) or the user's (theirs).

import { type Histogram, metrics } from '@opentelemetry/api';
import { Exemplars } from './capture/exemplars.ts';
import { RowtraceLogProcessor } from './capture/log-processor.ts';
import { RowtraceMetricReader } from './capture/metric-reader.ts';
import { onceNamed } from './capture/on-resource.ts';
import { RowtraceSpanProcessor } from './capture/span-processor.ts';
import { OccurrenceTracker } from './capture/tracker.ts';
import { type DeliveryThread, type DeliveryThreadStatus, startDeliveryThread } from './deliver/delivery-thread.ts';
import { openJournal } from './journal/journal.ts';
import type { Journal, JournalStats } from './journal/journal-options.ts';
import type { Options } from './options/options.ts';
import { originOf } from './options/resource.ts';
import { say, sayOnce } from './options/say.ts';
import { OLD_LINE } from './otel/old-line.ts';
import { BaselineJudge } from './record/baseline.ts';
import type { ResourceFact } from './record/fact.ts';
import { SPAN_DURATION } from './record/operation.ts';
import { createScrubber } from './record/scrub/scrubber.ts';
import { targetOf, threadOptions } from './thread-options.ts';
import { ownFile } from './util/own-files.ts';

/** How often the counters of the process go into its journal. */
const LEDGER_MILLIS = 10_000;

export interface Status {
  journal: JournalStats;
  /** Absent where no database is configured: then another process ships. */
  delivery?: DeliveryThreadStatus;
}

export interface Pipeline {
  readonly tracker: OccurrenceTracker;
  readonly spanProcessor: RowtraceSpanProcessor;
  readonly logRecordProcessor: RowtraceLogProcessor;
  readonly metricReader: RowtraceMetricReader;
  /** Collects histograms; what it starts needs no turn of the event loop, so 'beforeExit' is soon enough. */
  collect(): Promise<void>;
  /** Resolves when all that was captured before is in the database (true) or the time is over (false). */
  flush(timeoutMillis: number): Promise<boolean>;
  /** The same for the 'exit' event: blocks, at most `timeoutMillis`, and not at all while the database is away. */
  flushSync(timeoutMillis: number): void;
  /** Ships what it can in the time, a moment more at most. What is left is in the journal. */
  close(timeoutMillis: number): Promise<void>;
  status(): Status;
}

/** @param ofSdk the SDK is the user's: its own resource tells who the process is, until the journal has begun */
export function openPipeline(options: Options, resource: ResourceFact, { ofSdk = false } = {}): Pipeline {
  const scrubber = createScrubber({ keys: options.scrubKeys, patterns: options.scrubPatterns, custom: options.scrub });
  const baselines = options.slowBaseline ? new BaselineJudge(options) : undefined;
  const { journal, delivery } = openJournalAndDelivery(options, resource, baselines);
  const tracker = new OccurrenceTracker(journal, scrubber, options);
  const exemplars = new Exemplars();
  const onResource = ofSdk
    ? onceNamed((attributes) => {
        if (journal.dir !== undefined) return;
        Object.assign(resource, originOf(options, attributes));
        delivery?.isOf(resource);
      })
    : undefined;
  const onOldLine = sayOnce(OLD_LINE);
  const metricReader = new RowtraceMetricReader(
    (facts) => {
      for (const fact of facts) journal.append(fact);
    },
    scrubber,
    exemplars,
    onResource,
    onOldLine,
  );
  const ledger = setInterval(writeLedger, LEDGER_MILLIS);
  ledger.unref();

  let reported = '';
  function writeLedger(): void {
    // What waits for a disk to have room again goes first, or the report would be the next thing dropped.
    journal.flushSync();
    const fact = tracker.ledger();
    for (const [reason, count] of Object.entries(journal.stats().droppedOccurrences))
      fact.dropped[reason] = (fact.dropped[reason] ?? 0) + count;
    const { accepted, merged, dropped } = fact;
    const counters = JSON.stringify([accepted, merged, dropped]);
    if (counters === reported) return;
    reported = counters;
    journal.append(fact);
  }

  const collect = (): Promise<void> => metricReader.forceFlush().catch(() => {});

  async function flush(timeoutMillis: number): Promise<boolean> {
    await collect();
    writeLedger();
    journal.flushSync();
    return delivery === undefined ? true : delivery.flush(timeoutMillis);
  }

  return {
    tracker,
    spanProcessor: new RowtraceSpanProcessor({
      ...options,
      tracker,
      writer: journal,
      scrubber,
      sampling: { rate: options.callSampleRate, random: Math.random },
      spanDuration: lazyHistogram(),
      exemplars,
      baselines,
      onResource,
      onOldLine,
    }),
    logRecordProcessor: new RowtraceLogProcessor({ tracker, scrubber, level: options.level, onResource }),
    metricReader,
    collect,
    flush,
    flushSync(timeoutMillis) {
      writeLedger();
      journal.close();
      delivery?.flushSync(timeoutMillis);
    },
    async close(timeoutMillis) {
      const deadline = performance.now() + timeoutMillis;
      clearInterval(ledger);
      writeLedger();
      journal.close();
      await delivery?.flush(timeoutMillis);
      await delivery?.close(deadline - performance.now());
    },
    status: () => ({ journal: journal.stats(), delivery: delivery?.status() }),
  };
}

/** The journal, and where a database is configured the thread that ships it. */
function openJournalAndDelivery(
  options: Options,
  resource: ResourceFact,
  baselines: BaselineJudge | undefined,
): { journal: Journal; delivery: DeliveryThread | undefined } {
  let delivery: DeliveryThread | undefined;
  const target = targetOf(options);
  const journal = openJournal({
    dir: options.dir,
    resource,
    maxBytes: options.journalMaxBytes,
    sync: options.journalSync,
    shippedBy: target ? 'self' : 'owner',
    onProblem: say,
    onOpened: (journalDir) => delivery?.follow(journalDir),
  });
  if (target) {
    delivery = startDeliveryThread({
      entry: ownFile('thread'),
      options: threadOptions(options, target, baselines && resource),
      onProblem: say,
      onBaselines: (read) => baselines?.set(read),
    });
  }
  return { journal, delivery };
}

/** The meter exists only after its provider is registered; asked for at the first use. */
function lazyHistogram(): () => Histogram {
  let histogram: Histogram | undefined;
  return () => {
    histogram ??= metrics
      .getMeter('rowtrace')
      .createHistogram(SPAN_DURATION, { unit: 's', description: 'Duration of spans that no instrumentation made.' });
    return histogram;
  };
}
