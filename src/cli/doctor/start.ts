// How the application here is started, and whether something else in it wants to be its OpenTelemetry SDK.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './finding.ts';
import { loadsRowtrace, type StartCommand } from './start-command.ts';

/** Packages that register an SDK of their own when they are loaded or started. */
const SDKS = [
  ...['@opentelemetry/sdk-node', '@opentelemetry/auto-instrumentations-node', '@sentry/node', 'dd-trace', 'newrelic'],
  ...['elastic-apm-node', '@elastic/opentelemetry-node', '@azure/monitor-opentelemetry', 'applicationinsights'],
];

export function checkStart(command: StartCommand | undefined, folder: string, env = process.env): Finding[] {
  const preloads = command?.preloads ?? loadsRowtrace(env.NODE_OPTIONS ?? '');
  return [started(command, preloads), ownSdk(folder, preloads)].filter((finding) => finding !== undefined);
}

function started(command: StartCommand | undefined, preloads: boolean): Finding | undefined {
  if (command === undefined)
    return preloads ? { state: 'ok', name: 'start', text: 'NODE_OPTIONS loads Rowtrace' } : undefined;
  const modules = command.esm ? 'ES modules' : 'CommonJS';
  if (preloads) return { state: 'ok', name: 'start', text: `${command.text} (${modules})` };
  return {
    state: 'warning',
    name: 'start',
    text: `${command.text} (${modules}) does not load Rowtrace`,
    fix: 'Start with `node --import rowtrace/register …`, or set NODE_OPTIONS="--import rowtrace/register".',
  };
}

function ownSdk(folder: string, preloads: boolean): Finding | undefined {
  const found = SDKS.filter((name) => dependencies(folder).includes(name));
  if (found.length === 0) return undefined;
  const fix =
    'Two SDKs in one process: the second one registers nothing. Without the preload, add createProcessors() to yours; or remove yours.';
  return preloads
    ? { state: 'warning', name: 'other sdk', text: `${found.join(', ')} beside the preload`, fix }
    : { state: 'info', name: 'other sdk', text: `${found.join(', ')}: add createProcessors() of rowtrace to it` };
}

function dependencies(folder: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  } catch {
    return [];
  }
}
