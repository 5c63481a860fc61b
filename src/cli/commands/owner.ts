// `rowtrace owner`: hidden; what other commands start in the background for the embedded database.

import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { runOwner } from '../owner/run.ts';

export function register(program: Command): void {
  program
    .command('owner', { hidden: true })
    .option('--dir <folder>')
    .option('--idle-millis <n>', 'how long to stay without need', process.env.ROWTRACE_OWNER_IDLE_MILLIS || '60000')
    .option('--settle-millis <n>', 'how often to sync', process.env.ROWTRACE_OWNER_SETTLE_MILLIS || '2000')
    .option('--tcp', 'listen on 127.0.0.1 instead of a Unix socket', process.env.ROWTRACE_OWNER_TCP === '1')
    .action(async ({ dir, idleMillis, settleMillis, tcp }) => {
      // Everything in the folder is private: rows of the application's users, and the socket.
      process.umask(0o077);
      useBaselineCompiler();
      const options = loadOptions({ dir });
      const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);
      try {
        const times = { idleMillis: Number(idleMillis), settleMillis: Number(settleMillis) };
        process.exitCode = await runOwner({ ...options, ...times, tcp: tcp || undefined, log });
      } catch (error) {
        // The file system inside PGlite throws objects without a message: { name: 'ErrnoError', errno: 54 }.
        log(((error as Error).message ?? `PGlite cannot open it: ${inspect(error)}`).split('\n')[0]!);
        process.exitCode = 1;
      }
      // PGlite keeps handles; everything of ours is closed.
      process.exit();
    });
}

/**
 * WebAssembly compiled function by function, as it is called, and never optimised: the start takes 2.0 s of processor
 * instead of 3.2 and 100 MB less memory, and 10,000 inserts and a few aggregates are no slower (PGlite 0.5.14, Node 24;
 * Node 20 alike). Set here and not on the command line, where a flag that a later V8 does not know ends the process;
 * and all of them, since --liftoff-only no longer implies the others once V8 runs.
 */
function useBaselineCompiler(): void {
  for (const flag of ['--liftoff', '--wasm-lazy-compilation', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'])
    setFlagsFromString(flag);
}
