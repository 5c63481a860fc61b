// `rowtrace resolve <issue>`: the bug is fixed; should it come back, the issue regresses.

import { type Command, Option } from 'commander';
import { resolveIssue } from '../../triage/index.ts';
import { type ActFlags, act, actionCommand, undoIssue } from '../act.ts';
import { parseIssue } from '../arguments.ts';
import { statusText } from '../issue/life.ts';

interface Flags extends ActFlags {
  /** true: the newest release. */
  inRelease?: string | true;
  nextRelease?: true;
}

export function register(program: Command): void {
  const command = program
    .command('resolve')
    .description('mark an issue as fixed; it regresses when it comes back')
    .argument('<issue>', 'friendly id or number', parseIssue)
    .option(
      '--in-release [release]',
      'in this release (default: the newest): it regresses in a newer one only, not in this one',
    )
    .addOption(new Option('--next-release', 'fixed in a release that is not out yet').conflicts('inRelease'));
  actionCommand(
    command,
    'rowtrace resolve API-12',
    'rowtrace resolve API-12 --in-release 1.4.0',
    'rowtrace resolve API-12 --next-release',
  );
  command.action(run);
}

async function run(issue: string, { inRelease, nextRelease, ...flags }: Flags): Promise<void> {
  const how = nextRelease ? 'next-release' : inRelease === undefined ? 'now' : 'release';
  const release = typeof inRelease === 'string' ? { release: inRelease } : {};
  await act(flags, {
    work: (db, schema) => resolveIssue(db, schema, { issue, how, ...release, actor: flags.actor }),
    said: (resolved) => `${resolved.friendly_id} is ${statusText(resolved)}.`,
    undo: undoIssue,
  });
}
