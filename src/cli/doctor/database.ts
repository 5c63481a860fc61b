// The database: reachable, new enough, rights, tables, clock; and what waits in the journals. Changes nothing.

import { RowtraceError } from '../../errors.ts';
import { maskSecret, type Options } from '../../options/options.ts';
import { type SchemaSummary, type StorageSummary, summariseSchema } from '../../query/schema-summary.ts';
import { checkServer } from '../../store/migrate.ts';
import { openPostgres } from '../../store/postgres.ts';
import { explainDatabaseError } from '../explain-error.ts';
import { count } from '../output/format.ts';
import { withProgress } from '../output/terminal.ts';
import { readAddress } from '../owner/address.ts';
import { connectOwner } from '../owner/connect.ts';
import { pendingJournals } from '../pending.ts';
import type { Finding } from './finding.ts';

/** Beyond this, times of rows and times of the server do not fit together. */
const MAX_SKEW_MILLIS = 5_000;
const MANY_DELTAS = 50_000;
/** So long it may take until somebody drops a day. */
const OVERDUE_DAYS = 3;

export async function checkDatabase(options: Options): Promise<Finding[]> {
  const { databaseUrl, dir } = options;
  const name = databaseUrl ? maskSecret(databaseUrl) : `embedded in ${dir}`;
  try {
    const db = databaseUrl
      ? openPostgres(databaseUrl, { max: 1, applicationName: 'rowtrace doctor' })
      : await withProgress('starting the embedded database …', connectOwner(dir));
    const summary = await checkServer(db)
      .then(() => summariseSchema(db, options.schema, options.columns))
      .finally(() => db.close());
    const { version, role, database } = summary.server;
    const reached: Finding = {
      state: 'ok',
      name: 'database',
      text: `${name}: Postgres ${version}, database ${database}, role ${role}`,
    };
    return [
      reached,
      ...psqlHint(options),
      ...checkRights(summary, options),
      ...checkTables(summary, options),
      checkJournals(dir),
    ];
  } catch (error) {
    const explained = explainDatabaseError(error, options);
    if (!(explained instanceof RowtraceError)) throw explained;
    return [{ state: 'problem', name: 'database', text: explained.message, fix: explained.fix }, checkJournals(dir)];
  }
}

function psqlHint({ databaseUrl, dir }: Options): Finding[] {
  const address = databaseUrl ? undefined : readAddress(dir);
  if (!address) return [];
  const port = address.port === 5432 ? '' : ` -p ${address.port}`;
  const password = address.password ? ' (password in owner.json there)' : '';
  return [{ state: 'info', name: 'psql', text: `psql -h ${address.host}${port} -U postgres postgres${password}` }];
}

function checkRights({ server, schema }: SchemaSummary, options: Options): Finding[] {
  const findings: Finding[] = [];
  if (!server.canCreateSchema && schema.state === 'missing')
    findings.push({
      state: 'problem',
      name: 'rights',
      text: `role ${server.role} may not create schema ${options.schema}`,
      fix: 'Run `rowtrace migrate` once as a role that may, or grant create on the database.',
    });
  const skew = server.clockSkewMillis;
  const isOff = Math.abs(skew) > MAX_SKEW_MILLIS;
  findings.push({
    state: isOff ? 'warning' : 'ok',
    name: 'clock',
    text: `the server is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead'}`,
    ...(isOff ? { fix: 'Let both machines keep time by NTP.' } : {}),
  });
  return findings;
}

