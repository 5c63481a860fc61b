// `rowtrace serve`: receives OTLP over HTTP and stores it by the same rules as the preload.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createSecureContext } from 'node:tls';
import type { Command } from 'commander';
import { createAmqpSink } from '../../../exporters/amqp/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import type { Sink } from '../../deliver/sink.ts';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, maskSecret, type Options } from '../../options/options.ts';
import { KeyRing } from '../../receive/keys/key-ring.ts';
import { serve } from '../../serve.ts';
import { activeApiKeys, noteApiKeyUsed } from '../../store/api-keys.ts';
import { rowOptions, type Target } from '../../thread-options.ts';
import {
  examples,
  onDatabase,
  parseOrigins,
  parsePort,
  queueNameOption,
  queueOption,
  shardsOption,
  wholeUpTo,
} from '../arguments.ts';
import { explainDatabaseError } from '../explain-error.ts';
import { note, print } from '../output/terminal.ts';
import { type Background, isAway, openInBackground } from '../serve/database.ts';
import { untilSignal } from '../signals.ts';

interface Flags {
  dir?: string;
  host: string;
  port: number;
  tlsCert?: string;
  tlsKey?: string;
  /** --no-auth */
  auth: boolean;
  requireKey?: boolean;
  rateLimit?: number;
  corsAllowedOrigins?: ReadonlySet<string>;
  refuseOtherMetrics?: boolean;
  queue?: string;
  queueName: string;
  shards: number;
}

type QueueTarget = Extract<Target, { to: 'queue' }>;

const CLOSE_MILLIS = 10_000;

export function register(program: Command): void {
  const command = program
    .command('serve')
    .description('receive OpenTelemetry data (OTLP over HTTP) from services in any language')
    .option('--host <address>', 'address to listen on; any but a loopback one needs keys', '127.0.0.1')
    .option('--port <n>', 'port to listen on, 0 for any', parsePort, 4318)
    .option('--tls-cert <file>', 'certificate (PEM) to serve HTTPS with')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--require-key', 'ask for an API key on a loopback address, too')
    .option('--no-auth', 'ask for no API key, whatever the address')
    .option('--rate-limit <n>', 'items a second for each key (or address): 429 beyond it', wholeUpTo(1_000_000_000))
    .option('--cors-allowed-origins <origins>', 'whose pages may send: https://app.example,…', parseOrigins)
    .addOption(queueOption('put rows into RabbitMQ, for `rowtrace worker`: amqp://user:password@host:5672'))
    .addOption(queueNameOption())
    .addOption(shardsOption())
    .option('--refuse-other-metrics', 'answer metrics that are no latencies as rejected; else they are not kept');
  examples(
    onDatabase(command, false),
    'rowtrace serve',
    'OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf python app.py',
    `curl http://127.0.0.1:4318/api/v1/ingest -H 'content-type: application/json' -d '{"level":"error","message":"backup failed","service":"cron"}'`,
  );
  command.action(run);
}

async function run(flags: Flags): Promise<void> {
  const options = loadOptions({ dir: flags.dir });
  const { host, port } = flags;
  const tls = readTls(flags);
  const over = untilSignal();
  const queue = queueOf(flags);
  const background = queue && options.databaseUrl === undefined ? withoutDatabase() : await openInBackground(options);
  try {
    const keys = await keysFor(flags, background, options);
    const receiver = await serve(options, {
      host,
      port,
      tls,
      keys,
      itemsPerSecond: flags.rateLimit,
      corsAllowedOrigins: flags.corsAllowedOrigins,
      refuseOtherMetrics: flags.refuseOtherMetrics ?? false,
      target: queue,
      sink: queue ? createAmqpSink(queue) : sinkOf(options, background),
      onProblem: note,
    });
    const url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${receiver.port}`;
    const where = queue ? maskSecret(queue.url) : options.databaseUrl ? maskSecret(options.databaseUrl) : options.dir;
    print(`rowtrace receives OTLP on ${url} (${keys ? 'with API keys' : 'without keys'}), rows go to ${where}`);
    await over;
    await receiver.close(CLOSE_MILLIS);
  } finally {
    await background.close();
  }
}

/** Batches of one receiver stay in order in one queue; which one is a matter of its name, the same after a restart. */
function queueOf({ queue, queueName, shards, port }: Flags): QueueTarget | undefined {
  if (queue === undefined) return undefined;
  const digest = createHash('sha256').update(`${hostname()}:${port}`).digest();
  return { to: 'queue', url: queue, queue: queueName, shard: digest.readUInt32BE(0) % shards };
}

function withoutDatabase(): Background {
  const why =
    'API keys are kept in the database: set ROWTRACE_DATABASE_URL, or say --no-auth where the network is closed';
  return { schema: '', database: () => Promise.reject(new RowtraceError('RT_USAGE', [why])), close: async () => {} };
}

function sinkOf(options: Options, { database }: Background): Sink {
  const name = options.databaseUrl ?? options.dir;
  return createPostgresSink({ ...rowOptions(options), open: database, migrate: false, database: name });
}

/** @throws RowtraceError RT_SERVE_OPEN, where anybody could send */
async function keysFor(flags: Flags, { database, schema }: Background, options: Options): Promise<KeyRing | undefined> {
  if (!flags.auth || (isLoopback(flags.host) && !flags.requireKey)) return undefined;
  const load = async () => activeApiKeys(await database(), schema);
  try {
    if ((await load()).length === 0) throw new RowtraceError('RT_SERVE_OPEN', [flags.host]);
  } catch (error) {
    const explained = explainDatabaseError(error, options);
    // Until it is back senders with a key are asked to come again, and those without are refused.
    if (!isAway(explained)) throw explained;
  }
  // For `rowtrace keys list` alone: no request waits for it, and a database that is away costs nothing.
  const noteUse = async (id: string) => noteApiKeyUsed(await database(), schema, id);
  return new KeyRing(load, (id) => void noteUse(id).catch(() => {}));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws RowtraceError RT_USAGE, RT_SERVE_TLS */
function readTls({ tlsCert, tlsKey }: Flags): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new RowtraceError('RT_USAGE', ['--tls-cert and --tls-key go together']);
  try {
    const files = { cert: readFileSync(tlsCert), key: readFileSync(tlsKey) };
    // Tried here: the server would say the same as a failure to listen.
    createSecureContext(files);
    return files;
  } catch (error) {
    throw new RowtraceError('RT_SERVE_TLS', [tlsCert, tlsKey, (error as Error).message], { cause: error });
  }
}
