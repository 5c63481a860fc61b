// docs/commands.md: what each command says by `--help`, and what it prints with `--json`.

import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { jsonShapes } from './json-shapes.ts';

const WIDTH = 120;

const INTRODUCTION = `# Commands

Generated from \`src/cli\`: what each command says by \`--help\`, and [what it prints with \`--json\`](#what---json-prints).
[Options](options.md) of Rowtrace are given by the environment or by a file.
`;

const JSON_INTRODUCTION = `## What \`--json\` prints

As types of TypeScript. Times are strings of ISO 8601 in UTC, durations milliseconds; a field with \`?\` may be missing. \`tail\` prints
an object a line, without an end; what finds nothing prints \`[]\`. Notes and errors go to stderr, and the exit code says how it went.
`;

export async function commandsPage(): Promise<string> {
  const program = await createProgram();
  const commands = withSubcommands(program);
  const sections = commands.map((command) => `## ${nameOf(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`);
  const printing = commands.filter(({ options }) => options.some(({ long }) => long === '--json'));
  const shapes = jsonShapes(printing.map((command) => nameOf(command).replace(/^rowtrace /, '')));
  return `${[INTRODUCTION, ...sections, JSON_INTRODUCTION].join('\n')}\n${shapes}\n`;
}

/** Those that help shows, without `help` itself. */
function withSubcommands(command: Command): Command[] {
  const shown = command.createHelp().visibleCommands(command);
  return [command, ...shown.filter((one) => one.name() !== 'help').flatMap(withSubcommands)];
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** With its examples, which help texts behind it are. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
    getOutHelpWidth: () => WIDTH,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}
