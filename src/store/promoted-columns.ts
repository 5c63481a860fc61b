// Promoted columns: the user's own attributes as typed, indexed columns of error_logs and http_calls. The option and the
// tables in, the statements that are missing out.

import { RowtraceError } from '../errors.ts';
import { OWN_COLUMNS, type PromotedColumns, type PromotedType } from '../record/row.ts';
import type { Queryable } from './db.ts';
import { isPlainName, quoteName } from './identifiers.ts';

export const PROMOTED_TABLES = ['error_logs', 'http_calls'] as const;
export type PromotedTable = (typeof PROMOTED_TABLES)[number];

/** format_type() of each promoted type. */
const DATABASE_TYPES: Record<PromotedType, string> = {
  integer: 'integer',
  bigint: 'bigint',
  numeric: 'numeric',
  boolean: 'boolean',
  text: 'text',
  uuid: 'uuid',
  timestamptz: 'timestamp with time zone',
};

export interface ColumnStep {
  /** "column vet_id integer on error_logs" */
  name: string;
  sql: string;
}

/** Column name → type as Postgres writes it. Empty when there is no such table. */
async function tableColumns(tx: Queryable, schema: string, table: string): Promise<Map<string, string>> {
  const rows = await tx.query<{ name: string; type: string }>(
    `select a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type
     from pg_catalog.pg_attribute a
     where a.attrelid = pg_catalog.to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [`${quoteName(schema)}.${table}`],
  );
  return new Map(rows.map((row) => [row.name, row.type]));
}

/**
 * What has to be done so that every promoted column exists, in both tables or those given, with an index.
 *
 * @throws RowtraceError RT_COLUMN_TYPE when a column of that name has another type, RT_OPTION_INVALID when it is Rowtrace's own
 */
export async function missingColumns(
  tx: Queryable,
  schema: string,
  columns: PromotedColumns,
  tables: readonly PromotedTable[] = PROMOTED_TABLES,
): Promise<ColumnStep[]> {
  const own = Object.keys(columns).find((name) => OWN_COLUMNS.has(name));
  if (own !== undefined)
    throw new RowtraceError('RT_OPTION_INVALID', [
      `columns = "${own}"`,
      'it is a column of every row already; expected another name',
    ]);
  const steps: ColumnStep[] = [];
  for (const table of tables) {
    const present = await tableColumns(tx, schema, table);
    for (const [name, type] of Object.entries(columns)) {
      const found = present.get(name);
      if (found === undefined) steps.push(columnStep(schema, table, name, type));
      else if (found !== DATABASE_TYPES[type]) throw new RowtraceError('RT_COLUMN_TYPE', [name, table, found, type]);
    }
  }
  return steps;
}

/** What a table has beside Rowtrace's own columns, as far as names and types can be promoted. */
export async function promotedColumns(tx: Queryable, schema: string, table: PromotedTable): Promise<PromotedColumns> {
  const types = new Map(Object.entries(DATABASE_TYPES).map(([type, name]) => [name, type as PromotedType]));
  const found: Record<string, PromotedType> = {};
  for (const [name, type] of await tableColumns(tx, schema, table))
    if (!OWN_COLUMNS.has(name) && isPlainName(name) && types.has(type)) found[name] = types.get(type)!;
  return found;
}

function columnStep(schema: string, table: PromotedTable, name: string, type: PromotedType): ColumnStep {
  const [target, column] = [`${quoteName(schema)}.${table}`, quoteName(name, 'columns')];
  return {
    name: `column ${name} ${type} on ${table}`,
    // Partial: most rows of a mixed log have no such attribute, and only rows that have it are looked for by it.
    sql: `alter table ${target} add column ${column} ${type};
          create index "${table}_column_${name}" on ${target} (${column}) where ${column} is not null;`,
  };
}

/** The promoted columns that a table really has, with the type asked for: only these may be written. */
export async function presentColumns(
  tx: Queryable,
  schema: string,
  table: PromotedTable,
  columns: PromotedColumns,
): Promise<PromotedColumns> {
  const present = await tableColumns(tx, schema, table);
  return Object.fromEntries(
    Object.entries(columns).filter(
      ([name, type]) => present.get(name) === DATABASE_TYPES[type] && !OWN_COLUMNS.has(name),
    ),
  );
}
