// Values of command line options: text in, value out, or one plain sentence about what would be right.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { LEVELS, type Level } from '../record/level.ts';

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** "30m", "24h", "7d" before now, or a date ("2026-01-31", "2026-01-31T12:00Z"). */
export function parseSince(text: string, now = Date.now()): Date {
  const span = /^(\d{1,6})\s*([smhdw])$/i.exec(text.trim());
  if (span) return new Date(now - Number(span[1]) * UNITS[span[2]!.toLowerCase()]!);
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Expected a span like 30m, 24h or 7d, or a date like 2026-01-31.');
  return date;
}

export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('Expected a whole number from 1 to 10000.');
  return value;
}

export function parseLevel(text: string): Level {
  const level = LEVELS.find((known) => known === text.trim().toUpperCase());
  if (!level) throw new InvalidArgumentError(`Expected one of ${LEVELS.join(', ')}.`);
  return level;
}

export function parseId(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected the number of an issue, as `rowtrace issues` shows it.');
  return value;
}

export function sinceOption(byDefault: string): Option {
  return new Option('--since <time>', 'how far back: 30m, 24h, 7d, or a date')
    .argParser((text) => parseSince(text))
    .default(parseSince(byDefault), byDefault);
}

export function limitOption(byDefault: number, flags = '--limit <n>'): Option {
  return new Option(flags, 'most rows to show').argParser(parseCount).default(byDefault);
}

export function levelOption(): Option {
  return new Option('--level <level>', `this level or worse (${LEVELS.join(', ')})`).argParser(parseLevel);
}

/** What every command on a database takes. */
export function onDatabase(command: Command, json = true): Command {
  command.option(
    '--dir <folder>',
    'folder of the journals and of the embedded database (default: ROWTRACE_DIR or ./.rowtrace)',
  );
  return json ? command.option('--json', 'print JSON for programs') : command;
}

/** A blank line and examples under the help of a command. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}
