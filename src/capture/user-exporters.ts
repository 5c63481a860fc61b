// What OTEL_* asks for beside our own pipe: exporters to the user's collector, propagators, resource attributes. Loaded
// only when asked for; what is not installed is one clear line, never a failure.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { LogRecordExporter, LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { type IMetricReader, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { sdkLogs } from '../otel/lines.ts';
import type { ResourceFact } from '../record/fact.ts';
import { ownRequire } from '../util/own-files.ts';
import type { OtelSettings } from './otel-settings.ts';

type Say = (message: string) => void;

export interface UserExporters {
  spanProcessors: SpanProcessor[];
  logProcessors: LogRecordProcessor[];
  metricReaders: IMetricReader[];
}

export function userExporters(otel: OtelSettings, say: Say): UserExporters {
  const { exporters, batchSpans, metricExportIntervalMillis: exportIntervalMillis = 60_000 } = otel;
  return {
    spanProcessors: behind(
      { variable: 'OTEL_TRACES_EXPORTER', names: exporters.traces, signal: 'trace', className: 'OTLPTraceExporter' },
      (exporter: SpanExporter) => new BatchSpanProcessor({ exporter, ...defined(batchSpans) }),
      say,
    ),
    logProcessors: behind(
      { variable: 'OTEL_LOGS_EXPORTER', names: exporters.logs, signal: 'logs', className: 'OTLPLogExporter' },
      (exporter: LogRecordExporter) => new (sdkLogs().BatchLogRecordProcessor)({ exporter }),
      say,
    ),
    metricReaders: behind(
      {
        variable: 'OTEL_METRICS_EXPORTER',
        names: exporters.metrics,
        signal: 'metrics',
        className: 'OTLPMetricExporter',
      },
      (exporter: PushMetricExporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis }),
      say,
    ),
  };
}

interface Wanted {
  variable: string;
  names: readonly string[];
  signal: string;
  className: string;
}

/** The trace exporter is an optional dependency of ours; the other two are found where the application has them. */
function behind<T, P>({ variable, names, signal, className }: Wanted, processor: (exporter: T) => P, say: Say): P[] {
  const found: P[] = [];
  for (const name of names) {
    const module = `@opentelemetry/exporter-${signal}-otlp-http`;
    if (name !== 'otlp') {
      say(`${variable}=${name}: only otlp (over HTTP) is known here; this one is ignored`);
      continue;
    }
    try {
      const loaded = requireAnywhere(module) as Record<string, new () => T>;
      found.push(processor(new loaded[className]!()));
    } catch (error) {
      say(`${variable}=otlp: ${(error as Error).message.split('\n')[0]}; run \`npm install ${module}\``);
    }
  }
  return found;
}

function requireAnywhere(module: string): unknown {
  try {
    return ownRequire(module);
  } catch {
    return createRequire(join(process.cwd(), 'noop.js'))(module);
  }
}

/** OTEL_PROPAGATORS; tracecontext and baggage by default, as the specification says. */
export function userPropagator(otel: OtelSettings, say: Say): TextMapPropagator {
  const known: Record<string, () => TextMapPropagator> = {
    tracecontext: () => new W3CTraceContextPropagator(),
    baggage: () => new W3CBaggagePropagator(),
  };
  const names = otel.propagators.length > 0 ? otel.propagators : Object.keys(known);
  const propagators = names.flatMap((name) => {
    if (name === 'none') return [];
    const make = Object.hasOwn(known, name) ? known[name] : undefined;
    if (make === undefined)
      say(`OTEL_PROPAGATORS: ${name} is not known here (tracecontext, baggage, none) and is left out`);
    return make ? [make()] : [];
  });
  return new CompositePropagator({ propagators });
}

export function userResource(resource: ResourceFact, otel: OtelSettings): Resource {
  return resourceFromAttributes({
    'service.instance.id': resource.process,
    ...otel.resourceAttributes,
    'service.name': resource.service,
    'deployment.environment.name': resource.environment,
    'host.name': resource.host,
    'process.pid': resource.pid,
    ...(resource.release ? { 'service.version': resource.release } : {}),
  });
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
