// What OTEL_* asks for beside our own pipe: exporters to the user's collector, resource attributes. Loaded
// only when asked for; what is not installed is one clear line, never a failure.

import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { LogRecordExporter, LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { type IMetricReader, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { sdkLogs } from '../otel/lines.ts';
import type { ResourceFact } from '../record/fact.ts';
import type { OtelSettings } from './otel-settings.ts';
import { requireAnywhere } from './require-anywhere.ts';

type Say = (message: string) => void;

export interface UserExporters {
  spanProcessors: SpanProcessor[];
  logProcessors: LogRecordProcessor[];
  metricReaders: IMetricReader[];
}

export function userExporters(otel: OtelSettings, say: Say): UserExporters {
  const { exporters, protocols, batchSpans, metricExportIntervalMillis: exportIntervalMillis = 60_000 } = otel;
  return {
    spanProcessors: behind(
      {
        variable: 'OTEL_TRACES_EXPORTER',
        names: exporters.traces,
        protocol: protocols.traces,
        signal: 'trace',
        className: 'OTLPTraceExporter',
      },
      (exporter: SpanExporter) => new BatchSpanProcessor({ exporter, ...defined(batchSpans) }),
      say,
    ),
    logProcessors: behind(
      {
        variable: 'OTEL_LOGS_EXPORTER',
        names: exporters.logs,
        protocol: protocols.logs,
        signal: 'logs',
        className: 'OTLPLogExporter',
      },
      (exporter: LogRecordExporter) => new (sdkLogs().BatchLogRecordProcessor)({ exporter }),
      say,
    ),
    metricReaders: behind(
      {
        variable: 'OTEL_METRICS_EXPORTER',
        names: exporters.metrics,
        protocol: protocols.metrics,
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
  /** Of OTEL_EXPORTER_OTLP_PROTOCOL. */
  protocol: string | undefined;
  signal: string;
  className: string;
}

/** The trace exporter (JSON over HTTP) is an optional dependency of ours; the others are found where the application has them. */
function behind<T, P>(
  { variable, names, protocol, signal, className }: Wanted,
  processor: (exporter: T) => P,
  say: Say,
): P[] {
  const found: P[] = [];
  for (const name of names) {
    if (name !== 'otlp') {
      say(`${variable}=${name}: only otlp is known here; this one is ignored`);
      continue;
    }
    const family = `@opentelemetry/exporter-${signal}-otlp`;
    // Whoever takes protobuf over HTTP takes JSON there as well; gRPC has a port and a protocol of its own.
    const modules = protocol === 'grpc' ? ['grpc'] : protocol === 'http/protobuf' ? ['proto', 'http'] : ['http'];
    try {
      const loaded = firstOf(modules.map((end) => `${family}-${end}`)) as Record<string, new () => T>;
      found.push(processor(new loaded[className]!()));
    } catch (error) {
      const [why] = (error as Error).message.split('\n');
      say(`${variable}=otlp: ${why}; run \`npm install ${family}-${modules.at(-1)}\``);
    }
  }
  return found;
}

/** @throws where none is there */
function firstOf(modules: readonly string[]): unknown {
  for (const module of modules.slice(0, -1)) {
    try {
      return requireAnywhere(module);
    } catch {
      // The next one, then.
    }
  }
  return requireAnywhere(modules.at(-1)!);
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
