// Errors of a database driver in, errors of the registry out: what a person reads names the database and the next step.

import { type ErrorCode, RowtraceError } from '../errors.ts';
import { maskSecret, type Options } from '../options/options.ts';
import { isTlsFailure } from '../store/tls-failure.ts';

const BY_SQLSTATE: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['25006', 'RT_DATABASE_READ_ONLY'],
  ['28', 'RT_DATABASE_REFUSED'],
  ['3D', 'RT_DATABASE_REFUSED'],
  ['42501', 'RT_DATABASE_RIGHTS'],
  ['42P01', 'RT_SCHEMA_MISSING'],
  ['42703', 'RT_SCHEMA_MISSING'],
  ['42883', 'RT_SCHEMA_MISSING'],
  ['42704', 'RT_SCHEMA_MISSING'],
  ['3F', 'RT_SCHEMA_MISSING'],
  ['08', 'RT_DATABASE_UNREACHABLE'],
  ['53', 'RT_DATABASE_UNREACHABLE'],
  // Cancelled by statement_timeout or lock_timeout: it is there, and answers.
  ['57014', 'RT_DATABASE_SLOW'],
  ['55P03', 'RT_DATABASE_SLOW'],
  ['57P', 'RT_DATABASE_UNREACHABLE'],
];
const NETWORK = /^(E[A-Z]{3,}|EAI_AGAIN)$/;
const REFUSED = /^SASL|password authentication failed|client password must be/i;
const UNREACHABLE =
  /timeout|terminated unexpectedly|connection terminated|not queryable|unexpected .* message from backend/i;

export function explainDatabaseError(error: unknown, { databaseUrl, schema, dir }: Options): unknown {
  if (error instanceof RowtraceError) return error;
  const { code, message } = firstError(error);
  const found = codeOf(code, message);
  if (found === undefined) return error;
  const database = databaseUrl ? maskSecret(databaseUrl) : dir;
  const values = { RT_SCHEMA_MISSING: [schema], RT_DATABASE_RIGHTS: [message] }[found as string];
  return new RowtraceError(found, values ?? [database, message], { cause: error });
}

function codeOf(code: string | undefined, message: string): ErrorCode | undefined {
  if (isTlsFailure(code, message)) return 'RT_DATABASE_TLS';
  if (code !== undefined && NETWORK.test(code)) return 'RT_DATABASE_UNREACHABLE';
  const hit = code === undefined ? undefined : BY_SQLSTATE.find(([prefix]) => code.startsWith(prefix));
  if (hit) return hit[1];
  if (REFUSED.test(message)) return 'RT_DATABASE_REFUSED';
  return UNREACHABLE.test(message) ? 'RT_DATABASE_UNREACHABLE' : undefined;
}

/** A host with several addresses gives an AggregateError without a message. */
function firstError(error: unknown): { code: string | undefined; message: string } {
  const inner = error instanceof AggregateError && !error.message ? error.errors[0] : error;
  const { code, message } = (inner ?? {}) as { code?: unknown; message?: unknown };
  return { code: typeof code === 'string' ? code : undefined, message: String(message || inner) };
}
