// What OTEL_* variables say, as plain data, and what it means in objects of the SDK. options/ reads the environment.

import type { Sampler, SpanLimits } from '@opentelemetry/sdk-trace';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

export const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const;

export interface SamplerSettings {
  root: (typeof SAMPLERS)[number];
  parentBased: boolean;
  /** Of traceidratio, 0 to 1. */
  ratio: number;
  /** What was not understood. */
  problem?: string;
}

export interface OtelSettings {
  disabled: boolean;
  serviceName?: string;
  resourceAttributes: Record<string, string>;
  sampler: SamplerSettings;
  /** Exporters asked for by name; empty where nothing was said, since our own pipe needs none. */
  exporters: { traces: string[]; logs: string[]; metrics: string[] };
  /** OTEL_EXPORTER_OTLP_PROTOCOL. */
  protocols: Partial<Record<'traces' | 'logs' | 'metrics', string>>;
  propagators: string[];
  batchSpans: {
    maxQueueSize?: number;
    maxExportBatchSize?: number;
    scheduledDelayMillis?: number;
    exportTimeoutMillis?: number;
  };
  metricExportIntervalMillis?: number;
  spanLimits: SpanLimits;
  enabledInstrumentations?: string[];
  disabledInstrumentations: string[];
  /** Values that were not understood, each a sentence. */
  problems: string[];
}

export function samplerOf(settings: SamplerSettings): Sampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(settings.ratio),
  }[settings.root]();
  return settings.parentBased ? new ParentBasedSampler({ root }) : root;
}
