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
  /** Not null. */
  required: boolean;
  generated: boolean;
  /** Has a value where none is given. */
  filled: boolean;
}

/** Whether the source has rows of a kind in the table that is looked at. */
type HasRows = (condition: string) => Promise<boolean>;

/** Table → names of columns that only the target has. @throws ColumnsDiffer, before anything is copied */
export async function matchColumns(
  from: Queryable,
  to: Queryable,
  schema: string,
  tables: readonly string[],
): Promise<Map<string, string[]>> {
  const [ours, theirs] = [await columnsOf(from, schema), await columnsOf(to, schema)];
  // Each table as it is in the source, where the other may lack a column or have it of another type.
  const promoted = new Map<string, PromotedColumns>();
  for (const table of PROMOTED_TABLES) promoted.set(table, await promotedColumns(from, schema, table));
  const differences: string[] = [];
  const more = new Map<string, string[]>();
  for (const table of tables) {
    const [here, there] = [ours.get(table)!, theirs.get(table)];
    if (!there) {
      differences.push(`table ${table} is missing there`);
      continue;
    }
    const has: HasRows = async (condition) => {
      const name = `${quoteName(schema)}.${quoteName(table)}`;
      return (await from.query(`select from ${name} where ${condition} limit 1`)).length > 0;
    };
    for (const [name, column] of here) {
      const found = there.get(name);
      const canBeMade = Object.hasOwn(promoted.get(table) ?? {}, name);
      if (!found && !canBeMade) differences.push(`column ${name} (${column.type}) of ${table} is missing there`);
      const difference = found && (await differenceOf(name, column, found, has));
      if (difference) differences.push(`column ${name} of ${table} ${difference}`);
    }
    const beyond = [...there].filter(([name]) => !here.has(name));
    for (const [name, column] of beyond) {
      const difference = await beyondOf(column, has);
      if (difference) differences.push(`column ${name} of ${table} ${difference}`);
    }
    const names = beyond.map(([name]) => name);
    more.set(table, names);
  }
  if (differences.length > 0) throw new ColumnsDiffer(differences);
  for (const [table, columns] of promoted)
    for (const { sql } of await missingColumns(to, schema, columns, [table as (typeof PROMOTED_TABLES)[number]]))
      await to.query(sql);
  return more;
}

/** Of a column that both have. */
async function differenceOf(name: string, here: Column, there: Column, has: HasRows): Promise<string | undefined> {
  if (there.kind !== here.kind) return `is ${there.type} there and ${here.type} here`;
  if (there.generated && !here.generated) return 'is generated there, not here';
  if (there.required && !here.required && (await has(`"${name.replaceAll('"', '""')}" is null`)))
    return 'may not be null there and is null in rows here';
  return undefined;
}

/** Of one that only the target has: what it has in the rows to come is not what they are here. */
async function beyondOf({ filled, required }: Column, has: HasRows): Promise<string | undefined> {
  if (!(filled || required) || !(await has('true'))) return undefined;
  return filled ? 'is filled there, not here' : 'may not be null there and is missing here';
}

/**
 * What of a row is given to the target, as a list; what that makes itself is not, and the digest tells whether it is the
 * same.
 */
export async function givenColumns(from: Queryable, to: Queryable, table: string): Promise<string> {
  const [columns, generated] = [await columnNames(from, table), await columnNames(to, table, true)];
  const given = columns.filter((column) => !generated.includes(column));
  return given.map((column) => `"${column.replaceAll('"', '""')}"`).join(', ');
}

async function columnNames(tx: Queryable, table: string, onlyGenerated = false): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `select attname as name from pg_catalog.pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped ${onlyGenerated ? `and attgenerated <> ''` : ''}
     order by attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

async function columnsOf(tx: Queryable, schema: string): Promise<Map<string, Map<string, Column>>> {
  const rows = await tx.query<Column & { table: string; name: string }>(
    `select c.relname as table, a.attname as name, t.typname || ' ' || a.atttypmod as kind,
       pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull as required, a.attgenerated <> '' as generated, a.atthasdef or a.attidentity <> '' as filled
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_class c on c.oid = a.attrelid
     join pg_catalog.pg_type t on t.oid = a.atttypid
     where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and not c.relispartition
       and a.attnum > 0 and not a.attisdropped
     order by c.relname, a.attnum`,
    [quoteName(schema)],
  );
  const tables = new Map<string, Map<string, Column>>();
  for (const { table, name, ...column } of rows) {
    const columns = tables.get(table) ?? new Map<string, Column>();
    tables.set(table, columns.set(name, column));
  }
  return tables;
}
