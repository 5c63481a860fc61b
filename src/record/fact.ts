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
  /**
   * Which request of a receiver the facts came with, a random number: tells a row that a sender repeats from one that delivery
   * does. Absent where the ids of rows are of one process only.
   */
  acceptance?: number;
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
  /** The last spans and log records of the request before it, oldest first. */
  crumbs?: CrumbFact[];
  /** True while the request goes on: an amendment will follow, delivery waits for it up to 5 s. */
  hold?: true;
  /**
   * Earlier rows that turned out to be part of this occurrence (the same exception, a poorer carrier). In this fact and
   * not in one of their own: they are given up exactly when this one arrives.
   */
  absorbs?: PartRef[];
  /** Occurrences the process had accepted by then, this one included: what a killed process could not report any more. */
  n?: number;
  /** Further carriers it had merged by then; absent is none. */
  m?: number;
  /** An exception that came from outside: other carriers of it may have come, or will. */
  occurrence?: Occurrence;
}

/** By what an exception that came without its object is known again: the sink makes one row of all its carriers. */
export interface Occurrence {
  /** Of trace, type, message and stack; 32 hex. Where the stack grows (unwound.ts), of what does not change in it. */
  key: string;
  /** What grows: a carrier that has others is of another exception. */
  frames?: string;
  /** Of a log record below ERROR, as attempts make them: two such are two exceptions. */
  attempt?: true;
  /** Span it was recorded on, and what is known of that span's ancestors, nearest first. */
  span: string;
  path?: string[];
  /** Nearest server span on or above that span, as far as it is known. */
  request?: string;
  /** The span's time (of a log record: its own), Unix milliseconds: an ancestor's time holds that of its descendants. */
  from: number;
  to: number;
  /** The span told of it before: so many times, clearly apart. Absent is none. */
  nth?: number;
}

/** A span that ended, or a log record, shortly before an error. */
export interface CrumbFact {
  /** Unix milliseconds. */
  t: number;
  /** "db SELECT dogs", or the words of the log record. */
  what: string;
  ms?: number;
  level?: Level;
  failed?: true;
}

/** Names a row by id and captured time (the partition key). */
export interface RowRef {
  id: string;
  t: number;
}

/** A row that may turn out to be part of another one. */
export interface PartRef extends RowRef {
  /** Which request of a receiver it came with. */
  acceptance?: number | undefined;
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

/** What the occurrences of a count have in common, enough to know their issue: one of them, without its circumstances. */
export type Counted = Pick<
  LogFact,
  'level' | 'message' | 'template' | 'error' | 'stack' | 'fingerprint' | 'fn' | 'module'
>;

/** Occurrences that the storm valve counted instead of writing them down: becomes one row of error_counts. */
export interface CountFact {
  k: 'count';
  /** UUIDv7: counted once, however often it is delivered. */
  id: string;
  /** When the first of them was captured, and the last; within one minute. Unix milliseconds. */
  t: number;
  to: number;
  /** How many; 0 where only `like.level` is news. */
  count: number;
  /** Route → how many of them. */
  routes?: Record<string, number>;
  like: Counted;
  /** As in a LogFact: what the process had accepted and merged by then. */
  n?: number;
  m?: number;
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
  /** Whose `seq` it is, where the writer of the journal is another. */
  process?: string;
  /** A few of the spans behind it, spread over the latencies. */
  ex?: Exemplar[];
}

/** One measured span: seconds, when it ended (Unix milliseconds), its trace and its id. */
export type Exemplar = [seconds: number, endedAt: number, traceId: string, spanId: string];

/** One inbound or outbound call at full fidelity, sampled. Becomes one row of http_calls. */
export interface CallFact extends RequestFacts {
  k: 'call';
  id: string;
  /** Start of the call, Unix milliseconds. */
  t: number;
  direction: 'inbound' | 'outbound';
  peer?: string;
  requestBytes?: number;
  responseBytes?: number;
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
  /** Further carriers of an occurrence already captured, which made no fact. */
  merged: number;
  /** Occurrences of which no fact is in the journal, by reason. */
  dropped: Record<string, number>;
}

/** Facts of one sender, written by somebody else (a receiver), as one line: whole or not at all. */
export interface PackFact {
  k: 'pack';
  resource: ResourceFact;
  facts: Exclude<Fact, ResourceFact | PackFact>[];
}

export type Fact = PackFact | ResourceFact | LogFact | AmendFact | CountFact | HistogramFact | CallFact | LedgerFact;
