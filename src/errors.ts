// Every error a user can meet, with its fix, in one place. docs/errors.md is generated from here.

interface ErrorEntry {
  /** What went wrong; `%s` is replaced by the value given. */
  message: string;
  /** What the reader should do next. */
  fix: string;
}

export const ERRORS = {
  RT_OPTION_INVALID: {
    message: 'Option %s is not valid: %s.',
    fix: 'Correct the value, or remove the option to get its default; docs/options.md lists both.',
  },
  RT_OPTION_UNKNOWN: {
    message: 'There is no option %s, given in %s.',
    fix: 'Check the spelling against docs/options.md.',
  },
  RT_CONFIG_UNREADABLE: {
    message: 'The configuration file %s cannot be read: %s.',
    fix: 'Correct the file, or unset ROWTRACE_CONFIG.',
  },
  RT_DATABASE_UNREACHABLE: {
    message: 'The database %s cannot be reached: %s.',
    fix: 'Check host, port and network; records wait in the journal meanwhile.',
  },
  RT_DATABASE_REFUSED: {
    message: 'The database %s refused the connection: %s.',
    fix: 'Check user, password and database name in ROWTRACE_DATABASE_URL; where it says "no encryption", add sslmode=verify-full.',
  },
  RT_DATABASE_TLS: {
    message: 'The database %s is not trusted, or not encrypted as it should be: %s.',
    fix: 'Add sslrootcert=<PEM file of its CA> to ROWTRACE_DATABASE_URL, and name the host as its certificate does; sslmode=no-verify encrypts and trusts anybody, sslmode=disable does not encrypt.',
  },
  RT_DATABASE_SLOW: {
    message: 'The database %s took longer than Rowtrace waits: %s.',
    fix: 'Narrow what is asked for (--since), or see in pg_stat_activity and pg_locks what holds the lock or keeps the server busy.',
  },
  RT_DATABASE_READ_ONLY: {
    message: 'The database %s takes no writes: %s.',
    fix: 'Point ROWTRACE_DATABASE_URL at the primary, or turn default_transaction_read_only off; records wait in the journal meanwhile.',
  },
  RT_DATABASE_RIGHTS: {
    message: 'The role lacks a right on the database: %s.',
    fix: 'Grant it, or run `rowtrace migrate` once as a role that may create the schema.',
  },
  RT_SCHEMA_MISSING: {
    message: 'The tables of schema %s are missing or older than this version of Rowtrace.',
    fix: 'Run `rowtrace migrate`; records wait in the journal meanwhile.',
  },
  RT_SCHEMA_NEWER: {
    message: 'The schema %s was migrated by a newer version of Rowtrace (migration %s).',
    fix: 'Upgrade the rowtrace package of this process.',
  },
  RT_SCHEMA_EDITED: {
    message: 'Migration %s was edited after it was applied to schema %s.',
    fix: 'Install the released version of Rowtrace; a schema of a development version is best dropped and migrated anew.',
  },
  RT_COLUMN_TYPE: {
    message: 'Column %s of table %s is %s in the database, but the option columns says %s.',
    fix: 'Give the option the type of the column, or choose another name for the new type.',
  },
  RT_SERVER_TOO_OLD: {
    message: 'The server is Postgres %s; Rowtrace needs 14 or newer.',
    fix: 'Upgrade the server, or point ROWTRACE_DATABASE_URL at a newer one.',
  },
  RT_DATABASE_ENCODING: {
    message: 'The database has the encoding %s, which has no place for most characters; Rowtrace needs UTF8.',
    fix: "Make one for it (create database rowtrace template template0 encoding 'UTF8' locale 'C') and name it in ROWTRACE_DATABASE_URL.",
  },
  RT_EMBEDDED_MISSING: {
    message: 'The embedded database is not installed (%s).',
    fix: 'Run `npm install @electric-sql/pglite`, or set ROWTRACE_DATABASE_URL.',
  },
  RT_EMBEDDED_START: {
    message: 'The embedded database in %s did not start: %s.',
    fix: 'Read owner.log in that folder; remove the `pgdata` folder there to begin anew (journals are kept).',
  },
  RT_EMBEDDED_FOLDER: {
    message: 'The folder %s cannot hold the embedded database: %s.',
    fix: 'Give this user the right to write there, or name another folder with ROWTRACE_DIR or --dir.',
  },
  RT_EMBEDDED_HELD: {
    message: 'The embedded database in %s belongs to %s.',
    fix: 'End that process, or ask from where it runs. Only if it is gone for sure (another machine, a container of an earlier boot), remove the `owner.lock.…` file with the highest number in that folder.',
  },
  RT_EMBEDDED_LOST: {
    message: 'The embedded database in %s went away while it was copied: %s; no row was kept in %s.',
    fix: 'Run `rowtrace promote` again; owner.log in that folder says why the embedded database ended, unless it was killed.',
  },
  RT_NOT_FOUND: {
    message: 'There is no %s.',
    fix: 'List what there is with `rowtrace issues` or `rowtrace dead-letters`.',
  },
  RT_RESOLVE_INVALID: {
    message: 'The issue cannot be resolved like that: %s.',
    fix: 'Resolve it now, in the next release, or in a release that was seen or is a semantic version to come.',
  },
  RT_IGNORE_INVALID: {
    message: 'The issue cannot be ignored like that: %s.',
    fix: 'Give a time to come, a count of further occurrences (within a period), or nothing to ignore it for ever.',
  },
  RT_REOPEN_INVALID: {
    message: '%s is open.',
    fix: 'Reopen issues that are resolved, ignored or regressed.',
  },
  RT_MERGE_INVALID: {
    message: 'These issues cannot be merged: %s.',
    fix: 'Name the issue to keep and others of the same service.',
  },
  RT_SPLIT_INVALID: {
    message: '%s cannot be split: %s.',
    fix: 'Name some of its keys, not all; `rowtrace issue <id>` lists them.',
  },
  RT_UNDO_INVALID: {
    message: 'That cannot be undone: %s.',
    fix: 'See the history in `rowtrace issue <id>`, and undo the newest action first.',
  },
  RT_SERVE_FOLDER: {
    message: 'The receiver cannot keep a journal in %s: %s.',
    fix: 'Give this user the right to write there, or name another folder with ROWTRACE_DIR or --dir.',
  },
  RT_SERVE_LISTEN: {
    message: 'The receiver cannot listen on %s: %s.',
    fix: 'Give another --port or --host, or end what listens there.',
  },
  RT_SERVE_TLS: {
    message: 'HTTPS cannot be served with --tls-cert %s and --tls-key %s: %s.',
    fix: 'Give --tls-cert the certificate with its chain, and --tls-key the private key that belongs to it, without a passphrase; both as PEM files that this user may read.',
  },
  RT_EXAMPLE_NEEDS: {
    message: 'The example %s needs packages that are not installed: %s.',
    fix: 'Install them with npm, or choose another example (`rowtrace demo --help`).',
  },
  RT_KEY_NOT_FOUND: {
    message: 'There is no key %s that is good.',
    fix: 'List the keys with `rowtrace keys list`.',
  },
  RT_SERVE_OPEN: {
    message: 'The receiver was not started: it would take data from anybody who reaches %s.',
    fix: 'Make a key with `rowtrace keys create <name>`, listen on 127.0.0.1, or say --no-auth where the network is closed to others.',
  },
  RT_PROMOTE_CONFLICT: {
    message: 'The database %s has other rows in schema %s already: %s.',
    fix: 'Copy into a database without rows of Rowtrace, or into another schema of it (option schema).',
  },
  RT_PROMOTE_COLUMNS: {
    message: 'The tables in schema %s of the database %s take no rows of the embedded one: %s.',
    fix: 'Change or drop the columns that are named, there or in the embedded database (`alter table`), or copy into another database; no row was copied.',
  },
  RT_ENDPOINT_UNREACHABLE: {
    message: 'The receiver %s cannot be reached: %s.',
    fix: 'Check ROWTRACE_ENDPOINT and that `rowtrace serve` runs there; records wait in the journal meanwhile.',
  },
  RT_ENDPOINT_REFUSED: {
    message: 'The receiver %s takes nothing from here: %s.',
    fix: 'Check ROWTRACE_API_KEY (`rowtrace keys list` over there) and that ROWTRACE_ENDPOINT is a Rowtrace receiver.',
  },
  RT_ENDPOINT_READ: {
    message: 'The rows of this process go to the receiver at %s; there are none to read here.',
    fix: 'Set ROWTRACE_DATABASE_URL to the database of that receiver, and unset ROWTRACE_ENDPOINT, to read them.',
  },
  RT_QUEUE_UNREACHABLE: {
    message: 'The queue at %s cannot be reached: %s.',
    fix: 'Check host, port and that RabbitMQ runs; records wait in the journal meanwhile.',
  },
  RT_QUEUE_REFUSED: {
    message: 'The queue at %s refused: %s.',
    fix: 'Check user, password, virtual host and rights; a queue of the same name that was declared otherwise has to be deleted, or another --queue-name given.',
  },
  RT_QUEUE_NACKED: {
    message: 'The queue at %s took no batch: %s.',
    fix: 'It is full (a policy that limits its length) or has no leader: see `rabbitmqctl list_queues name state messages leader`; records wait in the journal meanwhile.',
  },
  RT_QUEUE_MISSING: {
    message: 'The client of the queue is not installed (%s).',
    fix: 'Run `npm install amqplib`.',
  },
  RT_BUNDLED: {
    message: 'Rowtrace is part of a bundle, where its other files are missing: there is no %s.',
    fix: "Leave it out, and its node_modules beside the bundle: --external:rowtrace --external:rowtrace/* for esbuild, externals: [/^rowtrace/] with externalsType: 'commonjs' for webpack, external: [/^rowtrace/] for Rollup, ssr.external: ['rowtrace'] for Vite, -e rowtrace for ncc; of what Nitro or Next copies for itself, give it a folder of its own (docs/frameworks.md).",
  },
  RT_SINK_MISSING: {
    message: '%s needs a sink as its first argument, and was given %s.',
    fix: 'Give it one of rowtrace/exporters/postgres: createPostgresSink({ open: async () => openPostgres(url) }).',
  },
  RT_USAGE: {
    message: '%s',
    fix: 'See `rowtrace --help`.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code from the registry; `message` names the value given, `fix` the next step. */
export class RowtraceError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;

  constructor(code: ErrorCode, values: readonly unknown[] = [], options?: { cause?: unknown }) {
    let next = 0;
    super(
      // A value may be a sentence of its own.
      ERRORS[code].message.replace(/%s(\.$)?/g, (_, end = '') =>
        `${values[next++]}${end}`.replace(/(?<!\.)\.\.$/, '.'),
      ),
      options,
    );
    this.name = 'RowtraceError';
    this.code = code;
    this.fix = ERRORS[code].fix;
  }
}

/** What went wrong, and the next step where that is known. */
export function explained(error: unknown): string {
  if (error instanceof RowtraceError) return `${error.message} ${error.fix}`;
  return error instanceof Error ? error.message : String(error);
}
