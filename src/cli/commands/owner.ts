// `rowtrace owner`: hidden; what other commands start in the background for the embedded database.

import type { Command } from 'commander';
import { loadOptions } from '../../options/options.ts';
import { runOwner } from '../owner/run.ts';

export function register(program: Command): void {
  program
    .command('owner', { hidden: true })
    .option('--dir <folder>')
    .option('--idle-millis <n>', 'how long to stay without need', process.env.ROWTRACE_OWNER_IDLE_MILLIS || '60000')
    .option('--tcp', 'listen on 127.0.0.1 instead of a Unix socket', process.env.ROWTRACE_OWNER_TCP === '1')
    .action(async ({ dir, idleMillis, tcp }) => {
      // Everything in the folder is private: rows of the application's users, and the socket.
      process.umask(0o077);
      const options = loadOptions({ dir });
      const log = (message: string) => console.log(`${new Date().toISOString()} ${message}`);
      try {
        process.exitCode = await runOwner({ ...options, idleMillis: Number(idleMillis), tcp: tcp || undefined, log });
      } catch (error) {
        log((error as Error).message.split('\n')[0]!);
        process.exitCode = 1;
      }
      // PGlite keeps handles; everything of ours is closed.
      process.exit();
    });
}
