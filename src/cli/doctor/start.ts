// How the application here is started, and whether something else in it wants to be its OpenTelemetry SDK.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { loadsRowtrace, type StartCommand } from './start-command.ts';

/** Packages that register an SDK of their own when they are loaded or started. */
const SDKS = [
  ...['@opentelemetry/sdk-node', '@opentelemetry/auto-instrumentations-node', '@sentry/node', '@vercel/otel'],
  ...['@elastic/opentelemetry-node', '@azure/monitor-opentelemetry', 'applicationinsights', '@splunk/otel'],
  ...['@aws/aws-distro-opentelemetry-node-autoinstrumentation', '@honeycombio/opentelemetry-node'],
];

/** Packages that trace by means of their own. */
const AGENTS = ['dd-trace', 'newrelic', 'elastic-apm-node'];

export function checkStart(command: StartCommand | undefined, folder: string, env = process.env): Finding[] {
  const preloads = command?.preloads ?? loadsRowtrace(env.NODE_OPTIONS ?? '');
  const sdks = otherSdks(folder);
  const agents = AGENTS.filter((name) => dependencies(folder).includes(name));
  return [started(command, preloads, sdks), ownSdk(sdks, preloads), agent(agents)].filter(
    (finding) => finding !== undefined,
  );
}

/** SDKs that the application depends on. */
export function otherSdks(folder: string): string[] {
  const names = dependencies(folder);
  return SDKS.filter((name) => names.includes(name));
}

/** Tries what starts the application, where that is an SDK with createProcessors() in it. */
export const AS_STARTED = 'rowtrace doctor --canary -- node --require ./instrumentation.js app.js';

function started(command: StartCommand | undefined, preloads: boolean, sdks: readonly string[]): Finding | undefined {
  if (command === undefined)
    return preloads ? { state: 'ok', name: 'start', text: 'NODE_OPTIONS loads Rowtrace' } : undefined;
  const modules = command.esm ? 'ES modules' : 'CommonJS';
  if (preloads) return { state: 'ok', name: 'start', text: `${command.text} (${modules})` };
  const text = `${command.text} (${modules}) does not load Rowtrace`;
  if (sdks.length === 0)
    return {
      state: 'warning',
      name: 'start',
      text,
      fix: 'Start with `node --import rowtrace/register …`, or set NODE_OPTIONS="--import rowtrace/register".',
    };
  const how = command.loadsOther ? 'rowtrace doctor --canary' : AS_STARTED;
  return {
    state: command.loadsOther ? 'info' : 'warning',
    name: 'start',
    text: `${text} by a flag, which is right where ${sdks.join(', ')} has createProcessors() in it`,
    fix: `See an error arrive: \`${how}\`.`,
  };
}

function ownSdk(found: readonly string[], preloads: boolean): Finding | undefined {
  if (found.length === 0) return undefined;
  const fix =
    'Two SDKs in one process: the second one registers nothing. Without the preload, add createProcessors() to yours; or remove yours.';
  return preloads
    ? { state: 'warning', name: 'other sdk', text: `${found.join(', ')} beside the preload`, fix }
    : { state: 'info', name: 'other sdk', text: `${found.join(', ')}: add createProcessors() of rowtrace to it` };
}

function agent(found: readonly string[]): Finding | undefined {
  if (found.length === 0) return undefined;
  const text = `${found.join(', ')} has traces of its own, beside which Rowtrace works; load it before Rowtrace, or its own calls are recorded`;
  return { state: 'info', name: 'other agent', text };
}

function dependencies(folder: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  } catch {
    return [];
  }
}
