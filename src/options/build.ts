// Which build runs: release, commit, and what else OpenTelemetry's vcs.* attributes tell. From options, then resource
// attributes, then the host's environment, then the repository of the entry file.

import { dirname } from 'node:path';
import { hostBuild } from './hosts.ts';
import { workingFolder } from './launcher.ts';
import type { Options } from './options.ts';
import type { Environment } from './otel-env.ts';
import { type CheckedOut, checkedOut } from './repository.ts';

export interface Build {
  release?: string;
  sha?: string;
  /** vcs.* attributes that become tags of the rows. No URL: it may hold credentials. */
  tags: Record<string, string>;
}

const TAGS = ['vcs.ref.head.name', 'vcs.ref.type', 'vcs.repository.name', 'vcs.change.id'];

export function resolveBuild(
  options: Pick<Options, 'release' | 'buildSha'>,
  attributes: Readonly<Record<string, string>>,
  env: Environment,
  entry: string | undefined,
): Build {
  const host = hostBuild(env);
  const told =
    options.buildSha ?? attributes['vcs.ref.head.revision'] ?? attributes['vcs.repository.ref.revision'] ?? undefined;
  const found: CheckedOut = told !== undefined ? {} : host.commit !== undefined ? host : repositoryOf(entry);
  const tags: Record<string, string> = {};
  if (found.branch !== undefined) tags['vcs.ref.head.name'] = found.branch;
  for (const name of TAGS) if (attributes[name]) tags[name] = attributes[name];
  return { release: options.release ?? attributes['service.version'] ?? host.release, sha: told ?? found.commit, tags };
}

/** Of the program, or of the working directory where the program is a launcher installed elsewhere. */
function repositoryOf(entry: string | undefined): CheckedOut {
  const own = entry === undefined ? {} : checkedOut(dirname(entry));
  return own.commit === undefined ? checkedOut(workingFolder()) : own;
}
