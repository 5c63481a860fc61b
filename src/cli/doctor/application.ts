// The packages of the application in this folder: what is recorded, what is too old for it, what is not covered yet, and
// whether OpenTelemetry's API is there twice.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { leanInstrumentations } from '../../capture/instrumentations.ts';
import { loadOptions } from '../../options/options.ts';
import { readOtelEnvironment } from '../../options/otel-env.ts';
import type { Finding } from './finding.ts';
import { copiesOf, installedVersion, isAtLeastVersion } from './packages.ts';

/** The first pino that publishes its records on a diagnostics channel. */
const OLDEST_PINO = '9.10';

const NOT_COVERED = [
  ...['@hapi/hapi', 'next'],
  ...['winston', 'bunyan', 'mysql2', 'mongodb', 'ioredis', 'redis', 'amqplib', 'kafkajs'],
];

export function checkApplication(folder: string): Finding[] {
  return [instrumented(folder), pino(folder), notCovered(folder), apiCopies(folder)].filter(
    (finding) => finding !== undefined,
  );
}

function instrumented(folder: string): Finding {
  const problems: string[] = [];
  const otel = readOtelEnvironment();
  const chosen = leanInstrumentations({
    requestIdHeaders: loadOptions().requestIdHeaders,
    resolve: createRequire(join(folder, 'noop.js')).resolve,
    enabled: otel.enabledInstrumentations,
    disabled: otel.disabledInstrumentations,
    onProblem: (problem) => problems.push(problem),
  });
  // Made to be looked at only.
  for (const instrumentation of chosen.values()) instrumentation.disable();
  if (problems.length > 0)
    return { state: 'problem', name: 'recorded', text: problems.join('; '), fix: 'Install rowtrace again.' };
  const names = [...chosen.keys()].map((name) => {
    const version = installedVersion(folder, name);
    return version && !['http', 'undici'].includes(name) ? `${name} ${version}` : name;
  });
  return { state: 'ok', name: 'recorded', text: [...names, 'crashes', 'console'].join(', ') };
}

function pino(folder: string): Finding | undefined {
  const version = installedVersion(folder, 'pino');
  if (version === undefined) return undefined;
  if (isAtLeastVersion(version, OLDEST_PINO)) return { state: 'ok', name: 'pino', text: version };
  return {
    state: 'warning',
    name: 'pino',
    text: `${version} is too old to be recorded`,
    fix: `Upgrade pino to ${OLDEST_PINO} or newer.`,
  };
}

function notCovered(folder: string): Finding | undefined {
  const found = NOT_COVERED.filter((name) => installedVersion(folder, name) !== undefined);
  if (found.length === 0) return undefined;
  return {
    state: 'warning',
    name: 'not covered',
    text: `${found.join(', ')}: not covered yet`,
    fix: 'Their HTTP requests and crashes are recorded; routes, log records and queries of theirs are not.',
  };
}

/** Two copies share their globals when the one that registered first is compatible with the other. */
function apiCopies(folder: string): Finding {
  const copies = copiesOf(folder, '@opentelemetry/api');
  const shown = copies.map(({ path, version }) => `${version} in ${path}`).join('; ');
  if (copies.length < 2) return { state: 'ok', name: 'otel api', text: shown || 'as rowtrace brings it' };
  return {
    state: 'warning',
    name: 'otel api',
    text: `${copies.length} copies of @opentelemetry/api: ${shown}`,
    fix: 'Run `npm dedupe`, or override @opentelemetry/api to one version: a newer copy cannot use what an older one registered.',
  };
}
