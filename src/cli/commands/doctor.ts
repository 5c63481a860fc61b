// `rowtrace doctor`: what is there, what works, and what to do about what does not.

import type { Command } from 'commander';
import { describeOptions, loadOptions } from '../../options/options.ts';
import { examples, onDatabase } from '../arguments.ts';
import { checkApplication } from '../doctor/application.ts';
import { checkDatabase } from '../doctor/database.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkRuntime } from '../doctor/runtime.ts';
import { EXIT } from '../exit-codes.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { print, type Terminal, terminalOf } from '../output/terminal.ts';

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('check versions, hooks, the packages of the application here, database, rights, schema and clock');
  examples(onDatabase(command), 'rowtrace doctor', 'rowtrace doctor --json');
  command.action(run);
}

async function run({ dir, json }: { dir?: string; json?: boolean }): Promise<void> {
  const options = loadOptions({ dir });
  const findings = [
    ...checkRuntime(),
    ...checkApplication(process.cwd()),
    ...describe(describeOptions(options)),
    ...(await checkDatabase(options)),
  ];
  const problems = findings.filter(({ state }) => state === 'problem').length;
  if (problems > 0) process.exitCode = EXIT.problem;
  if (json) return print(safeJson({ problems, findings }, 2));
  const terminal = terminalOf();
  for (const finding of findings) print(line(finding, terminal));
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  print(`\n${problems} problem${problems === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`);
}

const MARKS = {
  ok: ['ok', 'green'],
  info: ['--', 'dim'],
  warning: ['!!', 'yellow'],
  problem: ['XX', 'red'],
} as const;

function line({ state, name, text, fix }: Finding, { style }: Terminal): string {
  const [mark, colour] = MARKS[state];
  const advice = fix ? `\n${' '.repeat(19)}fix: ${escapeLine(fix)}` : '';
  return `${style(colour, mark)}  ${name.padEnd(14)} ${escapeLine(text)}${advice}`;
}

function describe(options: Record<string, unknown>): Finding[] {
  const set = Object.entries(options).map(
    ([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [{ state: 'info', name: 'options', text: set.length > 0 ? set.join(', ') : 'all at their defaults' }];
}
