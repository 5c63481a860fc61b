// The packages of the application in this folder: what is recorded, what is of a version that is not, what is not covered
// yet, and whether OpenTelemetry's API is there twice.

import { join } from 'node:path';
import { ApplicationModules } from '../../capture/application-modules.ts';
import { leanInstrumentations } from '../../capture/instrumentations.ts';
import { loadOptions } from '../../options/options.ts';
import { readOtelEnvironment } from '../../options/otel-env.ts';
import type { Finding } from './finding.ts';
import { copiesOf, installedVersion, isInRange } from './packages.ts';

const NOT_COVERED = ['mysql', 'postgres', 'better-sqlite3', 'mssql', 'oracledb'];

export function checkApplication(folder: string): Finding[] {
  return [...instrumented(folder), pino(folder), notCovered(folder), apiCopies(folder)].filter(
    (finding) => finding !== undefined,
  );
}

function instrumented(folder: string): Finding[] {
  const problems: string[] = [];
  const otel = readOtelEnvironment();
  const { all, found } = leanInstrumentations({
    requestIdHeaders: loadOptions().requestIdHeaders,
    modules: new ApplicationModules([join(folder, 'noop.js')]),
    enabled: otel.enabledInstrumentations,
    disabled: otel.disabledInstrumentations,
    onProblem: (problem) => problems.push(problem),
  });
  // Made to be looked at only.
  for (const instrumentation of [...all.values()].flat()) instrumentation.disable();
  if (problems.length > 0)
    return [{ state: 'problem', name: 'recorded', text: problems.join('; '), fix: 'Install rowtrace again.' }];
  const hooks = (name: string) => (all.get(name) ?? []) as unknown as Hook[];
  const unsupported = found.flatMap((name) => unsupportedBy(hooks(name), folder));
  const without = new Set(unsupported.map(({ name }) => name));
  const names = found
    .filter((name) => !without.has(name))
    .map((name) => {
      if (['http', 'undici'].includes(name)) return name;
      // Some are called otherwise than their package: hapi, nestjs-core.
      const modules = [name, ...hooks(name).flatMap(modulesOf)];
      const version = modules.map((module) => installedVersion(folder, module)).find(Boolean);
      return version === undefined ? name : `${name} ${version}`;
    });
  return [
    { state: 'ok', name: 'recorded', text: [...names, 'crashes', 'console'].join(', ') },
    ...unsupported.map(({ name, version, ranges }): Finding => {
      const text = `${name} ${version} is not recorded: versions ${ranges.join(' or ')} are`;
      return { state: 'warning', name: 'version', text, fix: `Install a version of ${name} among them.` };
    }),
  ];
}

/** What an instrumentation says of the modules it patches. */
interface Hook {
  getModuleDefinitions?(): { name: string; supportedVersions: string[] }[];
}

function modulesOf(hook: Hook): string[] {
  return (hook.getModuleDefinitions?.() ?? []).map(({ name }) => name);
}

/** @param hooks of one name, each for versions of its own */
function unsupportedBy(hooks: Hook[], folder: string): { name: string; version: string; ranges: string[] }[] {
  const ranges = new Map<string, string[]>();
  for (const { name, supportedVersions } of hooks.flatMap((hook) => hook.getModuleDefinitions?.() ?? []))
    ranges.set(name, [...(ranges.get(name) ?? []), ...supportedVersions]);
  return [...ranges].flatMap(([name, all]) => {
    const version = installedVersion(folder, name);
    if (version === undefined || all.some((range) => isInRange(version, range))) return [];
    return [{ name, version, ranges: all }];
  });
}

function pino(folder: string): Finding | undefined {
  const version = installedVersion(folder, 'pino');
  return version === undefined ? undefined : { state: 'ok', name: 'pino', text: version };
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
