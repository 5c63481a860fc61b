// docs/commands.md: what each command says by `--help`.

import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

const WIDTH = 120;

export async function commandsPage(): Promise<string> {
  const program = await createProgram();
  const sections = withSubcommands(program).map(
    (command) => `## ${nameOf(command)}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`,
  );
  return `# Commands\n\nGenerated from \`src/cli\`: what each command says by \`--help\`. [Options](options.md) of Rowtrace are given by the environment or\nby a file.\n\n${sections.join('\n')}`;
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
