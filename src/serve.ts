// The receiver put together: options in; an HTTP server whose requests end in a journal, and the thread that ships it, out.
// With no database configured the journal is left to the owner of the embedded one.

import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { hostname } from 'node:os';
import { startDeliveryThread } from './deliver/delivery-thread.ts';
import type { Sink } from './deliver/sink.ts';
import { RowtraceError } from './errors.ts';
import { requireFolder } from './journal/directory.ts';
import { openJournal } from './journal/journal.ts';
import type { Options } from './options/options.ts';
import { Counters } from './receive/counters.ts';
import { CumulativeStreams } from './receive/facts/cumulative.ts';
import { OperationBounds } from './receive/facts/latencies.ts';
import { MeasuredSpans } from './receive/facts/measured-spans.ts';
import { MeasuredByMetrics } from './receive/facts/span-latencies.ts';
import { TraceMemory } from './receive/facts/trace-memory.ts';
import { UntoldTimes } from './receive/facts/untold-times.ts';
import { Budget } from './receive/http/budget.ts';
import { createGate } from './receive/http/gate.ts';
import { ingestRoute } from './receive/http/ingest-route.ts';
import { otlpRoute } from './receive/http/otlp-route.ts';
import { type HttpServer, listen } from './receive/http/server.ts';
import { statusRoutes } from './receive/http/status-routes.ts';
import { createJournalStore } from './receive/journal-store.ts';
import type { KeyRing } from './receive/keys/key-ring.ts';
import { RateLimit } from './receive/keys/rate-limit.ts';
import { Receiver } from './receive/receiver.ts';
import { FACT_VERSION, type ResourceFact } from './record/fact.ts';
import { createScrubber } from './record/scrub/scrubber.ts';
import { batchRoute } from './serve-batches.ts';
import { type ServeSizes, sizesFor } from './serve-sizes.ts';
import { type Target, targetOf, threadOptions } from './thread-options.ts';
import { memoryBytes } from './util/memory.ts';
import { ownFile } from './util/own-files.ts';

export interface ServeOptions {
  host: string;
  port: number;
  tls?: { cert: Buffer; key: Buffer } | undefined;
  maxBodyBytes?: number;
  /** How long the head of a request, and all of it, may take to arrive. Default 10,000 and 30,000. */
  headersMillis?: number;
  requestMillis?: number;
  /** All bodies in memory at once, each with what it costs besides. */
  maxBytesInFlight?: number;
  /** Absent: whoever reaches the receiver may send. */
  keys?: KeyRing | undefined;
  /** Items a second for each key, or address where no keys are asked for. Absent: no limit. */
  itemsPerSecond?: number | undefined;
  /** Origins whose pages may send (CORS), as https://app.example. Absent: none. */
  corsAllowedOrigins?: ReadonlySet<string> | undefined;
  /** Whether points that are no latencies are answered as rejected; otherwise they are accepted and not kept. */
  refuseOtherMetrics?: boolean;
  /** Where rows go, when not to what the options say: a queue, from which `rowtrace worker` takes them. */
  target?: Target | undefined;
  /** Where batches of processes with ROWTRACE_ENDPOINT go; absent: none are taken. */
  sink?: Sink | undefined;
  onProblem: (message: string) => void;
}

export interface Serving {
  readonly port: number;
  /** Resolves when all that was accepted before is in the database, rows that wait for their request included. */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Answers what is under way, then ships what it can in the time. What is left is in the journal. */
  close(timeoutMillis: number): Promise<void>;
}

/** 20 MiB, as the OTLP specification recommends; counted before and after decompression. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;
/** Above this share of the journal's bound senders are asked to come again. */
const FULL = 0.9;
/**
 * Four times an application's: a file takes milliseconds to make, to sync and to remove, and a receiver fills one of 4 MiB
 * in a seventh of a second (with 16 MiB 11 % more errors a second, two runs of each).
 */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** The thread may be migrating a database when the port turns out to be taken. */
const UNUSED_CLOSE_MILLIS = 5_000;

