// `rowtrace merge <into> <from…>`: several issues are one bug.

import type { Command } from 'commander';
import { mergeIssues } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand, undoIssue } from '../act.ts';
import { parseIssue } from '../arguments.ts';
import { count } from '../output/format.ts';

export function register(program: Command): void {
  const command = program
    .command('merge')
    .description('make several issues one: keys and counts go to the first, ids of the others lead there')
    .argument('<into>', 'the issue to keep', parseIssue)
    .argument('<from...>', 'issues of the same service', (text: string, before: string[] = []) => [
      ...before,
      parseIssue(text),
    ]);
  actionCommand(command, 'rowtrace merge API-12 API-15 API-17');
  command.action((into: string, from: string[], flags: ActFlags) =>
    act(flags, {
      work: (db, schema) => mergeIssues(db, schema, { into, from, actor: flags.actor }),
      said: (issue) =>
        `${from.join(', ')} ${from.length > 1 ? 'are' : 'is'} part of ${issue.friendly_id} now, which counts ${count(issue.count)}.`,
      undo: undoIssue,
    }),
  );
}
