#!/usr/bin/env node
// `rowtrace`: runs the command line, and says in words and by the exit code what went wrong.

import { CommanderError } from 'commander';
import { RowtraceError } from '../errors.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { escapeLine, escapeLines } from './output/escape.ts';
import { createProgram, wordsFor } from './program.ts';

const words = process.argv.slice(2);
const asked = words.find((word) => word !== 'help') ?? '';
const SEE_HELP = `See \`rowtrace ${Object.hasOwn(COMMANDS, asked) ? `${asked} ` : ''}--help\`.`;

/** @returns the exit code, for what was thrown */
function report(error: unknown): number {
  if (process.env.ROWTRACE_DEBUG === '1')
    process.stderr.write(`${escapeLines((error as Error)?.stack ?? String(error))}\n`);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.fine;
    // Help that nobody asked for: a command is missing.
    if (error.code === 'commander.help') return EXIT.usage;
    say(error.message.replace(/^error: /, ''), SEE_HELP);
    return EXIT.usage;
  }
  if (error instanceof RowtraceError) {
    say(error.message, error.code === 'RT_USAGE' ? SEE_HELP : error.fix);
    return exitCodeOf(error.code);
  }
  say((error as Error)?.message || String(error), 'Run it again with ROWTRACE_DEBUG=1 to see where this comes from.');
  return EXIT.problem;
}

function say(message: string, fix: string): void {
  process.stderr.write(`rowtrace: ${escapeLine(message.replaceAll('\n', ' '))}\n  fix: ${escapeLine(fix)}\n`);
}

// `rowtrace issues | head`: the reader has seen enough. Of any other trouble (a full disk) the command has failed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.fine : report(error));
});
// What is said beside the result may go unread: a receiver goes on when the reader of its words has ended.
process.stderr.on('error', () => {});

// Empty is unset, as for the options; commander would read it.
if (process.env.ROWTRACE_QUEUE === '') delete process.env.ROWTRACE_QUEUE;

// No top-level await: the CommonJS build has none.
createProgram(asked)
  .then((program) => program.parseAsync(wordsFor(program, words), { from: 'user' }))
  .catch((error: unknown) => {
    process.exitCode = report(error);
  });
