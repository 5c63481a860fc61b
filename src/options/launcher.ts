// PM2, which starts an application from a file of its own: only behind the preload does it set the variables of the
// application (in cluster mode) and change to its folder. In: this process. Out: what the application will see.

import { basename } from 'node:path';
import type { Environment } from './otel-env.ts';

/** Of PM2 5 to 7. */
const CLUSTER = 'ProcessContainer.js';
const FORK = 'ProcessContainerFork.js';

/** Sets the variables that PM2 is about to set itself, those of the ecosystem file among them, and to the same values. */
export function settleEnvironment(env: NodeJS.ProcessEnv = process.env, entry = process.argv[1]): void {
  if (env.pm2_env === undefined || entry === undefined || basename(entry) !== CLUSTER) return;
  try {
    for (const [name, value] of Object.entries(JSON.parse(env.pm2_env) as Record<string, unknown>))
      if (value !== null && typeof value !== 'object') env[name] = String(value);
  } catch {
    // PM2 itself will say so.
  }
}

/** The file that the application begins with. */
export function entryFile(env: Environment = process.env, entry = process.argv[1]): string | undefined {
  return isLauncher(entry) ? (env.pm_exec_path ?? entry) : entry;
}

/** The folder that the application runs in. */
export function workingFolder(env: Environment = process.env, entry = process.argv[1]): string {
  return (isLauncher(entry) ? env.pm_cwd : undefined) ?? process.cwd();
}

function isLauncher(entry: string | undefined): boolean {
  return entry !== undefined && [CLUSTER, FORK].includes(basename(entry));
}
