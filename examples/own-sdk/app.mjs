// A service that runs an OpenTelemetry SDK of its own, with exporters of its own. Rowtrace is added to it; no flag.
//   node app.mjs

import { context, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createProcessors } from 'rowtrace';

const rowtrace = createProcessors();
// Theirs: one trace in ten goes to their own exporter. Errors and slow requests of the other nine are rows all the same.
const theirs = new BatchSpanProcessor({ exporter: new InMemorySpanExporter() });
const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.1) });

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(
  new TracerProvider({ sampler: rowtrace.alwaysRecord(sampler), spanProcessors: [rowtrace.spanProcessor, theirs] }),
);
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [rowtrace.logRecordProcessor] }));
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [rowtrace.metricReader] }));
registerInstrumentations({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()] });
rowtrace.hookProcess();

// The service itself, loaded when all that is in place: the Express application that knows of none of this.
await import('../express/app.js');
