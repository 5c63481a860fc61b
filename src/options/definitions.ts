// Every option once: its environment variable, how it is read, its default, and the sentence for docs/options.md.

import type { Level } from '../record/level.ts';
import { fingerprintRules } from './fingerprint-rules.ts';
import * as parse from './parsers.ts';

export interface Definition<T> {
  /** Environment variable; absent where a value cannot be written as text. */
  env?: string;
  parse: parse.Parser<T>;
  /** What holds when neither code, configuration file nor environment says anything. */
  default: T;
  /** One plain sentence, with units. */
  doc: string;
  /** Never printed as it is: not at all, or as a URL without its password. */
  secret?: 'whole' | 'url';
}

function define<T>(definition: Definition<T>): Definition<T> {
  return definition;
}

const millis = parse.integer(0, 86_400_000);

export const DEFINITIONS = {
  databaseUrl: define<string | undefined>({
    env: 'ROWTRACE_DATABASE_URL',
    parse: parse.databaseUrl,
    default: undefined,
    secret: 'url',
    doc: 'Postgres 14 or newer, as postgres://user:password@host:5432/database. Not set: the application only journals, and `rowtrace` commands ship the journals to the embedded database.',
  }),
  endpoint: define<string | undefined>({
    env: 'ROWTRACE_ENDPOINT',
    parse: parse.httpUrl,
    default: undefined,
    doc: 'A Rowtrace receiver (`rowtrace serve`), as https://host:4318: the journal is shipped to it, and this process opens no database connection. Not together with `databaseUrl`.',
  }),
  apiKey: define<string | undefined>({
    env: 'ROWTRACE_API_KEY',
    parse: parse.text,
    default: undefined,
    secret: 'whole',
    doc: 'Key for the receiver at `endpoint` (`rowtrace keys create` there).',
  }),
  schema: define({
    env: 'ROWTRACE_SCHEMA',
    parse: parse.schemaName,
    default: 'rowtrace',
    doc: 'Schema that holds the tables.',
  }),
  migrate: define({
    env: 'ROWTRACE_MIGRATE',
    parse: parse.flag,
    default: true,
    doc: 'Whether the schema is created and migrated at start. Off: records wait in the journal until somebody runs `rowtrace migrate`.',
  }),
  columns: define<ReturnType<typeof parse.columns>>({
    env: 'ROWTRACE_COLUMNS',
    parse: parse.columns,
    default: Object.freeze({}),
    doc: 'Promoted columns: attributes of these names become typed, indexed columns of error_logs and http_calls ("vet_id=integer,clinic_id=integer"; types integer, bigint, numeric, boolean, text (up to 512 characters), uuid, timestamptz). What does not fit stays a tag.',
  }),
  dir: define({
    env: 'ROWTRACE_DIR',
    parse: parse.text,
    default: '.rowtrace',
    doc: 'Folder of the journals and of the embedded database, relative to the working directory.',
  }),
  service: define<string | undefined>({
    env: 'ROWTRACE_SERVICE',
    parse: parse.text,
    default: undefined,
    doc: 'service.name. Default: OTEL_SERVICE_NAME, then service.name of OTEL_RESOURCE_ATTRIBUTES, then the name in the nearest package.json of the entry file (where that is a program of a dependency, of the application it is installed for); with createProcessors() service.name of the SDK’s resource first.',
  }),
  environment: define<string | undefined>({
    env: 'ROWTRACE_ENVIRONMENT',
    parse: parse.text,
    default: undefined,
    doc: 'deployment.environment.name. Default: OTEL_RESOURCE_ATTRIBUTES, then NODE_ENV, then "development".',
  }),
  release: define<string | undefined>({
    env: 'ROWTRACE_RELEASE',
    parse: parse.text,
    default: undefined,
    doc: 'service.version. Default: OTEL_RESOURCE_ATTRIBUTES, then the release of the host (Heroku, Cloud Run, App Engine, Fly.io, Lambda, Container Apps), then the version in the nearest package.json.',
  }),
  buildSha: define<string | undefined>({
    env: 'ROWTRACE_BUILD_SHA',
    parse: parse.text,
    default: undefined,
    doc: 'vcs.ref.head.revision of the build. Default: OTEL_RESOURCE_ATTRIBUTES, then what the host or the CI says (VERCEL_GIT_COMMIT_SHA, RENDER_GIT_COMMIT, GITHUB_SHA …), then HEAD of the git repository of the entry file.',
  }),
  fingerprintRules: define<ReturnType<typeof fingerprintRules>>({
    parse: fingerprintRules,
    default: Object.freeze([]),
    doc: 'Own grouping rules, the first that matches wins: `[{ type, message, service, culprit, fingerprint }]`, `*` in a condition stands for any text, all conditions given must match; matching events of a service share one issue per `fingerprint` (code or configuration file only). Try them with `rowtrace regroup --dry-run`.',
  }),
  level: define({
    env: 'ROWTRACE_LEVEL',
    parse: parse.level,
    default: 'WARNING' as Level,
    doc: 'Lowest level of log records that become rows: DEBUG, INFO, WARNING, ERROR or CRITICAL.',
  }),
  console: define({
    env: 'ROWTRACE_CONSOLE',
    parse: parse.oneOf(['errors', 'all', 'off']),
    default: 'errors' as 'errors' | 'all' | 'off',
    doc: 'Which console calls become log records: `errors`, those of console.error and console.warn that carry an Error; `all`, every console.error and console.warn; `off`, none.',
  }),
  statusRows: define({
    env: 'ROWTRACE_STATUS_ROWS',
    parse: parse.integer(400, 600),
    default: 500,
    doc: 'Lowest HTTP status that makes a row of a request in which no exception was recorded; 400 adds client errors, 600 turns such rows off.',
  }),
  requestIdHeaders: define<readonly string[]>({
    env: 'ROWTRACE_REQUEST_ID_HEADERS',
    parse: parse.headerNames,
    default: Object.freeze(['x-request-id']),
    doc: 'Headers that may bring a request id, in order of preference; the first is set on every response.',
  }),
  userId: define({
    env: 'ROWTRACE_USER_ID',
    parse: parse.oneOf(['plain', 'hash', 'off']),
    default: 'plain' as 'plain' | 'hash' | 'off',
    doc: 'What is kept of user.id: as given, an HMAC-SHA-256 with `userIdKey`, or nothing.',
  }),
  userIdKey: define<string | undefined>({
    env: 'ROWTRACE_USER_ID_KEY',
    parse: parse.text,
    default: undefined,
    secret: 'whole',
    doc: 'Key of the hash when `userId` is `hash`.',
  }),
  slowServerMillis: define({
    env: 'ROWTRACE_SLOW_SERVER_MILLIS',
    parse: millis,
    default: 2000,
    doc: 'Server spans of at least this many milliseconds make a WARNING row; 0 turns this off, as it does for the next two.',
  }),
  slowClientMillis: define({
    env: 'ROWTRACE_SLOW_CLIENT_MILLIS',
    parse: millis,
    default: 1000,
    doc: 'Client spans (HTTP and others) of at least this many milliseconds make a WARNING row.',
  }),
  slowDbMillis: define({
    env: 'ROWTRACE_SLOW_DB_MILLIS',
    parse: millis,
    default: 500,
    doc: 'Database spans of at least this many milliseconds make a WARNING row.',
  }),
  slowMillis: define<Readonly<Record<string, number>>>({
    env: 'ROWTRACE_SLOW_MILLIS',
    parse: parse.millisByName,
    default: Object.freeze({}),
    doc: 'Limits per route or operation, in milliseconds ("GET /reports=10000,/health=200,SELECT dogs=50"); the more exact name wins over the three above; `*` stands for any text ("GET /admin/*=5000"), 0 turns the limit off.',
  }),
  slowBaseline: define({
    env: 'ROWTRACE_SLOW_BASELINE',
    parse: parse.flag,
    default: true,
    doc: 'Whether spans are compared with their operation’s own past (the same hour of the week, else shorter history), too. Needs a database and a day of traffic.',
  }),
  slowBaselineFactor: define({
    env: 'ROWTRACE_SLOW_BASELINE_FACTOR',
    parse: parse.integer(1, 1000),
    default: 3,
    doc: 'A single span is slow for its operation from so many times the usual 99th percentile on (more where the operation’s tail is long).',
  }),
  slowBaselineExcessMillis: define({
    env: 'ROWTRACE_SLOW_BASELINE_EXCESS_MILLIS',
    parse: millis,
    default: 25,
    doc: 'By how many milliseconds a span must be slower than usual, so that 3 ms are not reported for 1 ms.',
  }),
  stillRunningFactor: define({
    env: 'ROWTRACE_STILL_RUNNING_FACTOR',
    parse: parse.integer(0, 1000),
    default: 3,
    doc: 'A span that has not ended after so many times its limit is reported while it runs, and completed when it ends; 0 turns this off.',
  }),
  keepDays: define<parse.KeepDays>({
    env: 'ROWTRACE_KEEP_DAYS',
    parse: parse.keepDays,
    default: parse.KEEP_DAYS,
    doc: 'Days that rows are kept before their partitions are dropped, 0 for ever: `errors` (error_logs, default 0), `calls` (http_calls, 30), `minutes` and `hours` of latencies (8 and 400; what is dropped stays in the level above, days are kept). "errors=90,calls=14".',
  }),
  callSampleRate: define({
    env: 'ROWTRACE_CALL_SAMPLE_RATE',
    parse: parse.fraction,
    default: 0.05,
    doc: 'Share of ordinary calls that become rows of http_calls; failed and slow ones always do, and so does the first of each operation and minute, unless this is 0.',
  }),
  scrubKeys: define<readonly string[]>({
    env: 'ROWTRACE_SCRUB_KEYS',
    parse: parse.scrubKeys,
    default: Object.freeze([]),
    doc: 'Further attribute names whose values are masked, beside the built-in list (password, token, authorization, cookie, api key …).',
  }),
  scrubPatterns: define<readonly RegExp[]>({
    parse: parse.patterns,
    default: Object.freeze([]),
    doc: 'Further patterns masked in every text (code or configuration file only). They run on the application thread: keep them linear.',
  }),
  scrub: define<parse.ScrubFunction | undefined>({
    parse: parse.scrubFunction,
    default: undefined,
    doc: 'Own function (value, key) => value, called after the built-in rules (code or configuration file only). When it throws, the value is masked whole.',
  }),
  exitTimeoutMillis: define({
    env: 'ROWTRACE_EXIT_TIMEOUT_MILLIS',
    parse: parse.integer(0, 60_000),
    default: 1000,
    doc: 'How long the end of the process may wait, in milliseconds, for what is in the journal to reach the database. While the database is away it does not wait at all.',
  }),
  flushOnSigterm: define({
    env: 'ROWTRACE_FLUSH_ON_SIGTERM',
    parse: parse.flag,
    default: false,
    doc: 'Whether SIGTERM flushes before the process ends; exit code and other handlers stay as they are. Without it no signal handler is installed and the journal keeps what was not shipped.',
  }),
  journalMaxBytes: define({
    env: 'ROWTRACE_JOURNAL_MAX_BYTES',
    parse: parse.integer(1 << 20, 2 ** 40),
    default: 512 * 1024 * 1024,
    doc: 'Bound of one process’ journal on disk, in bytes; beyond it new records are dropped and counted. The last tenth is for errors: latencies, calls and lower levels go first.',
  }),
  journalSync: define({
    env: 'ROWTRACE_JOURNAL_SYNC',
    parse: parse.oneOf(['never', 'errors', 'all']),
    default: 'never' as 'never' | 'errors' | 'all',
    doc: 'What has to survive a power cut, as the journal survives the death of the process anyway: `never`, nothing; `errors`, ERROR and CRITICAL records 50 ms later at the most, with all before them; `all`, also every other record after a second. What it costs: docs/costs.md.',
  }),
  stormRows: define({
    env: 'ROWTRACE_STORM_ROWS',
    parse: parse.integerOrOff(1, 1_000_000),
    default: 20,
    doc: 'Storm valve: full records a minute of one kind of error (type, place, message) and process; beyond it one in a hundred, in a thousand … is stored, all others are counted exactly. All processes together store five times as many; records below WARNING fifty times. `off` or 0: everything is stored.',
  }),
  archive: define({
    env: 'ROWTRACE_ARCHIVE',
    parse: parse.flag,
    default: false,
    doc: 'Whether what was shipped is kept as well, as plain NDJSON, one gzip file a day and deliverer: `zcat .rowtrace/archive/2026-11-26.*.ndjson.gz | jq`. A segment gets there once it is finished (4 MiB, in a receiver 16; an hour; or the end of its process).',
  }),
  archiveDays: define({
    env: 'ROWTRACE_ARCHIVE_DAYS',
    parse: parse.integer(1, 3650),
    default: 30,
    doc: 'Days of the archive that are kept.',
  }),
  archiveMaxBytes: define({
    env: 'ROWTRACE_ARCHIVE_MAX_BYTES',
    parse: parse.integer(1 << 20, 2 ** 40),
    default: 1024 * 1024 * 1024,
    doc: 'Bound of the archive on disk, in bytes; beyond it the oldest files are removed.',
  }),
  quiet: define({
    env: 'ROWTRACE_QUIET',
    parse: parse.flag,
    default: false,
    doc: 'Whether to leave out the start line on stderr (errors are still said).',
  }),
};
