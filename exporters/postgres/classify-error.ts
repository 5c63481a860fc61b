// Any error of a database in, a SinkError out: which of the four kinds it is decides whether delivery waits, halves,
// splits or pauses. In doubt `outage`, since that keeps everything.

import { type FailureKind, SinkError } from '../../src/deliver/sink.ts';
import { type ErrorCode, RowtraceError } from '../../src/errors.ts';
import { isTlsFailure } from '../../src/store/tls-failure.ts';

/** SQLSTATE, or a class of them, or a code of Node; the longest prefix wins. */
const KINDS: readonly (readonly [prefix: string, kind: FailureKind, code?: ErrorCode])[] = [
  ['21', 'poison'], // cardinality violation
  ['22', 'poison'], // data exception: NUL, bad JSON, out of range
  ['23', 'poison'], // integrity constraint
  ['54', 'poison'], // program limit: index row, nesting, size
  ['P0', 'poison'], // raised by a trigger of the user's own
  ['57014', 'slow', 'RT_DATABASE_SLOW'], // cancelled by statement_timeout
  // A standby is promoted, a server set read-only is set back: by itself, as far as delivery can tell.
  ['25006', 'outage', 'RT_DATABASE_READ_ONLY'],
  ['28', 'config', 'RT_DATABASE_REFUSED'],
  ['3D', 'config', 'RT_DATABASE_REFUSED'],
  ['3F', 'config', 'RT_SCHEMA_MISSING'],
  ['42501', 'config', 'RT_DATABASE_RIGHTS'],
  ['42', 'config', 'RT_SCHEMA_MISSING'], // undefined table, column, function
  ['0A', 'config', 'RT_DATABASE_REFUSED'],
];

/** Errors of pg and of PgBouncer that say what they are in words only. PgBouncer answers 08P01 to almost everything. */
const WORDS: readonly (readonly [pattern: RegExp, kind: FailureKind, code?: ErrorCode])[] = [
  [/^query read timeout/i, 'slow', 'RT_DATABASE_SLOW'],
  [/^SASL|password authentication failed|client password must be/i, 'config', 'RT_DATABASE_REFUSED'],
  [/no such (user|database)|unsupported startup parameter|auth(entication)? failed/i, 'config', 'RT_DATABASE_REFUSED'],
];

export interface ErrorContext {
  schema: string;
  /** Shown for %s in messages; its password is masked here. */
  database: string;
}

export function classifyError(error: unknown, context: ErrorContext): SinkError {
  if (error instanceof SinkError) return error;
  if (error instanceof RowtraceError) return new SinkError('config', `${error.message} ${error.fix}`, { cause: error });
  const message = maskPasswords(error instanceof Error ? error.message || error.name : String(error));
  const [kind, code] = findKind(error, message);
  const explained = explain(kind, code, message, context);
  return new SinkError(kind, explained, { cause: error });
}

function findKind(error: unknown, message: string): [FailureKind, ErrorCode?] {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  // Not of a constraint with a name: a partition was made while the row was on its way to the default one.
  if (code === '23514' && constraint === undefined) return ['outage', 'RT_DATABASE_UNREACHABLE'];
  if (isTlsFailure(code, message)) return ['config', 'RT_DATABASE_TLS'];
  if (typeof code === 'string' && code !== '08P01') {
    const hits = KINDS.filter(([prefix]) => code.startsWith(prefix));
    const best = hits.sort((a, b) => b[0].length - a[0].length)[0];
    if (best) return [best[1], best[2]];
  } else {
    const hit = WORDS.find(([pattern]) => pattern.test(message));
    if (hit) return [hit[1], hit[2]];
    // A fault of ours or of the data while encoding; the network never throws these.
    if (error instanceof TypeError || error instanceof RangeError) return ['poison'];
  }
  // 08, 53, 57P0x, 58, 40001, 40P01, 55P03, EPIPE, ENOENT, ECONN…, errors without any code.
  return ['outage', 'RT_DATABASE_UNREACHABLE'];
}

function explain(kind: FailureKind, code: ErrorCode | undefined, message: string, context: ErrorContext): string {
  if (code === undefined) return message;
  const database = maskPasswords(context.database);
  const values: Partial<Record<ErrorCode, unknown[]>> = {
    RT_SCHEMA_MISSING: [context.schema],
    RT_DATABASE_RIGHTS: [message],
  };
  const known = new RowtraceError(code, values[code] ?? [database, message]);
  const detail = code === 'RT_SCHEMA_MISSING' ? ` (${message})` : '';
  return kind === 'config' ? `${known.message}${detail} ${known.fix}` : known.message;
}

/** `postgres://user:secret@host` → `postgres://user:***@host`, wherever in the text it stands. Linear: begins at a `://`. */
export function maskPasswords(text: string): string {
  return text
    .replace(/((?<=\w):\/\/[^\s:/@]*):[^\s/]*@/g, '$1:***@')
    .replace(/(\bpassword\s*=\s*)('[^']*'|[^\s&]+)/gi, '$1***');
}
