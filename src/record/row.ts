// Rows: what the pure rules make of facts and what a sink writes. Names are the column names of the tables.

import type { CrumbFact, ExponentialHistogram, Occurrence, OperationKind, ResourceFact } from './fact.ts';
import type { Level } from './level.ts';

/** One row of error_logs. Undefined is null. `promoted` holds values of the user's own columns, already of the right type. */
export interface ErrorLogRow {
  /** service.instance.id of the writer; no column, it counts the row as stored in that process' ledger. */
  process?: string;
  /** What that process had accepted and merged when it made the row; no columns, they belong to its ledger. */
  accepted?: number;
  merged?: number;
  /** Which request of a receiver it came with. */
  acceptance?: number;
  event_id: string;
  /** By what further carriers of the same exception are known; no column. */
  occurrence?: Occurrence;
  /** Unix milliseconds. */
  created_at: number;
  level: Level;
  message: string;
  message_template: string;
  stack_trace?: string;
  /** The stack as it was caught, where stack_trace is a mapped one. */
  raw_stack_trace?: string;
  source_context?: SourceContext;
  breadcrumbs?: CrumbFact[];
  unmapped_frames?: UnmappedFile[];
  /** 40 hex. */
  fingerprint: string;
  fingerprint_version: number;
  /** Its keys by older versions of the algorithm, while those are still written; no column, they lead to its issue. */
  previous_keys?: KeyRef[];
  error_type?: string;
  error_code?: string;
  error_message?: string;
  /** Template of the error's own message, where there is an error; no column, it names the issue. */
  issue_title?: string;
  /** Top in-app frame, "function (file)"; for the issue. */
  culprit?: string;
  service: string;
  environment: string;
  release_version?: string;
  build_sha?: string;
  route?: string;
  function_name?: string;
  http_method?: string;
  http_status?: number;
  latency_ms?: number;
  request_id?: string;
  session_id?: string;
  user_id?: string;
  trace_id?: string;
  span_id?: string;
  module?: string;
  host?: string;
  pid?: number;
  thread_id?: number;
  tags: Record<string, unknown>;
  promoted: Record<string, PromotedValue>;
}

/** One row of error_counts: occurrences that were counted and not stored. */
export interface ErrorCountRow {
  /** service.instance.id of the writer; no column, the occurrences count as aggregated in that process' ledger. */
  process?: string;
  /** What that process had accepted and merged by then; no columns. */
  accepted?: number;
  merged?: number;
  /** As in ErrorLogRow. */
  acceptance?: number;
  event_id: string;
  /** When the first and the last of them was captured, Unix milliseconds. */
  created_at: number;
  last_seen: number;
  count: number;
  level: Level;
  /** 40 hex. */
  fingerprint: string;
  fingerprint_version: number;
  error_type?: string;
  message_template: string;
  service: string;
  environment: string;
  release_version?: string;
  /** No columns: for the issue, as in ErrorLogRow. */
  previous_keys?: KeyRef[];
  issue_title?: string;
  culprit?: string;
  routes?: Record<string, number>;
  /** Where it stands for one. */
  user_id?: string;
  session_id?: string;
}

/** Source lines around the top frame of the service's own code, scrubbed, 8 KiB at most. */
export interface SourceContext {
  file: string;
  /** From 1; so is the column. */
  line: number;
  column?: number;
  function?: string;
  /** Number of the first of `lines`. */
  first: number;
  lines: string[];
}

/** Why frames of a file could not be mapped to original source. */
export interface UnmappedFile {
  file: string;
  reason: 'no map' | 'unreadable' | 'too large' | 'invalid map' | 'other build' | 'not in map';
}

/** A fingerprint and the version of the algorithm that made it. */
export interface KeyRef {
  fingerprint: string;
  version: number;
}

export type PromotedValue = string | number | boolean;

/** Types a promoted column may have; each is a Postgres type of that name. */
export const PROMOTED_TYPES = ['integer', 'bigint', 'numeric', 'boolean', 'text', 'uuid', 'timestamptz'] as const;
export type PromotedType = (typeof PROMOTED_TYPES)[number];

/** The user's own columns: attribute name → Postgres type. */
export type PromotedColumns = Readonly<Record<string, PromotedType>>;

