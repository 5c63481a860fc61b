// Whether rows of one database fit into the tables of another. Columns of both in; out go the promoted ones that the target
// lacks, made there, and the names of those that it has beyond the source's.

import type { PromotedColumns } from '../record/row.ts';
import type { Queryable } from './db.ts';
import { quoteName } from './identifiers.ts';
import { missingColumns, PROMOTED_TABLES, promotedColumns } from './promoted-columns.ts';

/** One sentence part a column: "column vet_id of error_logs is integer there and text here". */
export class ColumnsDiffer extends Error {
  constructor(differences: readonly string[]) {
    super(differences.join('; '));
  }
}

interface Column {
  /** The same in every database; format_type() depends on the search path. */
  kind: string;
  type: string;
}

/** Table → names of columns that only the target has. @throws ColumnsDiffer */
export async function matchColumns(
  from: Queryable,
  to: Queryable,
  schema: string,
  tables: readonly string[],
): Promise<Map<string, string[]>> {
  const [ours, theirs] = [await columnsOf(from, schema), await columnsOf(to, schema)];
  const promoted = await promotedColumns(from, schema);
  const differences: string[] = [];
  const more = new Map<string, string[]>();
  for (const table of tables) {
    const [here, there] = [ours.get(table)!, theirs.get(table)];
    if (!there) {
      differences.push(`table ${table} is missing there`);
      continue;
    }
    for (const [name, { kind, type }] of here) {
      const found = there.get(name);
      if (found && found.kind !== kind)
        differences.push(`column ${name} of ${table} is ${found.type} there and ${type} here`);
      if (!found && !canBeMade(table, name, promoted))
        differences.push(`column ${name} (${type}) of ${table} is missing there`);
    }
    more.set(
      table,
      [...there.keys()].filter((name) => !here.has(name)),
    );
  }
  if (differences.length > 0) throw new ColumnsDiffer(differences);
  for (const { sql } of await missingColumns(to, schema, promoted)) await to.query(sql);
  return more;
}

function canBeMade(table: string, name: string, promoted: PromotedColumns): boolean {
  return (PROMOTED_TABLES as readonly string[]).includes(table) && Object.hasOwn(promoted, name);
}

async function columnsOf(tx: Queryable, schema: string): Promise<Map<string, Map<string, Column>>> {
  const rows = await tx.query<Column & { table: string; name: string }>(
    `select c.relname as table, a.attname as name, t.typname || ' ' || a.atttypmod as kind,
       pg_catalog.format_type(a.atttypid, a.atttypmod) as type
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_type t on t.oid = a.atttypid
     where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and not c.relispartition
       and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`,
    [quoteName(schema)],
  );
  const tables = new Map<string, Map<string, Column>>();
  for (const { table, name, kind, type } of rows) {
    const columns = tables.get(table) ?? new Map<string, Column>();
    tables.set(table, columns.set(name, { kind, type }));
  }
  return tables;
}
