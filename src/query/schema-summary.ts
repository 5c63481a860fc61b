// Is the database fit for us? Server, clock, rights, schema and partitions, for `rowtrace doctor`.

import type { PromotedColumns } from '../record/row.ts';
import { checkSchema, type SchemaState } from '../store/check-schema.ts';
import type { Queryable } from '../store/db.ts';
import { quoteName } from '../store/identifiers.ts';

export interface ServerSummary {
  version: string;
  role: string;
  database: string;
  /** Server's clock minus ours, in milliseconds; off by the time one query takes. */
  clockSkewMillis: number;
  canCreateSchema: boolean;
  lz4: boolean;
}

export interface StorageSummary {
  /** Of all tables of the schema with their indexes. */
  sizeBytes: number;
  partitions: number;
  /** First and last day that have a partition of error_logs, "2026-01-31". */
  firstDay: string | null;
  lastDay: string | null;
  /** The server's day. */
  today: string;
  /** Rows in the default partition of error_logs, counted up to 1,000. */
  stragglers: number;
  /** Counts not folded yet, counted up to 100,000; many mean that nobody folds. */
  unfoldedDeltas: number;
  /** Records that were refused, counted up to 100,000. */
  deadLetters: number;
  /** What the role needs to store rows and does not have: "insert on error_logs", "usage on issues_id_seq". */
  missingRights: string[];
  /** Whether the role may call apply_retention(), which is nobody's but its owner's until it is granted. */
  canDrop: boolean;
}

export interface SchemaSummary {
  server: ServerSummary;
  schema: SchemaState;
  /** Absent while there is no schema of ours. */
  storage?: StorageSummary;
}

export async function summariseSchema(
  db: Queryable,
  schema: string,
  columns: PromotedColumns = {},
): Promise<SchemaSummary> {
  const [row] = await db.query<Omit<ServerSummary, 'clockSkewMillis'> & { now: Date }>(
    `select current_setting('server_version') as version, current_user as role, current_database() as database,
       clock_timestamp() as now, has_database_privilege(current_database(), 'create') as "canCreateSchema",
       exists (select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)) as lz4`,
  );
  const { now, ...server } = row!;
  const summary: SchemaSummary = {
    server: { ...server, clockSkewMillis: now.getTime() - Date.now() },
    schema: await checkSchema(db, schema, columns),
  };
  const complete = summary.schema.state === 'ok' || summary.schema.state === 'newer';
  if (complete && summary.schema.drift.length === 0) summary.storage = await summariseStorage(db, schema);
  return summary;
}

async function summariseStorage(db: Queryable, schema: string): Promise<StorageSummary> {
  const quoted = quoteName(schema);
  const [row] = await db.query<StorageSummary>(
    `select
       (select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class
        where relnamespace = $1::regnamespace and relkind in ('r', 'm')) as "sizeBytes",
       (select count(*) from pg_inherits where inhparent = $2::regclass) as partitions,
       day.first as "firstDay", day.last as "lastDay", to_char(now() at time zone 'UTC', 'YYYY-MM-DD') as today,
       (select count(*) from (select from ${quoted}.error_logs_default limit 1000) s) as stragglers,
       (select count(*) from (select from ${quoted}.issue_deltas limit 100000) d) as "unfoldedDeltas",
       (select count(*) from (select from ${quoted}.dead_letters limit 100000) l) as "deadLetters",
       array(select format('%s on %I', privilege, c.relname)
        from pg_class c cross join unnest(array['select', 'insert', 'update', 'delete']) with ordinality p (privilege, nr)
        where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname not in ('api_keys', 'migrations') and not has_table_privilege(c.oid, privilege)
        order by c.relname, nr)
       || array(select 'usage on issues_id_seq' where not has_sequence_privilege($3, 'usage')) as "missingRights",
       has_function_privilege($4, 'execute') as "canDrop"
     from (
       select min(day.text) as first, max(day.text) as last
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
       cross join lateral (select to_char(to_date(right(c.relname::text, 8), 'YYYYMMDD'), 'YYYY-MM-DD') as text) day
       where i.inhparent = $2::regclass and c.relname ~ '^error_logs_[0-9]{8}$'
     ) day`,
    [quoted, `${quoted}.error_logs`, `${quoted}.issues_id_seq`, `${quoted}.apply_retention(int, int, int, int)`],
  );
  return row!;
}
