// Copies all tables of our schema from one database into another that has none of their rows yet, in one transaction:
// whole or not at all, so an interrupted copy is simply made again. Verified before the commit, by count and digest.

import { attended } from './attended.ts';
import { ColumnsDiffer, givenColumns, matchColumns } from './copy-columns.ts';
import type { Db, Queryable, Transaction } from './db.ts';
import { quoteName } from './identifiers.ts';

export interface TableDigest {
  table: string;
  rows: number;
  /** Sum of the hashes of the rows: the same wherever the same rows are. */
  digest: string;
}

export interface CopyProgress {
  table: string;
  rows: number;
}

/** Filled by a migration: not rows of anybody's, and replaced by those of the source. */
const SEEDED: readonly string[] = ['latency_levels'];
const ROWS_AT_ONCE = 500;
const COUNTS_AT_ONCE = 20_000;
/** A portion is small; a digest reads a table once. */
const STATEMENT_TIMEOUT_MILLIS = 10 * 60_000;

export interface Copy {
  tables: TableDigest[];
  /** False when the same rows were there already. */
  copied: boolean;
}

/**
 * Promoted columns of the source are made in the target. A column that only the target has is no difference while it is null.
 *
 * @throws ColumnsDiffer when rows of the source do not fit into the tables of the target; CopyConflict when the target has rows that the source has not in the same number and form; CopySourceLost when the
 * source could not be read to its end
 */
export async function copySchema(
  source: Db,
  target: Db,
  schema: string,
  onProgress: (progress: CopyProgress) => void = () => {},
): Promise<Copy> {
  const options = { statementTimeoutMillis: STATEMENT_TIMEOUT_MILLIS };
  const outcome: { done?: Copy } = {};
  const copy = async (from: Queryable) => {
    outcome.done = await target.transaction((to) => copyTables(orLost(from), to, schema, onProgress), options);
  };
  try {
    await source.transaction((tx) => attended(tx, copy), options);
  } catch (error) {
    // All is committed over there: how the reading ends changes nothing.
    if (outcome.done === undefined) throw error;
  }
  return outcome.done!;
}

async function copyTables(
  from: Queryable,
  to: Transaction,
  schema: string,
  onProgress: (progress: CopyProgress) => void,
): Promise<Copy> {
  for (const tx of [from, to]) await tx.query(`set local timezone to 'UTC'`);
  await foldCounts(from, schema);
  const tables = await tablesOf(from, schema);
  const more = await matchColumns(from, to, schema, tables);
  const wanted = await digestsOf(from, schema, tables);
  // Counted first: to digest a million rows takes two minutes, and nobody else may use the embedded database meanwhile.
  if (isTaken(wanted, await countsOf(to, schema, wanted))) {
    isTaken(wanted, await digestsOf(to, schema, tables, more));
    return { tables: wanted, copied: false };
  }
  // A row may come before the one of its own table that it refers to, in another portion.
  await to.query('set constraints all deferred');
  for (const table of tables) await copyTable(from, to, schema, table, onProgress);
  const [wrong] = differing(wanted, await digestsOf(to, schema, tables, more));
  if (wrong && more.get(wrong.table)!.length > 0)
    throw new ColumnsDiffer(
      more.get(wrong.table)!.map((name) => `column ${name} of ${wrong.table} is filled there, not here`),
    );
  if (wrong) throw new Error(`${wrong.table} is not the same in both databases after the copy; nothing was kept`);
  await moveSequences(to, schema);
  return { tables: wanted, copied: true };
}

/** Whoever looks after the source folds them sooner or later: the same counts, in other rows than a copy before that has. */
async function foldCounts(from: Queryable, schema: string): Promise<void> {
  const fold = `select ${quoteName(schema)}.fold_issue_deltas(${COUNTS_AT_ONCE}) as folded`;
  for (let folded = COUNTS_AT_ONCE; folded >= COUNTS_AT_ONCE; ) {
    const [row] = await from.query<{ folded: number }>(fold);
    folded = Number(row!.folded);
  }
}

/** @throws CopyConflict when the rows are others */
function isTaken(wanted: readonly TableDigest[], there: readonly TableDigest[]): boolean {
  if (!there.some(({ table, rows }) => rows > 0 && !SEEDED.includes(table))) return false;
  const other = differing(wanted, there).filter(({ table }) => !SEEDED.includes(table));
  if (other.length > 0) throw new CopyConflict(other.filter(({ rows }) => rows > 0).concat(other));
  return true;
}

export class CopySourceLost extends Error {
  constructor(error: Error) {
    super(error.message, { cause: error });
  }
}

function orLost(from: Queryable): Queryable {
  return {
    query: (text, values) =>
      from.query<never>(text, values).catch((error) => {
        throw new CopySourceLost(error);
      }),
  };
}

export class CopyConflict extends Error {
  readonly table: TableDigest;
  constructor(tables: readonly TableDigest[]) {
    const [first] = tables;
    super(`${first!.rows} row${first!.rows === 1 ? '' : 's'} in ${first!.table}`);
    this.table = first!;
  }
}

