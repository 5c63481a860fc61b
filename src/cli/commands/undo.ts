// `rowtrace undo [<issue>]`: takes back the last action on an issue, or your own last one.

import type { Command } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { lastAction } from '../../query/last-action.ts';
import type { Db } from '../../store/db.ts';
import { undoAction } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand } from '../act.ts';
import { parseIssue } from '../arguments.ts';
import { statusText } from '../issue/life.ts';
import { count } from '../output/format.ts';

export function register(program: Command): void {
  const command = program
    .command('undo')
    .description('take back the last action on an issue; without one, your own last action')
    .argument('[issue]', 'friendly id or number', parseIssue);
  actionCommand(command, 'rowtrace undo API-12', 'rowtrace undo');
  command.action((issue: string | undefined, flags: ActFlags) =>
    act(flags, {
      work: async (db, schema) => {
        const what = issue === undefined ? { history: await lastOf(db, schema, flags.actor) } : { issue };
        return undoAction(db, schema, { ...what, actor: flags.actor });
      },
      said: (undone) =>
        `Undone: ${undone.friendly_id} is ${statusText(undone)} and counts ${count(undone.count)}; \`rowtrace issue ${undone.friendly_id}\` shows its history.`,
      undo: () => 'do it again; what is undone stays in the history',
    }),
  );
}

async function lastOf(db: Db, schema: string, actor: string): Promise<number> {
  const last = await lastAction(db, schema, actor);
  if (last === undefined) throw new RowtraceError('RT_UNDO_INVALID', [`${actor} did nothing that is not undone yet`]);
  return last.id;
}
