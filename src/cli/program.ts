// The command line as commander has it: commands in commands/, one file each; here the help that they share.

import { Command } from 'commander';
import { VERSION } from '../version.ts';
import * as commands from './commands/index.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';

export function createProgram(): Command {
  const program = new Command('rowtrace')
    .description('Errors, slow spans and latencies of your services, as rows in your own Postgres.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      `
The database is ROWTRACE_DATABASE_URL; without it, an embedded one in ./.rowtrace (ROWTRACE_DIR).

${EXIT_CODES_HELP}`,
    )
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const { register } of Object.values(commands)) register(program);
  return program;
}