/** @throws RowtraceError RT_SERVE_FOLDER, RT_SERVE_LISTEN */
export async function serve(options: Options, serving: ServeOptions): Promise<Serving> {
  const { onProblem, maxBodyBytes = MAX_BODY_BYTES, refuseOtherMetrics = false } = serving;
  const sizes = sizesFor(memoryBytes(), maxBodyBytes);
  const { maxBytesInFlight = sizes.maxBytesInFlight } = serving;
  try {
    accessSync(requireFolder(options.dir), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new RowtraceError('RT_SERVE_FOLDER', [options.dir, (error as Error).message], { cause: error });
  }
  const resource = receiverResource();
  const target = serving.target ?? targetOf(options);
  const delivery = target && startThread(options, target, sizes, onProblem);
  const journal = openJournal({
    dir: options.dir,
    resource,
    maxBytes: options.journalMaxBytes,
    shippedBy: delivery ? 'self' : 'owner',
    segmentBytes: SEGMENT_BYTES,
    fate: 'are refused: their senders come again',
    // A temporary folder may be in memory, and nobody looks there for what was confirmed.
    fallback: false,
    onProblem,
    onOpened: (journalDir) => delivery?.follow(journalDir),
  });
  const counters = new Counters();
  const budget = new Budget(maxBytesInFlight);
  const store = createJournalStore(journal, options.journalMaxBytes, () => delivery?.status().pendingBytes ?? 0);
  const scrubber = createScrubber({ keys: options.scrubKeys, patterns: options.scrubPatterns, custom: options.scrub });
  const rules = {
    ...options,
    scrubber,
    memory: new TraceMemory(),
    untold: new UntoldTimes(),
    streams: new CumulativeStreams(Date.now()),
    bounds: new OperationBounds(scrubber),
    measured: new MeasuredByMetrics(),
    spans: new MeasuredSpans(),
    refuseOthers: refuseOtherMetrics,
    now: Date.now,
  };
  const receiver = new Receiver({ process: resource.process, rules, store, counters });
  const notReady = () => {
    if (store.isStuck()) return 'the disk of the journal takes nothing now';
    return store.fill() >= FULL ? 'the journal is nearly full: the database does not keep up' : undefined;
  };
  const { keys, itemsPerSecond } = serving;
  const limit = itemsPerSecond === undefined ? undefined : new RateLimit(itemsPerSecond);
  const routed = { receiver, budget, counters, maxBodyBytes, gate: createGate({ keys, limit, notReady }) };
  let http: HttpServer;
  try {
    http = await listen({
      ...serving,
      counters,
      routes: {
        '/v1/traces': otlpRoute('traces', routed),
        '/v1/logs': otlpRoute('logs', routed),
        '/v1/metrics': otlpRoute('metrics', routed),
        '/api/v1/ingest': ingestRoute(routed),
        ...(serving.sink ? { '/api/v1/batches': batchRoute({ ...routed, sink: serving.sink, onProblem }) } : {}),
        ...statusRoutes({ counters, budget, delivery: () => delivery?.status(), notReady, keys }),
      },
    });
  } catch (error) {
    await delivery?.close(UNUSED_CLOSE_MILLIS);
    const where = `${serving.host}:${serving.port}`;
    throw new RowtraceError('RT_SERVE_LISTEN', [where, (error as Error).message], { cause: error });
  }
  return {
    port: http.port,
    flush: async (timeoutMillis) => (await delivery?.flush(timeoutMillis)) ?? true,
    async close(timeoutMillis) {
      const deadline = performance.now() + timeoutMillis;
      await http.close(timeoutMillis);
      journal.close();
      await delivery?.flush(Math.max(0, deadline - performance.now()));
      await delivery?.close(deadline - performance.now());
      await serving.sink?.close();
    },
  };
}

function startThread(
  options: Options,
  target: Target,
  { batches, heap }: ServeSizes,
  onProblem: (message: string) => void,
) {
  const entry = ownFile('thread');
  const given = { ...threadOptions(options, target), ...(target.to === 'postgres' ? batches : {}) };
  return startDeliveryThread({ entry, options: given, heap, onProblem });
}

/** Of the receiver itself: its ledger, and facts that are nobody else's. */
function receiverResource(): ResourceFact {
  return {
    k: 'resource',
    v: FACT_VERSION,
    process: randomUUID(),
    service: 'rowtrace-receiver',
    environment: 'rowtrace',
    host: hostname(),
    pid: process.pid,
    language: 'nodejs',
  };
}
