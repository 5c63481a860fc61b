// OTEL_PROPAGATORS in objects. Those of the specification that no package of ours brings are taken from where the
// application has them; what is not installed is one clear line, never a failure.

import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { OtelSettings } from './otel-settings.ts';
import { requireAnywhere } from './require-anywhere.ts';

type Make = () => TextMapPropagator;

const BROUGHT = new Map<string, Make>([
  ['tracecontext', () => new W3CTraceContextPropagator()],
  ['baggage', () => new W3CBaggagePropagator()],
]);

interface Installed {
  module: string;
  className: string;
  /** For its constructor. */
  config?: object;
}

/** Of B3's encodings 0 is that of a single header, 1 that of several. */
const INSTALLED = new Map<string, Installed>([
  ['b3', { module: '@opentelemetry/propagator-b3', className: 'B3Propagator', config: { injectEncoding: 0 } }],
  ['b3multi', { module: '@opentelemetry/propagator-b3', className: 'B3Propagator', config: { injectEncoding: 1 } }],
  ['jaeger', { module: '@opentelemetry/propagator-jaeger', className: 'JaegerPropagator' }],
  ['xray', { module: '@opentelemetry/propagator-aws-xray', className: 'AWSXRayPropagator' }],
  ['ottrace', { module: '@opentelemetry/propagator-ot-trace', className: 'OTTracePropagator' }],
]);

/** tracecontext and baggage by default, as the specification says. */
export function userPropagator(otel: OtelSettings, say: (message: string) => void): TextMapPropagator {
  const names = otel.propagators.length > 0 ? new Set(otel.propagators) : BROUGHT.keys();
  const propagators: TextMapPropagator[] = [];
  for (const name of names) {
    const installed = INSTALLED.get(name);
    const made = installed === undefined ? BROUGHT.get(name)?.() : load(name, installed, say);
    if (made !== undefined) propagators.push(made);
    else if (installed === undefined && name !== 'none')
      say(
        `OTEL_PROPAGATORS: ${name} is not known here (${[...BROUGHT.keys(), ...INSTALLED.keys()].join(', ')}, none) and is left out`,
      );
  }
  return new CompositePropagator({ propagators });
}

function load(name: string, { module, className, config }: Installed, say: (message: string) => void) {
  try {
    const loaded = requireAnywhere(module) as Record<string, new (config?: object) => TextMapPropagator>;
    return new loaded[className]!(config);
  } catch (error) {
    const [why] = (error as Error).message.split('\n');
    say(`OTEL_PROPAGATORS: ${name} is left out, traces do not go on by it: ${why}; run \`npm install ${module}\``);
    return undefined;
  }
}
