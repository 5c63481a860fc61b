// Public names of `rowtrace/exporters/postgres`.

export { openPostgres } from '../../src/store/postgres.ts';
export { PostgresLogExporter } from './log-exporter.ts';
export { PostgresMetricExporter } from './metric-exporter.ts';
export { openPglite } from './open-pglite.ts';
export { createPostgresSink, type PostgresSinkOptions } from './postgres-sink.ts';
export type { SignalExporterOptions } from './signal-pipe.ts';
export { PostgresSpanExporter } from './span-exporter.ts';
