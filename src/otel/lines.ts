// The differences between OpenTelemetry JS 2.12 and 3.x, all of them, here. In 3.x the logs API is part of
// @opentelemetry/api (1.10); in 2.x it is a package of its own with a global of its own, and api has no such export, so
// nothing may import it statically. pnpm and Yarn also put 3.x beside api 1.9, where neither is.

import { createRequire } from 'node:module';
import type { Attributes, Context } from '@opentelemetry/api';
import * as api from '@opentelemetry/api';
import { ownRequire } from '../util/own-files.ts';

export interface LineLogger {
  emit(record: {
    severityNumber?: number;
    severityText?: string;
    body?: unknown;
    /** Unix milliseconds; now when absent. */
    timestamp?: number | undefined;
    attributes?: Attributes;
    context?: Context;
  }): void;
  /** Whether a record would go anywhere; older loggers cannot tell. */
  enabled?(record: { severityNumber?: number; context?: Context }): boolean;
}

interface LoggerSource {
  getLogger(name: string, version?: string): LineLogger;
}

interface LogsApi extends LoggerSource {
  setGlobalLoggerProvider(provider: unknown): unknown;
  getLoggerProvider(): unknown;
  disable(): void;
}

/** The global that packages of the 2.x line (and older) read their logger provider from, by the version they know. */
const OLD_LOGS_API = Symbol.for('io.opentelemetry.js.api.logs');
const OLD_VERSION = 1;

/** Set where completeApi() gave the API its logs: an ESM and a CommonJS copy of this file must agree on the line. */
const COMPLETED = Symbol.for('rowtrace.api-completed');
const globals = globalThis as unknown as Record<symbol, unknown>;

/** Required and never imported, as the next: beside api 1.9 the ES modules of 3.x do not link. */
export function instrumentationPackage() {
  return ownRequire('@opentelemetry/instrumentation') as typeof import('@opentelemetry/instrumentation');
}

/** @throws beside api 1.9 */
export function sdkLogs() {
  return ownRequire('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs');
}

/** "3" where the logs API is in @opentelemetry/api, else "2". */
function otelLine(): '2' | '3' {
  return 'logs' in api && globals[COMPLETED] === undefined ? '3' : '2';
}

/**
 * Under Node 22 and newer npm gives an application of the 2.x line instrumentations of the 3.x line: they ask the API for
 * its logs as they are loaded, and api 1.9 has none. To be called before.
 */
export function completeApi(): void {
  // Of a bundle the API is a part: there may be none to load.
  if ('logs' in api) return;
  const shared = ownRequire('@opentelemetry/api') as { logs?: LogsApi };
  if (shared.logs !== undefined) return;
  shared.logs = logsApi();
  globals[COMPLETED] = true;
}

export function logsApi(): LogsApi {
  const inApi = (api as unknown as { logs?: LogsApi }).logs;
  if (inApi !== undefined) return inApi;
  oldLogsApi ??= ofSdk() ?? STAND_IN;
  return oldLogsApi;
}

let oldLogsApi: LogsApi | undefined;

/** @opentelemetry/api-logs is a dependency of sdk-logs 2.x, so it is found from there. */
function ofSdk(): LogsApi | undefined {
  try {
    return (
      createRequire(ownRequire.resolve('@opentelemetry/sdk-logs'))('@opentelemetry/api-logs') as { logs: LogsApi }
    ).logs;
  } catch {
    return undefined;
  }
}

const SILENT: LoggerSource = { getLogger: () => ({ emit() {}, enabled: () => false }) };

/** What api-logs does, where it is not installed. */
const STAND_IN: LogsApi = {
  setGlobalLoggerProvider(provider) {
    globals[OLD_LOGS_API] = () => provider;
  },
  getLoggerProvider: registeredSource,
  getLogger: (name, version) => registeredSource().getLogger(name, version),
  disable() {
    delete globals[OLD_LOGS_API];
  },
};

function registeredSource(): LoggerSource {
  return (globals[OLD_LOGS_API] as ((version: number) => LoggerSource) | undefined)?.(OLD_VERSION) ?? SILENT;
}

/** Of the SeverityNumbers. */
const ERROR = 17;

/** False: no provider is registered that takes an error; where that cannot be told it is taken for true. */
export function takesLogs(): boolean {
  return logsApi().getLogger('rowtrace').enabled?.({ severityNumber: ERROR }) ?? true;
}

/**
 * Packages that still emit through @opentelemetry/api-logs (winston transport, for one) reach a no-op under 3.x. This
 * points their global at ours. @returns how to undo it
 */
export function bridgeOldLogsApi(provider: { getLogger(...values: never[]): unknown }): () => void {
  if (otelLine() === '2' || globals[OLD_LOGS_API] !== undefined) return () => {};
  globals[OLD_LOGS_API] = () => provider;
  return () => {
    delete globals[OLD_LOGS_API];
  };
}
