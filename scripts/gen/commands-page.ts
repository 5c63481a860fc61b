// docs/commands.md: what each command says by `--help`.

import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

const WIDTH = 120;

const INTRODUCTION = `# Commands

Generated from \`src/cli\`: what each command says by \`--help\`. [What it prints with \`--json\`](json.md) has a page of its own.
[Options](options.md) of Rowtrace are given by the environment or by a file.
`;

export async function commandsPage(): Promise<string> {
  const commands = withSubcommands(await createProgram());
  const sections = commands.map((command) => `## ${nameOf(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`);
  return [INTRODUCTION, ...sections].join('\n');
}

/** Those that help shows, without `help` itself. */
export function withSubcommands(command: Command): Command[] {
  const shown = command.createHelp().visibleCommands(command);
  return [command, ...shown.filter((one) => one.name() !== 'help').flatMap(withSubcommands)];
}

export function nameOf(command: Command): string {
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
