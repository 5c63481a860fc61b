import { DEFINITIONS, type Definition } from '../../src/options/definitions.ts';

const OTEL = [
  ['OTEL_SDK_DISABLED', '`true` turns everything off, crash hooks included.'],
  [
    'OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES',
    'Service, release (service.version), environment (deployment.environment.name), build (vcs.ref.head.revision), service.instance.id, host.name.',
  ],
  [
    'OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG',
    'always_on, always_off, traceidratio, and parentbased_ of each. Sampling decides what is exported elsewhere and propagated; errors and slow spans are seen all the same.',
  ],
  [
    'OTEL_TRACES_EXPORTER',
    '`otlp` also sends traces to your collector, with @opentelemetry/exporter-trace-otlp-http and its OTEL_EXPORTER_OTLP_* variables. With OTEL_EXPORTER_OTLP_PROTOCOL=grpc or http/protobuf it is -otlp-grpc or -otlp-proto, where the application has it. Not set: nothing is sent anywhere else.',
  ],
  [
    'OTEL_LOGS_EXPORTER, OTEL_METRICS_EXPORTER',
    '`otlp` likewise, when the application has @opentelemetry/exporter-logs-otlp-http or -metrics-otlp-http installed.',
  ],
  ['OTEL_BSP_*, OTEL_METRIC_EXPORT_INTERVAL', 'Batching of those exporters.'],
  [
    'OTEL_PROPAGATORS',
    'tracecontext, baggage, none; b3, b3multi, jaeger, xray, ottrace where the application has `@opentelemetry/propagator-b3`, -jaeger, -aws-xray, -ot-trace installed. Default tracecontext and baggage.',
  ],
  ['OTEL_CONFIG_FILE', 'Is not read; a line says so.'],
  ['OTEL_SPAN_*_LIMIT, OTEL_ATTRIBUTE_*_LIMIT', 'Limits of attributes, events and links on spans.'],
  [
    'OTEL_NODE_ENABLED_INSTRUMENTATIONS, OTEL_NODE_DISABLED_INSTRUMENTATIONS',
    'Which hooks are used, by the names of the start line (http, express, pg, pino, …); the second leaves out. docs/frameworks.md, docs/clients.md and docs/loggers.md list them.',
  ],
];

export function optionsPage(): string {
  const rows = Object.entries(DEFINITIONS as Record<string, Definition<unknown>>).map(
    ([name, definition]) =>
      `| \`${name}\` | ${definition.env ? `\`${definition.env}\`` : 'code or file only'} | ${shown(definition.default)} | ${definition.doc.replaceAll('|', '\\|')} |`,
  );
  return [
    '# Options',
    '',
    'Generated from `src/options/definitions.ts`. Code wins over the configuration file, that over the environment, that over the default. The configuration file is named by `ROWTRACE_CONFIG`, or is the first of `rowtrace.config.js`, `.mjs`, `.cjs`, `.json` in the working directory; it exports (or is) one object of the names below. A value that is not valid is an error that shows it; preloaded, the application runs without Rowtrace.',
    '',
    '| option | environment | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Of the commands only: `ROWTRACE_QUEUE` is `--queue` of `serve`, `worker` and `doctor`; `ROWTRACE_DEBUG=1` prints where an error of a command comes from.',
    '',
    '## OpenTelemetry variables',
    '',
    '| variable | what it does here |',
    '|---|---|',
    ...OTEL.map(([name, doc]) => `| \`${name}\` | ${doc} |`),
    '',
  ].join('\n');
}

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : `\`${value.join(',')}\``;
  if (typeof value === 'object')
    return Object.keys(value as object).length === 0 ? 'none' : `\`${JSON.stringify(value)}\``;
  return `\`${value === true ? 'on' : value === false ? 'off' : value}\``;
}