/** Columns that are there already, of Rowtrace in error_logs and http_calls and of Postgres in every table: no promoted ones. */
export const OWN_COLUMNS: ReadonlySet<string> = new Set([
  ...'acceptance breadcrumbs build_sha created_at direction environment error_code error_message error_type event_id'.split(
    ' ',
  ),
  ...'fingerprint fingerprint_version function_name host http_method http_status id latency_ms level message'.split(
    ' ',
  ),
  ...'message_template module peer pid raw_stack_trace release_version request_bytes request_id response_bytes'.split(
    ' ',
  ),
  ...'route service session_id source_context span_id stack_trace tags thread_id trace_id unmapped_frames'.split(' '),
  ...'user_id weight'.split(' '),
  ...'cmax cmin ctid tableoid xmax xmin'.split(' '),
]);

/** Late knowledge about a row that may be in the table already; only the given columns change. */
export interface AmendmentRow {
  event_id: string;
  /** Unix milliseconds, the partition key. */
  created_at: number;
  level?: Level;
  route?: string;
  http_method?: string;
  http_status?: number;
  latency_ms?: number;
  request_id?: string;
  session_id?: string;
  user_id?: string;
  module?: string;
  tags?: Record<string, unknown>;
}

/** One row of latency_histograms; values in seconds, as in OpenTelemetry's duration metrics. */
export interface HistogramRow extends ExponentialHistogram {
  /** Start of the minute, Unix milliseconds. */
  bucket_start: number;
  process: string;
  seq: number;
  service: string;
  environment: string;
  release_version?: string;
  kind: OperationKind;
  operation: string;
  http_method?: string;
  status_class?: string;
  peer?: string;
  exemplars?: { v: number; t: number; trace: string; span: string }[];
}

/** One row of http_calls. */
export interface HttpCallRow {
  event_id: string;
  created_at: number;
  direction: 'inbound' | 'outbound';
  service: string;
  environment: string;
  release_version?: string;
  peer?: string;
  route?: string;
  http_method?: string;
  http_status?: number;
  latency_ms?: number;
  error_type?: string;
  request_bytes?: number;
  response_bytes?: number;
  request_id?: string;
  session_id?: string;
  user_id?: string;
  trace_id?: string;
  span_id?: string;
  weight: number;
  tags: Record<string, unknown>;
  promoted: Record<string, PromotedValue>;
}

/** A row that turned out to be part of another one: whoever stores that one removes this one. */
export interface AbsorbedRow {
  process?: string;
  event_id: string;
  /** Unix milliseconds, the partition key. */
  created_at: number;
  /** event_id of the row it is part of. */
  into: string;
  /** Delivery still had it, so it was not stored this time (an earlier, interrupted attempt may have). */
  held?: true;
  /** Which request it came with, as in ErrorLogRow. */
  ownAcceptance?: number | undefined;
}

/** What the ledger settles once: a record as one request brought it. */
export interface Unit {
  event_id: string;
  acceptance?: number | undefined;
}

/** In place of a request, whose numbers are greater: of processes that make their ids themselves. */
export const NO_REQUEST = -1;

/** Absolute counters of one process; a row with a higher seq replaces one with a lower. */
export interface LedgerRow {
  process: string;
  service: string;
  host?: string;
  pid?: number;
  /** -1: nothing is reported. */
  seq: number;
  /** Unix milliseconds. */
  updated_at: number;
  accepted: number;
  merged: number;
  dropped: Record<string, number>;
  /** No journal of the process is left: what it accepted and is nowhere by now was lost. */
  ended?: true;
}

/** What a dead letter holds that a worker of the queue made: a row, by the kind of the letter, of this list of a batch. */
export const ROW_KINDS = {
  row: 'logs',
  counts: 'counts',
  amendments: 'amendments',
  absorbed: 'absorbed',
  histograms: 'histograms',
  calls: 'calls',
  ledgers: 'ledgers',
} as const;

/** A record that no retry can store, with the reason and the raw line. */
export interface DeadLetterRow {
  /** service.instance.id of the writer, for its ledger. */
  process?: string;
  service?: string;
  /** What that process had accepted and merged by then. */
  accepted?: number;
  merged?: number;
  /** Rows that are part of this one, as in a batch. */
  absorbed?: AbsorbedRow[];
  event_id?: string;
  /** As in ErrorLogRow. */
  acceptance?: number | undefined;
  /** How many accepted occurrences it stands for. Default: one where `kind` is log, else none. */
  occurrences?: number;
  /** Who wrote it; without it the record cannot be made a row later. */
  resource?: ResourceFact;
  kind: string;
  reason: string;
  raw: string;
}
