// What the commands share that change an issue: options, and what is said afterwards (what was done, how it is undone).

import type { Command } from 'commander';
import { loadOptions } from '../options/options.ts';
import type { Issue } from '../query/issues.ts';
import type { Db } from '../store/db.ts';
import type { Acted } from '../triage/index.ts';
import { actorOption, type DatabaseFlags, examples, onDatabase } from './arguments.ts';
import { withDatabase } from './open-database.ts';
import { escapeLine, safeJson } from './output/escape.ts';
import { print } from './output/terminal.ts';

export interface ActFlags extends DatabaseFlags {
  actor: string;
}

export interface Act {
  /** Returns the issue as it is afterwards. */
  work: (db: Db, schema: string) => Promise<Acted>;
  /** "API-12 is resolved." */
  said: (issue: Issue) => string;
  /** A command that takes it back. */
  undo: (issue: Issue) => string;
}

export function actionCommand(command: Command, ...lines: string[]): Command {
  return examples(onDatabase(command.addOption(actorOption())), ...lines);
}

export async function act({ dir, json }: ActFlags, { work, said, undo }: Act): Promise<void> {
  const options = loadOptions({ dir });
  const issue = await withDatabase(options, (db) => work(db, options.schema));
  if (json) return print(safeJson(issue, 2));
  if (issue.unchanged) return print(`${escapeLine(said(issue))} It was so before; nothing was changed.`);
  print(`${escapeLine(said(issue))}\n  undo: ${escapeLine(undo(issue))}`);
}

export function undoIssue({ friendly_id }: Issue): string {
  return `rowtrace undo ${friendly_id}`;
}
