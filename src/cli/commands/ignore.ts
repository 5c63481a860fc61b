// `rowtrace ignore <issue>`: not worth anybody's time, for good or until a condition is met.

import type { Command } from 'commander';
import { ignoreIssue, MAX_IGNORE_COUNT } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand, undoIssue } from '../act.ts';
import { parseIssue, parseSpan, parseUntil, wholeUpTo } from '../arguments.ts';
import { statusText } from '../issue/life.ts';

interface Flags extends ActFlags {
  until?: Date;
  count?: number;
  per?: number;
}

export function register(program: Command): void {
  const command = program
    .command('ignore')
    .description('ignore an issue: for good, until a time, or until it occurs so many times more')
    .argument('<issue>', 'friendly id or number', parseIssue)
    .option('--until <time>', 'open again then: 2w, or a date in local time', (text) => parseUntil(text))
    .option('--count <n>', 'open again after so many more occurrences', wholeUpTo(MAX_IGNORE_COUNT))
    .option('--per <span>', 'that many within such a span: 1h', parseSpan);
  actionCommand(
    command,
    'rowtrace ignore API-12',
    'rowtrace ignore API-12 --until 2w',
    'rowtrace ignore API-12 --count 100 --per 1h',
  );
  command.action(run);
}

async function run(issue: string, { until, count, per: periodMillis, ...flags }: Flags): Promise<void> {
  const conditions = Object.fromEntries(
    Object.entries({ until, count, periodMillis }).filter(([, value]) => value !== undefined),
  );
  await act(flags, {
    work: (db, schema) => ignoreIssue(db, schema, { issue, ...conditions, actor: flags.actor }),
    said: (ignored) => `${ignored.friendly_id} is ${statusText(ignored)}.`,
    undo: undoIssue,
  });
}
