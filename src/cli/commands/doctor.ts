// `rowtrace doctor`: what is there, what works, and what to do about what does not; with --canary an error is sent the whole
// way.

import { type Command, Option } from 'commander';
import { loadOptions, type Options } from '../../options/options.ts';
import { type DatabaseFlags, examples, onDatabase, queueNameOption, queueOption, shardsOption } from '../arguments.ts';
import { checkApplication } from '../doctor/application.ts';
import { type CanaryResult, flyCanary, type Hop } from '../doctor/canary/index.ts';
import { checkDatabase, checkJournals } from '../doctor/database.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkOptions } from '../doctor/options.ts';
import { checkReceiver } from '../doctor/receiver.ts';
import { checkRuntime } from '../doctor/runtime.ts';
import { checkStart, otherSdks } from '../doctor/start.ts';
import { type StartCommand, startCommandOf, startScriptOf } from '../doctor/start-command.ts';
import { EXIT } from '../exit-codes.ts';
import { escapeLine, safeJson } from '../output/escape.ts';
import { note, print, type Terminal, terminalOf } from '../output/terminal.ts';

interface Flags extends DatabaseFlags {
  canary?: boolean;
  queue?: string;
  queueName: string;
  shards: number;
  database?: string;
}

interface Start {
  command: StartCommand | undefined;
  /** By the person, not by package.json. */
  given: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('check versions, hooks, the packages of the application here, database, rights, schema and clock')
    .argument('[command...]', 'how the application is started (default: the start script of package.json)')
    .passThroughOptions()
    .option('--canary', 'send an error the whole way, and name the first hop that lost it')
    .addOption(queueOption('with --canary and a receiver that has one: the queue behind it'))
    .addOption(queueNameOption())
    .addOption(shardsOption())
    .addOption(new Option('--database <url>', 'with --canary and a receiver: where its rows go, to look for the row'));
  examples(
    onDatabase(command),
    'rowtrace doctor',
    'rowtrace doctor --canary',
    'rowtrace doctor --canary -- node --import rowtrace/register app.js',
    'ROWTRACE_ENDPOINT=http://… rowtrace doctor --canary --queue amqp://… --database postgres://…',
  );
  command.action(run);
}

async function run(words: string[], flags: Flags): Promise<void> {
  const folder = process.cwd();
  const options = loadOptions({ dir: flags.dir });
  const given = words.length > 0;
  const command = given ? startCommandOf(words, folder) : startScriptOf(folder);
  const terminal = terminalOf();
  const findings: Finding[] = [];
  const found = (...more: Finding[]): void => {
    findings.push(...more);
    if (!flags.json) for (const finding of more) print(line(finding, terminal));
  };
  found(...checkRuntime(), ...checkApplication(folder), ...checkStart(command, folder));
  found(...checkOptions(options));
  found(...(await checkTarget(options)));
  const canary = flags.canary ? await sendCanary(options, flags, { command, given }) : undefined;
  // Lost where a problem was found above: that is the same one.
  const known = findings.some(({ state, name }) => state === 'problem' && name === canary?.lostAt);
  const problems = count(findings, 'problem') + (canary?.lostAt && !known ? 1 : 0);
  if (problems > 0) process.exitCode = EXIT.problem;
  if (flags.json) return print(safeJson({ problems, findings, ...(canary && { canary }) }, 2));
  const warnings = count(findings, 'warning') + count(canary?.hops ?? [], 'warning');
  print(`\n${problems} problem${problems === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`);
}

async function checkTarget(options: Options): Promise<Finding[]> {
  const { endpoint, apiKey, dir } = options;
  return endpoint === undefined ? checkDatabase(options) : [await checkReceiver(endpoint, apiKey), checkJournals(dir)];
}

async function sendCanary(options: Options, flags: Flags, start: Start): Promise<CanaryResult> {
  const terminal = terminalOf();
  if (!flags.json) print(`\n${terminal.style('bold', 'Canary')}`);
  const startedAt = performance.now();
  const result = await flyCanary({
    options,
    command: start.command,
    // A start script without it is a warning above; a command that was given is to be tried as it is, and one that loads
    // an SDK, which may have createProcessors() in it.
    addPreload: !start.given && !start.command?.preloads && !loadsSdk(start.command),
    folder: process.cwd(),
    queue: flags.queue ? { url: flags.queue, name: flags.queueName, shards: flags.shards } : undefined,
    databaseUrl: flags.database,
    onHop: (hop) => (flags.json ? note(`canary: ${hop.name} ${hop.state}`) : print(line(hop, terminal))),
  });
  if (!flags.json) print(`\n${verdict(result, performance.now() - startedAt)}`);
  return result;
}

function loadsSdk(command: StartCommand | undefined): boolean {
  return command?.loadsOther === true && otherSdks(process.cwd()).length > 0;
}

function verdict({ lostAt, hops, removed, mark }: CanaryResult, millis: number): string {
  if (lostAt !== undefined) return `The canary was lost at: ${lostAt}`;
  const way = hops.map(({ name }) => name).join(' → ');
  const row = removed ? 'its row was removed' : `its row stays: error_type RowtraceCanary, tag rowtrace.canary ${mark}`;
  return `The canary arrived: ${way} (${(millis / 1000).toFixed(1)} s); ${row}`;
}

function count(found: readonly { state: string }[], state: Finding['state']): number {
  return found.filter((one) => one.state === state).length;
}

const MARKS = {
  ok: ['ok', 'green'],
  info: ['--', 'dim'],
  warning: ['!!', 'yellow'],
  problem: ['XX', 'red'],
} as const;

function line({ state, name, text, fix }: Finding | Hop, { style }: Terminal): string {
  const [mark, colour] = MARKS[state];
  const advice = fix ? `\n${' '.repeat(19)}fix: ${escapeLine(fix)}` : '';
  return `${style(colour, mark)}  ${name.padEnd(14)} ${escapeLine(text)}${advice}`;
}