/** Tables in an order in which every row finds those of other tables that it refers to. */
async function tablesOf(tx: Queryable, schema: string): Promise<string[]> {
  const names = await tx.query<{ name: string }>(
    `select relname as name from pg_catalog.pg_class
     where relnamespace = to_regnamespace($1) and relkind in ('r', 'p') and not relispartition and relname <> 'migrations'
     order by relname`,
    [quoteName(schema)],
  );
  const references = await tx.query<{ child: string; parent: string }>(
    `select c.relname as child, p.relname as parent
     from pg_catalog.pg_constraint f
     join pg_catalog.pg_class c on c.oid = f.conrelid
     join pg_catalog.pg_class p on p.oid = f.confrelid
     where f.contype = 'f' and c.relnamespace = to_regnamespace($1) and c.oid <> p.oid and not c.relispartition`,
    [quoteName(schema)],
  );
  const ordered: string[] = [];
  const left = new Set(names.map(({ name }) => name));
  while (left.size > 0) {
    const ready = [...left].filter(
      (name) => !references.some(({ child, parent }) => child === name && left.has(parent)),
    );
    for (const name of ready.length > 0 ? ready : left) {
      ordered.push(name);
      left.delete(name);
    }
  }
  return ordered;
}

/** The digests that are wanted, with the numbers of rows that are there. */
async function countsOf(tx: Queryable, schema: string, wanted: readonly TableDigest[]): Promise<TableDigest[]> {
  const found: TableDigest[] = [];
  for (const digest of wanted) {
    const name = `${quoteName(schema)}.${quoteName(digest.table)}`;
    const [row] = await tx.query<{ rows: number }>(`select count(*) as rows from ${name}`);
    found.push({ ...digest, ...row! });
  }
  return found;
}

/** @param beyond columns of a table that are left out of its rows where all of them are null */
async function digestsOf(
  tx: Queryable,
  schema: string,
  tables: readonly string[],
  beyond: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const table of tables) {
    const names = beyond.get(table) ?? [];
    const filled = 'exists (select from unnest(names) name where to_jsonb(t)->>name is not null)';
    // Of a table without such columns nothing is asked row by row: that takes half as long again.
    const fields =
      names.length === 0 ? 'to_jsonb(t)' : `case when ${filled} then to_jsonb(t) else to_jsonb(t) - names end`;
    const [row] = await tx.query<{ rows: number; digest: string }>(
      `select count(*) as rows, coalesce(sum(hashtextextended((${fields})::text, 0)::numeric), 0)::text as digest
       from ${quoteName(schema)}.${quoteName(table)} t
       cross join (select array(select jsonb_array_elements_text($1::jsonb)) as names) n`,
      [JSON.stringify(names)],
    );
    digests.push({ table, ...row! });
  }
  return digests;
}

/** As the second list has them. */
function differing(one: readonly TableDigest[], other: readonly TableDigest[]): TableDigest[] {
  return other.filter(({ rows, digest }, at) => rows !== one[at]!.rows || digest !== one[at]!.digest);
}

async function copyTable(
  from: Queryable,
  to: Transaction,
  schema: string,
  table: string,
  onProgress: (progress: CopyProgress) => void,
): Promise<void> {
  const name = `${quoteName(schema)}.${quoteName(table)}`;
  const list = await givenColumns(from, to, name);
  if (SEEDED.includes(table)) await to.query(`delete from ${name}`);
  await from.query(`declare rowtrace_copy no scroll cursor for select row_to_json(t)::text as row from ${name} t`);
  for (let rows = 0; ; ) {
    const some = await from.query<{ row: string }>(`fetch ${ROWS_AT_ONCE} from rowtrace_copy`);
    if (some.length === 0) break;
    // As text from one server to the other: no number or time passes through a type of JavaScript.
    await to.query(
      `insert into ${name} (${list}) overriding system value
       select ${list} from json_populate_recordset(null::${name}, $1::json)`,
      [`[${some.map(({ row }) => row).join(',')}]`],
    );
    rows += some.length;
    onProgress({ table, rows });
  }
  await from.query('close rowtrace_copy');
}

async function moveSequences(to: Transaction, schema: string): Promise<void> {
  const sequences = await to.query<{ relation: string; name: string; sequence: string }>(
    `select a.attrelid::regclass::text as relation, a.attname as name, s.sequence
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_class c on c.oid = a.attrelid
     cross join lateral (
       select pg_get_serial_sequence(quote_ident($2) || '.' || quote_ident(c.relname), a.attname) as sequence
     ) s
     where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and not c.relispartition
       and a.attnum > 0 and not a.attisdropped and s.sequence is not null`,
    [quoteName(schema), schema],
  );
  for (const { relation, name, sequence } of sequences)
    await to.query(`select setval($1, greatest(coalesce((select max("${name}") from ${relation}), 0), 1))`, [sequence]);
}
