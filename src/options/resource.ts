// Who the process is: service, environment, release, build, from options, then OTEL_*, then the host, then the nearest
// package.json and git repository.

import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, sep } from 'node:path';
import type { OtelSettings } from '../capture/otel-settings.ts';
import { FACT_VERSION, type ResourceFact } from '../record/fact.ts';
import { resolveBuild } from './build.ts';
import { entryFile, workingFolder } from './launcher.ts';
import type { Options } from './options.ts';
import type { Environment } from './otel-env.ts';

interface Manifest {
  name?: string;
  version?: string;
}

function readManifest(directory: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
    return typeof manifest.name === 'string' ? manifest : undefined;
  } catch {
    // Not here, or not readable: look further up.
    return undefined;
  }
}

/** The package.json nearest to `folder`, upwards; nothing where there is none that can be read. */
function nearestManifest(folder: string): Manifest {
  let directory = folder;
  for (let depth = 0; depth < 32; depth++) {
    const manifest = readManifest(directory);
    if (manifest !== undefined) return manifest;
    const parent = dirname(directory);
    if (parent === directory) break;
    directory = parent;
  }
  return {};
}

/**
 * Where to look from. A program of a dependency (`next start`, started by its own path as pnpm and Windows do) runs the
 * application that it is installed for: in a workspace that of the working directory. Installed globally it is its own.
 */
function manifestFolder(entry: string): string {
  const [owner] = entry.split(/[\\/]node_modules[\\/]/, 1);
  if (owner === undefined || owner === entry || readManifest(owner) === undefined) return dirname(entry);
  const working = workingFolder();
  return working.startsWith(owner + sep) ? working : owner;
}

export function resolveResource(options: Options, otel: OtelSettings, env: Environment = process.env): ResourceFact {
  const attributes = otel.resourceAttributes;
  const entry = entryFile(env);
  const manifest = nearestManifest(entry === undefined ? process.cwd() : manifestFolder(entry));
  const build = resolveBuild(options, attributes, env, entry);
  const machine = hostname();
  const host = attributes['host.name'] ?? machine;
  return {
    k: 'resource',
    v: FACT_VERSION,
    // Unique to one run: a fixed service.instance.id would make the rows of two runs look like repeats.
    process: randomUUID(),
    service:
      options.service ?? otel.serviceName ?? attributes['service.name'] ?? manifest.name ?? 'unknown_service:node',
    environment:
      options.environment ??
      attributes['deployment.environment.name'] ??
      attributes['deployment.environment'] ??
      env.NODE_ENV ??
      'development',
    release: build.release ?? manifest.version,
    buildSha: build.sha,
    host,
    pid: process.pid,
    language: 'nodejs',
    ...(Object.keys(build.tags).length > 0 ? { attributes: build.tags } : {}),
    // Of the process and not of this thread, which may have begun when files were changed already.
    startedAt: Math.floor(Date.now() - process.uptime() * 1_000),
    ...entryOf(entry),
    ...(host === machine ? {} : { machine }),
  };
}

/** What the resource of a user's own SDK tells better than package.json and NODE_ENV; options that are given win. */
export function originOf(
  options: Pick<Options, 'service' | 'environment' | 'release'>,
  attributes: Readonly<Record<string, unknown>>,
): Partial<Pick<ResourceFact, 'service' | 'environment' | 'release'>> {
  const environment = attributes['deployment.environment.name'] ?? attributes['deployment.environment'];
  const told = { service: attributes['service.name'], environment, release: attributes['service.version'] };
  const given = Object.entries(told).filter(([name, value]) => value && !options[name as keyof typeof told]);
  return Object.fromEntries(given);
}

function entryOf(path: string | undefined): Pick<ResourceFact, 'entry'> {
  try {
    return path === undefined ? {} : { entry: { path, changedAt: statSync(path).ctimeMs } };
  } catch {
    return {};
  }
}
