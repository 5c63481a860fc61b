// Values of command line options: text in, value out, or one plain sentence about what would be right.

import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LEVELS, type Level } from '../record/level.ts';
import { note } from './output/terminal.ts';

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const SPAN_OR_DATE = 'Expected a span like 30m, 24h or 7d, or a date like 2026-01-31.';

/** Date, and time of day with a zone: what Date would guess beyond that is not meant, and no other day comes of it. */
const DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)(Z|[+-][01]\d:?[0-5]\d)?)?$/;

/** "30m", "24h", "7d" before now, or a date ("2026-01-31", "2026-01-31T12:00Z"), in local time unless it says another. */
export function parseSince(text: string, now = Date.now()): Date {
  const span = millisOf(text);
  return span === undefined ? dateOf(text) : withinYears(new Date(now - span));
}

/** "2w" from now on, or a date to come. */
export function parseUntil(text: string, now = Date.now()): Date {
  const span = millisOf(text);
  const date = span === undefined ? dateOf(text) : withinYears(new Date(now + span));
  if (date.getTime() <= now) throw new InvalidArgumentError('Expected a time to come, like 2w or 2036-01-31.');
  return date;
}

/** "30m", "1h", "7d". @returns milliseconds */
export function parseSpan(text: string): number {
  const span = millisOf(text);
  if (!span) throw new InvalidArgumentError('Expected a span like 30m, 1h or 7d.');
  return span;
}

function millisOf(text: string): number | undefined {
  const span = /^(\d{1,6})\s*([smhdw])$/.exec(text.trim());
  return span ? Number(span[1]) * UNITS[span[2]!]! : undefined;
}

function dateOf(text: string): Date {
  const [, day, clock = '00:00', zone = ''] = DATE.exec(text.trim()) ?? [];
  const midnight = new Date(`${day}T00:00Z`);
  // Date makes 2 March of 30 February.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day)
    throw new InvalidArgumentError(SPAN_OR_DATE);
  return withinYears(new Date(`${day}T${clock}${zone.replace(/(\d\d)(\d\d)$/, '$1:$2')}`));
}

/** The years that are written with four digits; Postgres would not understand how others are. */
function withinYears(date: Date): Date {
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) throw new InvalidArgumentError(SPAN_OR_DATE);
  return date;
}

export function wholeUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
    return value;
  };
}

const parseCount = wholeUpTo(10_000);

export function parsePort(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return value;
}

/** As a browser names them: scheme, host and port, nothing behind. */
export function parseOrigins(text: string): ReadonlySet<string> {
  const origins = text.split(',').map((origin) => origin.trim());
  const wrong = origins.find((origin) => !/^https?:\/\//.test(origin) || originOf(origin) !== origin);
  if (wrong === undefined) return new Set(origins);
  throw new InvalidArgumentError(`Expected origins like https://app.example,http://127.0.0.1:5173, not "${wrong}".`);
}

function originOf(text: string): string | undefined {
  return URL.canParse(text) ? new URL(text).origin : undefined;
}

function parseQueueUrl(text: string): string {
  if (!URL.canParse(text) || !/^amqps?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('Expected amqp://user:password@host:5672.');
  return text;
}

function parseLevel(text: string): Level {
  const level = LEVELS.find((known) => known === text.trim().toUpperCase());
  if (!level) throw new InvalidArgumentError(`Expected one of ${LEVELS.join(', ')}.`);
  return level;
}

/** Which of them there are, the database says. */
export function parseIssue(text: string): string {
  const number = /^#?(\d{1,16})$/.exec(text)?.[1];
  if (number === undefined ? !/^[a-z][a-z0-9]{0,9}-[1-9]\d{0,8}$/i.test(text) : Number(number) === 0)
    throw new InvalidArgumentError('Expected an issue as `rowtrace issues` shows it, like API-12.');
  return number ?? text.toUpperCase();
}

export function parseEventId(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new InvalidArgumentError('Expected the id of an event, as `rowtrace issue` and the column event_id show it.');
  return text.toLowerCase();
}

export function sinceOption(byDefault: string): Option {
  return new Option('--since <time>', 'how far back: 30m, 24h, 7d, or a date in local time')
    .argParser((text) => parseSince(text))
    .default(parseSince(byDefault), byDefault);
}

/** The next step where nothing was found since then; none where that is long ago already. */
export function furtherBack(since: Date): string {
  const span = Date.now() - since.getTime() + 60_000;
  const longer = ['24h', '7d', '30d'].find((text) => millisOf(text)! > span);
  return longer === undefined ? '' : `; look further back with --since ${longer}`;
}

export function limitOption(byDefault: number, flags = '--limit <n>'): Option {
  return new Option(flags, 'most rows to show').argParser(parseCount).default(byDefault);
}

/** After a list that the default cut, perhaps; whoever gave a limit knows of it. */
export function noteLimit(command: Command, shown: number): void {
  const { limit } = command.opts<{ limit: number }>();
  if (shown >= limit && command.getOptionValueSource('limit') === 'default')
    note(`the first ${limit}; --limit ${10 * limit} shows more, if there are more`);
}

export function levelOption(): Option {
  return new Option('--level <level>', `this level or worse (${LEVELS.join(', ')})`).argParser(parseLevel);
}

export function queueOption(description: string): Option {
  return new Option('--queue <url>', description).env('ROWTRACE_QUEUE').argParser(parseQueueUrl);
}

export function queueNameOption(): Option {
  return new Option('--queue-name <name>', 'name of the queues: <name>.0, <name>.1 …, <name>.dead').default('rowtrace');
}

export function shardsOption(): Option {
  return new Option('--shards <n>', 'how many queues there are; the same for all receivers and workers')
    .argParser(wholeUpTo(100))
    .default(1);
}

/** What onDatabase() adds. */
export interface DatabaseFlags {
  dir?: string;
  json?: boolean;
}

/** What onReport() adds. */
export interface ReportFlags extends DatabaseFlags {
  md?: boolean;
}

/** What onList() and sinceOption() add. */
export interface ListFlags extends ReportFlags {
  since: Date;
  limit: number;
}

/** What every command on a database takes. */
export function onDatabase(command: Command, json = true): Command {
  command.option(
    '--dir <folder>',
    'folder of the journals and of the embedded database (default: ROWTRACE_DIR or ./.rowtrace)',
  );
  return json ? command.option('--json', 'print JSON for programs') : command;
}

/** And what is shown to people. */
export function onReport(command: Command): Command {
  const markdown = new Option('--md', 'print Markdown, to hand to a person or a coding assistant').conflicts('json');
  return onDatabase(command.addOption(markdown));
}

/** And is a list of rows. @param limit the default */
export function onList(command: Command, limit: number): Command {
  return onReport(command.addOption(limitOption(limit)));
}

/** Who acts, for the history of an issue. */
export function actorOption(): Option {
  return new Option('--actor <name>', 'who does it, for the history')
    .argParser((text) => {
      if (text.trim() === '' || text.length > 200) throw new InvalidArgumentError('Expected a name.');
      return text.trim();
    })
    .default(userName(), 'your user name');
}

function userName(): string {
  try {
    return userInfo().username || 'unknown';
  } catch {
    // A user id without an entry in /etc/passwd, as in many containers.
    return process.env.USER || process.env.USERNAME || 'unknown';
  }
}

/** A blank line and examples under the help of a command. */
export function examples(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}
