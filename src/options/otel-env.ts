// The OTEL_* environment variables that Rowtrace honours, read once. docs/options.md lists them.

import { type OtelSettings, SAMPLERS, type SamplerSettings } from '../capture/otel-settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export function readOtelEnvironment(env: Environment = process.env): OtelSettings {
  const problems: string[] = [];
  const number = (name: string): number | undefined => {
    const value = env[name]?.trim();
    if (!value) return undefined;
    const parsed = Number(value);
    if (Number.isFinite(parsed) && parsed >= 0) return parsed;
    problems.push(`${name}=${value} is no number and was ignored`);
    return undefined;
  };
  const names = (name: string): string[] =>
    (env[name] ?? '')
      .split(',')
      .map((item) => item.trim().toLowerCase())
      .filter(Boolean);
  const protocol = (signal: string) =>
    names(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`)[0] ?? names('OTEL_EXPORTER_OTLP_PROTOCOL')[0];
  if (env.OTEL_CONFIG_FILE?.trim())
    problems.push(
      'OTEL_CONFIG_FILE is not read: say it in OTEL_* variables, or leave `rowtrace/register` out (docs/own-sdk.md)',
    );
  const sampler = samplerSettings(env);
  if (sampler.problem) problems.push(sampler.problem);
  const enabled = names('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  return {
    disabled: env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true',
    serviceName: env.OTEL_SERVICE_NAME?.trim() || undefined,
    resourceAttributes: resourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES, problems),
    sampler,
    exporters: {
      traces: names('OTEL_TRACES_EXPORTER').filter((name) => name !== 'none'),
      logs: names('OTEL_LOGS_EXPORTER').filter((name) => name !== 'none'),
      metrics: names('OTEL_METRICS_EXPORTER').filter((name) => name !== 'none'),
    },
    protocols: { traces: protocol('TRACES'), logs: protocol('LOGS'), metrics: protocol('METRICS') },
    propagators: names('OTEL_PROPAGATORS'),
    batchSpans: {
      maxQueueSize: number('OTEL_BSP_MAX_QUEUE_SIZE'),
      maxExportBatchSize: number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
      scheduledDelayMillis: number('OTEL_BSP_SCHEDULE_DELAY'),
      exportTimeoutMillis: number('OTEL_BSP_EXPORT_TIMEOUT'),
    },
    metricExportIntervalMillis: number('OTEL_METRIC_EXPORT_INTERVAL'),
    spanLimits: {
      attributeCountLimit: number('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT') ?? number('OTEL_ATTRIBUTE_COUNT_LIMIT') ?? 128,
      attributeValueLengthLimit:
        number('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT') ??
        number('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT') ??
        Number.POSITIVE_INFINITY,
      eventCountLimit: number('OTEL_SPAN_EVENT_COUNT_LIMIT') ?? 128,
      linkCountLimit: number('OTEL_SPAN_LINK_COUNT_LIMIT') ?? 128,
    },
    enabledInstrumentations: enabled.length > 0 ? enabled : undefined,
    disabledInstrumentations: names('OTEL_NODE_DISABLED_INSTRUMENTATIONS'),
    problems,
  };
}

/** "key=value,key=value", values percent-encoded (OpenTelemetry resource SDK, "Specifying resource information"). */
function resourceAttributes(text: string | undefined, problems: string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of (text ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const at = pair.indexOf('=');
    const key = pair.slice(0, at).trim();
    try {
      if (at < 1 || key === '') throw new Error('no key=value');
      found[key] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      problems.push(`OTEL_RESOURCE_ATTRIBUTES: ${JSON.stringify(pair.trim())} is no key=value and was ignored`);
    }
  }
  return found;
}

/** OTEL_TRACES_SAMPLER and its argument, names and defaults of the specification. */
function samplerSettings(env: Environment): SamplerSettings {
  const name = env.OTEL_TRACES_SAMPLER?.trim().toLowerCase() || 'parentbased_always_on';
  const given = Number(env.OTEL_TRACES_SAMPLER_ARG?.trim() || '1');
  const ratio = given >= 0 && given <= 1 ? given : 1;
  const root = SAMPLERS.find((known) => known === name.replace(/^parentbased_/, ''));
  if (root === undefined) {
    const known = `${SAMPLERS.join(', ')}, and parentbased_ of each`;
    const problem = `OTEL_TRACES_SAMPLER=${name} is not known here (${known}); parentbased_always_on is used`;
    return { root: 'always_on', parentBased: true, ratio, problem };
  }
  const settings: SamplerSettings = { root, parentBased: name.startsWith('parentbased_'), ratio };
  if (root === 'traceidratio' && ratio !== given)
    settings.problem = `OTEL_TRACES_SAMPLER_ARG=${env.OTEL_TRACES_SAMPLER_ARG} is not from 0 to 1; 1 is used`;
  return settings;
}
