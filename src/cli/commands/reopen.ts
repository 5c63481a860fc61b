// `rowtrace reopen <issue>`: neither resolved nor ignored any more.

import type { Command } from 'commander';
import { reopenIssue } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand, undoIssue } from '../act.ts';
import { parseIssue } from '../arguments.ts';

export function register(program: Command): void {
  const command = program
    .command('reopen')
    .description('open an issue that was resolved, ignored or regressed')
    .argument('<issue>', 'friendly id or number', parseIssue);
  actionCommand(command, 'rowtrace reopen API-12');
  command.action((issue: string, flags: ActFlags) =>
    act(flags, {
      work: (db, schema) => reopenIssue(db, schema, { issue, actor: flags.actor }),
      said: ({ friendly_id }) => `${friendly_id} is open.`,
      undo: undoIssue,
    }),
  );
}
