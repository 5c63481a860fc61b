// OTLP requests for tests: JSON as senders write it, and the same as protobuf, made by protobufjs from the schema by its
// field numbers (and not by our decoder's).

import protobuf from 'protobufjs';

type Fields = Record<string, unknown>;

const SCHEMA = `syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Traces { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
  string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10; repeated Event events = 11;
  uint32 dropped_events_count = 12; repeated Link links = 13; Status status = 15; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
message Status { string message = 2; int32 code = 3; }
message Logs { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2;
  string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7;
  fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }
message Metrics { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; oneof data { Gauge gauge = 5; Gauge sum = 7;
  Histogram histogram = 9; ExponentialHistogram exponential_histogram = 10; } }
message Gauge { repeated NumberPoint data_points = 1; }
message NumberPoint { fixed64 time_unix_nano = 3; double as_double = 4; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message HistogramPoint { repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7;
  uint32 flags = 10; optional double min = 11; optional double max = 12; }
message ExponentialHistogram { repeated ExponentialPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExponentialPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8;
  Buckets negative = 9; uint32 flags = 10; optional double min = 12; optional double max = 13; double zero_threshold = 14; }
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message Response { PartialSuccess partial_success = 1; }
message PartialSuccess { int64 rejected = 1; string error_message = 2; }
message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
message Any { string type_url = 1; bytes value = 2; }
message BadRequest { repeated Violation field_violations = 1; }
message Violation { string field = 1; string description = 2; }`;

const root = protobuf.parse(SCHEMA).root;

const REQUESTS = { traces: 'Traces', logs: 'Logs', metrics: 'Metrics' } as const;
export type SignalName = keyof typeof REQUESTS;

/** OTLP/JSON → the same request as protobuf. */
export function toProtobuf(signal: SignalName, json: object): Uint8Array {
  const type = root.lookupType(REQUESTS[signal]);
  return type.encode(type.fromObject(withBytes(json) as Fields)).finish();
}

export function typeOf(name: string): protobuf.Type {
  return root.lookupType(name);
}

export function decodeMessage(name: string, bytes: Uint8Array): Fields {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number, bytes: Buffer }) as Fields;
}

/** Ids are hex in OTLP/JSON and bytes in protobuf. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const isId = /^(traceId|spanId|parentSpanId)$/.test(key) && typeof inner === 'string';
    return [key, isId ? Buffer.from(inner, 'hex') : withBytes(inner)];
  });
  return Object.fromEntries(entries);
}

/** Plain values as attributes. */
export function attributes(values: Fields): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

export function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: String(value) };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributes(value as Fields) } };
}

export function nanos(millis: number): string {
  return String(BigInt(Math.round(millis * 1000)) * 1000n);
}

export const TRACE = '5b8efff798038103d269b633813fc60c';

/** A span with an id made of one digit. */
export function span(digit: string, more: Fields = {}): Fields {
  const now = Date.now();
  return {
    traceId: TRACE,
    spanId: digit.repeat(16),
    name: `span ${digit}`,
    kind: 1,
    startTimeUnixNano: nanos(now - 100),
    endTimeUnixNano: nanos(now),
    ...more,
  };
}

export function exceptionEvent(type: string, message: string, stacktrace?: string, millis = Date.now()): object {
  const told = { 'exception.type': type, 'exception.message': message };
  const all = stacktrace === undefined ? told : { ...told, 'exception.stacktrace': stacktrace };
  return { name: 'exception', timeUnixNano: nanos(millis), attributes: attributes(all) };
}

export function traces(spans: object[], resource: Fields = { 'service.name': 'kennel' }, scope = 'app'): object {
  const scopeSpans = [{ scope: { name: scope }, spans }];
  return { resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans }] };
}

export function logs(records: object[], resource: Fields = { 'service.name': 'kennel' }, scope = 'app'): object {
  const scopeLogs = [{ scope: { name: scope }, logRecords: records }];
  return { resourceLogs: [{ resource: { attributes: attributes(resource) }, scopeLogs }] };
}

export function metrics(list: object[], resource: Fields = { 'service.name': 'kennel' }): object {
  const scopeMetrics = [{ scope: { name: 'app' }, metrics: list }];
  return { resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics }] };
}

export function record(body: unknown, more: Fields = {}): object {
  return { timeUnixNano: nanos(Date.now()), severityNumber: 17, body: anyValue(body), ...more };
}