function checkTables({ server, schema, storage }: SchemaSummary, options: Options): Finding[] {
  const states: Record<typeof schema.state, Finding> = {
    ok: { state: 'ok', name: 'schema', text: `${options.schema} is up to date` },
    missing: {
      state: options.migrate ? 'info' : 'problem',
      name: 'schema',
      text: `${options.schema} is not there yet`,
      fix: 'Run `rowtrace migrate`; an application does so at its start unless ROWTRACE_MIGRATE=off.',
    },
    older: {
      state: options.migrate ? 'warning' : 'problem',
      name: 'schema',
      text: `${options.schema} lacks ${schema.pending.join(', ')}`,
      fix: 'Run `rowtrace migrate`.',
    },
    newer: {
      state: 'problem',
      name: 'schema',
      text: `${options.schema} was migrated by a newer version of Rowtrace`,
      fix: 'Upgrade the rowtrace package here.',
    },
  };
  const findings = [states[schema.state]];
  for (const text of schema.drift)
    findings.push({
      state: 'problem',
      name: 'drift',
      text,
      fix: 'Undo the change, or drop the schema and migrate anew.',
    });
  if (storage === undefined) return findings;
  const [missing] = storage.missingRights;
  if (missing !== undefined) {
    const others = storage.missingRights.length - 1;
    findings.push({
      state: 'problem',
      name: 'rights',
      text: `role ${server.role} lacks ${missing}${others > 0 ? ` and ${count(others)} more` : ''}: it cannot store rows`,
      fix: `Grant select, insert, update, delete on all tables and usage on all sequences in schema ${options.schema}.`,
    });
  } else if (!storage.canDrop)
    findings.push({
      state: 'warning',
      name: 'rights',
      text: `role ${server.role} may not drop what is older than keepDays, and nobody else does unless its role may`,
      fix: `Grant execute on function ${options.schema}.apply_retention.`,
    });
  const size = `${(storage.sizeBytes / 2 ** 20).toFixed(1)} MiB`;
  findings.push({
    state: 'info',
    name: 'storage',
    text: `${size}, ${storage.partitions} partitions up to ${storage.lastDay ?? 'none'}`,
  });
  findings.push(...checkDays(storage, options));
  if (storage.stragglers > 0)
    findings.push({
      state: 'info',
      name: 'stragglers',
      text: `${storage.stragglers} rows of days without a partition`,
    });
  if (storage.deadLetters > 0)
    findings.push({
      state: 'warning',
      name: 'dead letters',
      text: `${storage.deadLetters === 1 ? '1 record was' : `${count(storage.deadLetters)} records were`} refused`,
      fix: 'See why with `rowtrace dead-letters`; it replays or discards them, too.',
    });
  if (storage.unfoldedDeltas > MANY_DELTAS)
    findings.push({
      state: 'warning',
      name: 'counters',
      text: `${storage.unfoldedDeltas} counts are not folded`,
      fix: `Run: select ${options.schema}.fold_issue_deltas();`,
    });
  return findings;
}

/** Maintenance says nothing of what it cannot do: rows are stored all the same. */
function checkDays({ firstDay, lastDay, today }: StorageSummary, { schema, keepDays }: Options): Finding[] {
  const findings: Finding[] = [];
  const warn = (text: string, call: string) =>
    findings.push({
      state: 'warning',
      name: 'partitions',
      text,
      fix: `Run as the owner, and mend what it says: select ${schema}.${call};`,
    });
  if ((lastDay ?? '') <= today)
    warn('error_logs has none for tomorrow: rows without one go into error_logs_default', 'ensure_partitions()');
  const kept = new Date(Date.parse(today) - (keepDays.errors + OVERDUE_DAYS) * 86_400_000).toISOString().slice(0, 10);
  if (keepDays.errors > 0 && firstDay !== null && firstDay < kept)
    warn(
      `error_logs has days from ${firstDay} on, and keepDays is ${keepDays.errors}`,
      `apply_retention(${keepDays.errors}, 0, 0, 0)`,
    );
  return findings;
}

export function checkJournals(dir: string): Finding {
  const waiting = pendingJournals(dir, 'owner').size + pendingJournals(dir, 'self').size;
  if (waiting === 0) return { state: 'ok', name: 'journals', text: `nothing waits in ${dir}` };
  return { state: 'info', name: 'journals', text: `${waiting} in ${dir} hold what is not stored yet` };
}
