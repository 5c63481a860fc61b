// Facts: what capture and receive put into the journal, one JSON object a line. Plain data, already scrubbed and cut to
// limits; nothing in here is decided yet. Short discriminants and names, since every byte is written and read again.

import type { Level } from './level.ts';

/** Bumped when a reader of the older shape could misread the newer. */
export const FACT_VERSION = 1;

/** First line of every journal segment: who wrote it. Applies to all facts behind it. */
export interface ResourceFact {
  k: 'resource';
  v: number;
  /** Unique to one run of one process; part of the key of histogram rows and of ledger rows. */
  process: string;
  service: string;
  environment: string;
  release?: string;
  buildSha?: string;
  host: string;
  pid: number;
  /** telemetry.sdk.language ("nodejs", "python" …): how stacks are read; absent means that they are sniffed. */
  language?: string;
  /** When the process began, Unix milliseconds: files that were changed later are not those it runs. */
  startedAt?: number;
  /** The program's first file, and its ctime in Unix milliseconds: in another container image it is another. */
  entry?: { path: string; changedAt: number };
  /** Host name of the machine, where `host` was given and is another. */
  machine?: string;
  /** Other resource attributes that are worth a tag. */
  attributes?: Record<string, unknown>;
}

/** An exception as plain data. `cause` and `errors` (AggregateError) are bounded in depth and number by capture. */
export interface ErrorFact {
  /** Class name ("TypeError", "DatabaseError"), never the code. */
  type: string;
  /** `error.code` where there is one ("ECONNREFUSED", "23505"). */
  code?: string;
  message: string;
  stack?: string;
  cause?: ErrorFact;
  errors?: ErrorFact[];
}

/** What every row made inside a request carries. */
export interface RequestFacts {
  /** Route pattern ("/dogs/:id"), never the path. */
  route?: string;
  method?: string;
  /** HTTP status of the response of the request. */
  status?: number;
  /** Duration of the request in milliseconds. */
  latency?: number;
  requestId?: string;
  sessionId?: string;
  /** As given or hashed, by option; never both. */
  userId?: string;
}

/** One occurrence: becomes one row of error_logs. */
export interface LogFact extends RequestFacts {
  k: 'log';
  /** UUIDv7, fixed at capture: the identity of the row through every replay. */
  id: string;
  /** Captured time, Unix milliseconds, always inside years 2000 to 2100: absurd times are clamped by capture. */
  t: number;
  /** The time as given, where `t` was clamped. */
  tRaw?: string;
  level: Level;
  message: string;
  /** The logger's own template, where it has one. */
  template?: string;
  error?: ErrorFact;
  /** Where a record without an error was made, when it was asked to say so (code.stacktrace). */
  stack?: string;
  /** Client override (`rowtrace.fingerprint`). */
  fingerprint?: string;
  traceId?: string;
  spanId?: string;
  /** Where it happened, as far as the carrier knows (code.function.name, span name of a handler). */
  fn?: string;
  /** Logger or instrumentation scope name. */
  module?: string;
  threadId?: number;
  tags?: Record<string, unknown>;
  /** True while the request goes on: an amendment will follow, delivery waits for it up to 5 s. */
  hold?: true;
}

/** Names a row by id and captured time (the partition key). */
export interface RowRef {
  id: string;
  t: number;
}

/** Later knowledge about rows already journaled. Only the given fields change; tags are merged, older keys win. */
export interface AmendFact extends RequestFacts {
  k: 'amend';
  rows: RowRef[];
  /** Raised, never lowered. */
  level?: Level;
  module?: string;
  tags?: Record<string, unknown>;
  /** True when nothing more is to be expected: delivery stops holding the rows. */
  final?: true;
}

/** Row `row` turned out to be part of occurrence `into` (same exception, a later and richer carrier). */
export interface MergeFact {
  k: 'merge';
  row: RowRef;
  into: string;
}

export type OperationKind = 'server' | 'client' | 'db' | 'messaging' | 'internal';

/** What a latency is the latency of. Low cardinality by construction: patterns and classes, never values. */
export interface Operation {
  kind: OperationKind;
  /** Route pattern, database operation or span name. */
  name: string;
  method?: string;
  /** "2xx" … "5xx", "ok" or "error". */
  statusClass?: string;
  /** server.address and port, or database system and namespace, of the other side. */
  peer?: string;
}

/**
 * Base-2 exponential histogram (OpenTelemetry metrics data model, "ExponentialHistogram"), positive range only, in
 * seconds: bucket i counts values in (base^(offset+i), base^(offset+i+1)], base = 2^(2^-scale).
 */
export interface ExponentialHistogram {
  scale: number;
  zeroCount: number;
  offset: number;
  counts: number[];
  count: number;
  sum: number;
  min?: number;
  max?: number;
}

/** Latencies of one operation within one minute, a delta. (process, seq) is unique, so a replay changes nothing. */
export interface HistogramFact {
  k: 'hist';
  /** Start of the minute, Unix milliseconds. */
  t: number;
  seq: number;
  op: Operation;
  h: ExponentialHistogram;
}

/** One inbound or outbound call at full fidelity, sampled. Becomes one row of http_calls. */
export interface CallFact extends RequestFacts {
  k: 'call';
  id: string;
  /** Start of the call, Unix milliseconds. */
  t: number;
  direction: 'inbound' | 'outbound';
  peer?: string;
  /** How many calls of this operation the row stands for (1 / sampling rate). */
  weight: number;
  errorType?: string;
  traceId?: string;
  spanId?: string;
  tags?: Record<string, unknown>;
}

/** Absolute counters of this process so far; the newest (highest seq) wins. */
export interface LedgerFact {
  k: 'ledger';
  t: number;
  seq: number;
  /** Occurrences that capture took responsibility for. */
  accepted: number;
  /** Further carriers of an occurrence already captured. */
  merged: number;
  /** By reason. */
  dropped: Record<string, number>;
}

export type Fact = ResourceFact | LogFact | AmendFact | MergeFact | HistogramFact | CallFact | LedgerFact;
