// Whether this process is one to instrument at all. Loaded before anything else and without dependencies: with
// NODE_OPTIONS the preload runs in every worker thread, in npm and in our own commands.

import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const TOOLS = new Set([
  'npm',
  'npm-cli.js',
  'npx',
  'npx-cli.js',
  'yarn',
  'yarn.js',
  'pnpm',
  'pnpm.cjs',
  'corepack',
  'tsc',
  'rowtrace',
  // What starts services, and goes on beside them.
  'nodemon',
  'nodemon.js',
  'tsx',
  'concurrently',
  'cross-env',
  'dotenv',
  'pm2',
  'pm2-runtime',
]);
const PM2_DAEMON = /[\\/]pm2[\\/]lib[\\/]Daemon\.js$/;
const REGISTERED = Symbol.for('rowtrace.registered');

/** Why not to start, or nothing when to start. Marks the process, so that a second preload (CommonJS and ESM) is a no-op. */
export function reasonNotToStart(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!isMainThread) return 'a worker thread';
  const globals = globalThis as unknown as Record<symbol, boolean>;
  if (globals[REGISTERED]) return 'started already';
  globals[REGISTERED] = true;
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return 'OTEL_SDK_DISABLED';
  if (env.ROWTRACE_INTERNAL === '1') return 'a process of Rowtrace itself';
  const entry = process.argv[1];
  return entry !== undefined && isTool(entry) ? 'a tool, not a service' : undefined;
}

function isTool(entry: string): boolean {
  return TOOLS.has(basename(entry)) || PM2_DAEMON.test(entry);
}
