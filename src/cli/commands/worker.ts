// `rowtrace worker`: takes batches from RabbitMQ, which `rowtrace serve --queue` put there, and writes them to Postgres.

import type { Command } from 'commander';
import { type BatchConsumer, consumeBatches, moveDeadMessages } from '../../../exporters/amqp/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { createProblemPrinter } from '../../deliver/problem-printer.ts';
import { SinkError } from '../../deliver/sink.ts';
import { RowtraceError } from '../../errors.ts';
import { loadOptions, maskSecret, type Options } from '../../options/options.ts';
import { openPostgres } from '../../store/postgres.ts';
import { rowOptions } from '../../thread-options.ts';
import { examples, queueNameOption, queueOption, shardsOption, wholeUpTo } from '../arguments.ts';
import { note, print } from '../output/terminal.ts';
import { untilSignal } from '../signals.ts';

interface Flags {
  queue: string;
  queueName: string;
  shards: number;
  prefetch: number;
  replayDead?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('worker')
    .description('write what receivers put into RabbitMQ (`rowtrace serve --queue`) to Postgres; several may run')
    .addOption(queueOption('amqp://user:password@host:5672').makeOptionMandatory())
    .addOption(queueNameOption())
    .addOption(shardsOption())
    .option('--prefetch <n>', 'messages taken at a time, at most 1 MiB of rows each', wholeUpTo(100), 1)
    .option('--replay-dead', 'put the messages of <name>.dead back first');
  examples(
    command,
    'ROWTRACE_DATABASE_URL=postgres://… rowtrace worker --queue amqp://guest:guest@127.0.0.1',
    'rowtrace worker --queue amqps://… --shards 4',
  ).action(run);
}

async function run(flags: Flags): Promise<void> {
  const options = loadOptions();
  if (options.databaseUrl === undefined)
    throw new RowtraceError('RT_USAGE', ['a worker needs a Postgres: set ROWTRACE_DATABASE_URL']);
  const over = untilSignal();
  if (flags.replayDead) await replay(flags);
  const onProblem = createProblemPrinter();
  const started = Promise.all(shardsOf(flags).map((shard) => consume(flags, options, shard, onProblem)));
  const consumers = await Promise.race([started, over]);
  if (consumers === undefined) process.exit(0);
  print(
    `rowtrace worker takes ${flags.queueName} (${flags.shards} queue${flags.shards > 1 ? 's' : ''}) from ${maskSecret(flags.queue)}, rows go to ${maskSecret(options.databaseUrl)}`,
  );
  await over;
  await Promise.all(consumers.map((consumer) => consumer.close()));
  const stored = consumers.reduce((sum, consumer) => sum + consumer.stats().stored, 0);
  note(`${stored} rows stored; what was under way is with the broker`);
}

/** @throws RowtraceError RT_QUEUE_MISSING, RT_QUEUE_REFUSED, RT_QUEUE_UNREACHABLE */
async function replay({ queue, queueName }: Flags): Promise<void> {
  try {
    note(`${await moveDeadMessages(queue, queueName)} messages put back from ${queueName}.dead`);
  } catch (error) {
    throw error instanceof SinkError && error.cause instanceof RowtraceError ? error.cause : error;
  }
}

/** A sink of its own for each queue: they are written side by side, each in its order. */
function consume(
  flags: Flags,
  options: Options,
  shard: number,
  onProblem: (message: string) => void,
): Promise<BatchConsumer> {
  const { migrate, databaseUrl } = options;
  const open = async () => openPostgres(databaseUrl!, { max: 2, applicationName: 'rowtrace worker' });
  const sink = createPostgresSink({ ...rowOptions(options), open, migrate, database: databaseUrl });
  const { queue: url, queueName: queue, prefetch } = flags;
  return consumeBatches({ url, queue, shard, sink, prefetch, onProblem });
}

function shardsOf({ shards }: Flags): number[] {
  return Array.from({ length: shards }, (_, shard) => shard);
}
