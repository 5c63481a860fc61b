// Goes ahead of letters, rows and counts: writers of one process take turns until they commit. An occurrence is a row, a count, a
// letter or part of another one, in tables that no unique key spans; who looks into the other table must not miss what a
// second writer of the same occurrence (the connection was cut during its commit, the server goes on with it) is about to
// commit there. Of different processes nobody waits; those of one would at the ledger anyway.

import { toJson } from '../encode.ts';
import type { Statement, Target } from './statement.ts';

/** Bounds what a batch of many processes takes of the server's table of locks. */
const TURNS = 256;

/** None where no row says whose it is. */
export function takeTurns(target: Target, rows: readonly { process?: string | undefined }[]): Statement[] {
  const processes = new Set(rows.flatMap(({ process }) => process ?? []));
  if (processes.size === 0) return [];
  const text = `
    select pg_advisory_xact_lock(hashtext('rowtrace turns ' || $1), turn)
    from (select distinct abs(hashtext(process) % ${TURNS}) as turn from json_array_elements_text($2::json) process order by turn) t`;
  return [{ text, values: [target.schema, toJson([...processes])] }];
}
