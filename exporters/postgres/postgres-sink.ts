// The Postgres end of the pipe: batches in, rows of the tables out. Also serves PGlite, behind the same Db. Loses
// nothing: a batch is written whole or not at all, and delivered twice it changes nothing.

import { type Batch, type Sink, SinkError } from '../../src/deliver/sink.ts';
import { RowtraceError } from '../../src/errors.ts';
import { latencyBaselines } from '../../src/query/baselines.ts';
import type { DeadLetterRow, PromotedColumns } from '../../src/record/row.ts';
import { checkSchema } from '../../src/store/check-schema.ts';
import type { Db } from '../../src/store/db.ts';
import { quoteName } from '../../src/store/identifiers.ts';
import { checkServer, migrate } from '../../src/store/migrate.ts';
import { presentColumns } from '../../src/store/promoted-columns.ts';
import { BatchStore } from './batch-store.ts';
import { classifyError } from './classify-error.ts';
import { type KeepDays, type Maintenance, startMaintenance } from './maintenance.ts';
import type { Target } from './statements/statement.ts';
import { writeDeadLetters } from './write-batch.ts';

export interface PostgresSinkOptions {
  /** Opens the database; called once, on the first open(). */
  open: () => Promise<Db>;
  /** Default: "rowtrace". */
  schema?: string | undefined;
  columns?: PromotedColumns | undefined;
  /** Whether open() migrates. Off: it fails with `config` while tables are missing or older. Default: true. */
  migrate?: boolean | undefined;
  /** Names the database in messages, as a URL or otherwise; a password in it is masked. */
  database?: string | undefined;
  /** How often counters are folded, in milliseconds. Default: 5,000. */
  foldEveryMillis?: number | undefined;
  /** Full rows of one fingerprint a minute: five times so many of all processes together, others are counted. Default: no limit. */
  stormRows?: number | undefined;
  /** How many days rows are kept, by kind. Default: for ever. */
  keepDays?: KeepDays | undefined;
}

export function createPostgresSink(options: PostgresSinkOptions): Sink {
  const { schema = 'rowtrace', columns = {}, database = 'given' } = options;
  let db: Db | undefined;
  /** Exporters share a sink, and may open it side by side. */
  let opening: Promise<Db> | undefined;
  let target: Target | undefined;
  let store: BatchStore | undefined;
  let maintenance: Maintenance | undefined;

  async function open(): Promise<void> {
    opening ??= options.open();
    try {
      db = await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
    if (options.migrate ?? true) await migrate(db, { schema, columns });
    else await requireSchema(db, schema);
    const promoted = {
      error_logs: await presentColumns(db, schema, 'error_logs', columns),
      http_calls: await presentColumns(db, schema, 'http_calls', columns),
    };
    target = { schema: quoteName(schema), promoted };
    // Before the first write, so that nothing of today has to move. What stands in its way, maintenance tries again.
    await db.query(`select ${target.schema}.ensure_partitions()`).catch(() => undefined);
    store = new BatchStore(db, target, options.stormRows);
    maintenance ??= startMaintenance(db, schema, options.foldEveryMillis ?? 5_000, options.keepDays);
  }

  function opened<T>(part: T | undefined): T {
    if (part === undefined) throw new SinkError('outage', 'The sink is not open.');
    return part;
  }

  async function classified<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw classifyError(error, { schema, database });
    }
  }

  return {
    open: () => classified(open),
    prepare: (batch: Batch) => store?.prepare(batch),
    write: (batch: Batch) =>
      classified(async () => {
        const result = await opened(store).write(batch);
        maintenance?.wrote();
        return result;
      }),
    deadLetter: (rows: DeadLetterRow[]) =>
      classified(() => opened(db).transaction((tx) => writeDeadLetters(tx, opened(target), rows))),
    // Between two writes: it waits for nothing and nobody waits for it.
    baselines: (place) => classified(() => latencyBaselines(opened(db), schema, place)),
    close: async () => {
      await maintenance?.stop();
      maintenance = target = store = undefined;
      await db?.close();
      db = opening = undefined;
    },
  };
}

/** @throws RowtraceError RT_SERVER_TOO_OLD, RT_DATABASE_ENCODING, RT_SCHEMA_MISSING, RT_SCHEMA_NEWER */
async function requireSchema(db: Db, schema: string): Promise<void> {
  await checkServer(db);
  const { state, newer } = await checkSchema(db, schema);
  if (state === 'newer') throw new RowtraceError('RT_SCHEMA_NEWER', [schema, newer]);
  if (state !== 'ok') throw new RowtraceError('RT_SCHEMA_MISSING', [schema]);
}
