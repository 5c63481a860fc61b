// Whether this process is one to instrument at all. Loaded before anything else and with next to nothing: with
// NODE_OPTIONS the preload runs in every worker thread, in npm and in our own commands.

import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { entryFile } from './launcher.ts';

/** As npm links them below `.bin`, and as a system installs them. */
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
  'dotenvx',
  'env-cmd',
  'nest',
  'npm-run-all',
  'run-p',
  'run-s',
  'pm2',
  'pm2-runtime',
]);
/** Under pnpm, Yarn Plug'n'Play, corepack and on Windows the same programs are started by the files of their packages. */
const TOOL_PACKAGES = new Set([
  'npm',
  'yarn',
  'pnpm',
  'corepack',
  'typescript',
  'nodemon',
  'tsx',
  'concurrently',
  'cross-env',
  'dotenv-cli',
  '@dotenvx/dotenvx',
  'env-cmd',
  '@nestjs/cli',
  'npm-run-all',
  'npm-run-all2',
]);
/** PM2's other files are launchers that become the application; of ours, examples are one. */
const TOOL_FILE =
  /[\\/](?:pm2[\\/]lib[\\/]Daemon\.js|rowtrace[\\/]dist[\\/]src[\\/]cli[\\/]main\.mjs|\.yarn[\\/]releases[\\/][^\\/]+)$/;
const REGISTERED = Symbol.for('rowtrace.registered');

/** Why not to start, or nothing when to start. Marks the process, so that a second preload (CommonJS and ESM) is a no-op. */
export function reasonNotToStart(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!isMainThread) return 'a worker thread';
  const globals = globalThis as unknown as Record<symbol, boolean>;
  if (globals[REGISTERED]) return 'started already';
  globals[REGISTERED] = true;
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return 'OTEL_SDK_DISABLED';
  if (env.ROWTRACE_INTERNAL === '1') return 'a process of Rowtrace itself';
  const entry = entryFile(env);
  return entry !== undefined && isTool(entry) ? 'a tool, not a service' : undefined;
}

function isTool(entry: string): boolean {
  const name = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(entry)?.[1]?.replace('\\', '/');
  return TOOLS.has(basename(entry)) || (name !== undefined && TOOL_PACKAGES.has(name)) || TOOL_FILE.test(entry);
}
