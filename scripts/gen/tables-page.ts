// docs/tables.md from the tables themselves: migrated into an in-memory PGlite, read back from the catalog.

import { migrate } from '../../src/store/migrate.ts';
import { openPglite } from '../../src/store/pglite.ts';

interface Column {
  relation: string;
  kind: string;
  about: string | null;
  column: string;
  type: string;
  remark: string | null;
}

interface Routine {
  name: string;
  arguments: string;
  result: string;
  about: string | null;
}

export async function tablesPage(): Promise<string> {
  const db = await openPglite(undefined);
  try {
    await migrate(db, { schema: 'rowtrace', columns: {} });
    const columns = await db.query<Column>(`
      select c.relname as relation, c.relkind as kind, obj_description(c.oid) as about, a.attname as "column",
             format_type(a.atttypid, a.atttypmod) as type, col_description(c.oid, a.attnum) as remark
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'rowtrace'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      order by c.relkind = 'v', c.relname, a.attnum`);
    const routines = await db.query<Routine>(`
      select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result,
             obj_description(p.oid) as about
      from pg_proc p where p.pronamespace = 'rowtrace'::regnamespace and obj_description(p.oid) is not null
      order by p.proname, 2`);
    return page(columns, routines);
  } finally {
    await db.close();
  }
}

function page(columns: Column[], routines: Routine[]): string {
  const lines = [
    '# Tables, views and functions',
    '',
    'Generated from the migrations in `src/store/migrations`. Everything lives in the schema `rowtrace` (option `schema`), which the examples leave out: `set search_path = rowtrace, public` first, or write `rowtrace.` in front.',
  ];
  for (const relation of new Set(columns.map((column) => column.relation))) {
    const own = columns.filter((column) => column.relation === relation);
    const kind = own[0]!.kind === 'v' ? 'view' : own[0]!.kind === 'p' ? 'table, partitioned by day' : 'table';
    lines.push(
      '',
      `## ${relation}`,
      '',
      `*${kind}.* ${own[0]!.about ?? ''}`.trim(),
      '',
      '| column | type | |',
      '|---|---|---|',
    );
    for (const { column, type, remark } of own) lines.push(`| \`${column}\` | ${type} | ${remark ?? ''} |`);
  }
  lines.push('', '## Functions', '');
  for (const { name, arguments: given, result, about } of routines)
    lines.push(`- \`${name}(${given}) → ${result}\`: ${about}`);
  return `${lines.join('\n')}\n`;
}
