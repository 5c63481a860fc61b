// What a command ends with, so that scripts can tell why.

import type { ErrorCode } from '../errors.ts';

export const EXIT = { fine: 0, problem: 1, usage: 2, database: 3, notFound: 4 } as const;

export const EXIT_CODES_HELP = `Exit codes:
  0  fine
  1  something is wrong (doctor found a problem, an expected row did not arrive)
  2  wrong usage or option, or an action that the issue does not allow
  3  database unreachable, refused, too slow, or without the tables
  4  no such issue, event, dead letter or key`;

const USAGE: readonly ErrorCode[] = [
  'RT_USAGE',
  'RT_OPTION_INVALID',
  'RT_OPTION_UNKNOWN',
  'RT_CONFIG_UNREADABLE',
  'RT_RESOLVE_INVALID',
  'RT_IGNORE_INVALID',
  'RT_REOPEN_INVALID',
  'RT_MERGE_INVALID',
  'RT_SPLIT_INVALID',
  'RT_UNDO_INVALID',
  'RT_SERVE_OPEN',
  'RT_SERVE_TLS',
  'RT_PROMOTE_COLUMNS',
  'RT_PROMOTE_CONFLICT',
  'RT_ENDPOINT_READ',
];

export function exitCodeOf(code: ErrorCode): number {
  if (USAGE.includes(code)) return EXIT.usage;
  if (code === 'RT_NOT_FOUND' || code === 'RT_KEY_NOT_FOUND') return EXIT.notFound;
  return /^RT_(DATABASE|SCHEMA|EMBEDDED|SERVER|COLUMN)_/.test(code) ? EXIT.database : EXIT.problem;
}
