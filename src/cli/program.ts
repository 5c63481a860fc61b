// The command line as commander has it: commands in commands/, one file each; here the help that they share.

import { Command } from 'commander';
import { VERSION } from '../version.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';

/**
 * @param asked the first word of the command line. Where it names a command the others are left out: with the files of all of
 * them `rowtrace issues --help` takes 0.55 s of processor time instead of 0.33 (slow machine).
 */
export async function createProgram(asked = ''): Promise<Command> {
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
  const wanted = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const { register } of await Promise.all(wanted.map((name) => COMMANDS[name]!()))) register(program);
  return program;
}
