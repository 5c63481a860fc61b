// `rowtrace split <issue> <key…>`: one issue is two bugs.

import type { Command } from 'commander';
import { splitIssue } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand } from '../act.ts';
import { parseIssue } from '../arguments.ts';
import { count } from '../output/format.ts';

export function register(program: Command): void {
  const command = program
    .command('split')
    .description('make some keys of an issue an issue of their own; `rowtrace issue` shows the keys')
    .argument('<issue>', 'friendly id or number', parseIssue)
    .argument('<key...>', 'fingerprints, or their first six digits and more');
  actionCommand(command, 'rowtrace split API-12 3f9a0c41d2e8');
  command.action((issue: string, keys: string[], flags: ActFlags) =>
    act(flags, {
      work: (db, schema) => splitIssue(db, schema, { issue, keys, actor: flags.actor }),
      said: (made) => `${made.friendly_id} is an issue of its own now, which counts ${count(made.count)}.`,
      // The last action on the old issue.
      undo: () => `rowtrace undo ${issue}`,
    }),
  );
}
