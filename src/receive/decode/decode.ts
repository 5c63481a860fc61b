// A body in either encoding → signals. Throws DecodeError and nothing else; memory and time are bounded by the size of the
// body.

import type { ResourceGroup, Signal, SignalItems } from '../signals.ts';
import * as json from './json-signals.ts';
import { parseJson } from './parse-json.ts';
import { decodeWith } from './protobuf.ts';
import { readLogs } from './protobuf-logs.ts';
import { readMetrics } from './protobuf-metrics.ts';
import { readTraces } from './protobuf-traces.ts';

export type Encoding = 'protobuf' | 'json';

export interface Decoded<S extends Signal> {
  groups: ResourceGroup<SignalItems[S]>[];
  /** What the sender should know although nothing is rejected. */
  warning?: string;
}

const PROTOBUF = { traces: readTraces, logs: readLogs, metrics: readMetrics };
const JSON_READERS = { traces: json.readTraces, logs: json.readLogs, metrics: json.readMetrics };

export function decode<S extends Signal>(signal: S, encoding: Encoding, body: Uint8Array): Decoded<S> {
  if (encoding === 'protobuf') {
    const groups = decodeWith<ResourceGroup<unknown>[]>(body, PROTOBUF[signal]);
    return { groups: groups as Decoded<S>['groups'] };
  }
  const parsed = parseJson(body);
  const groups = JSON_READERS[signal](parsed) as Decoded<S>['groups'];
  return groups.length === 0 ? { groups, warning: ignoredNames(parsed) } : { groups };
}

/** "Original field names are not valid to use as keys": such a request would be a silent nothing. */
function ignoredNames(body: unknown): string | undefined {
  const name = Object.keys(body ?? {}).find((key) => /^resource_(spans|logs|metrics)$/.test(key));
  return name && `"${name}" was ignored: keys of OTLP/JSON are in lowerCamelCase`;
}
