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

/**
 * The command line as commander is to read it: `help keys create` asks as `keys create --help`, and a word that is no command
 * stands alone. Left to itself commander reads one word behind `help`, and answers a misspelt one with the help of all.
 */
export function wordsFor(program: Command, words: readonly string[]): string[] {
  let command = program;
  for (const [at, word] of words.entries()) {
    if (command.commands.length === 0 || word.startsWith('-')) break;
    const before = words.slice(0, at);
    if (word === 'help') return wordsFor(program, [...before, ...words.slice(at + 1), '--help']);
    const named = command.commands.find((one) => one.name() === word);
    if (named === undefined) return [...before, word];
    command = named;
  }
  return [...words];
}
