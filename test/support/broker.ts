// A RabbitMQ of a test's own, to be killed, frozen and filled: on free ports, in a folder of its own. Where no server is
// installed the test is skipped.

import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { until } from './journals.ts';

const BIN = process.env.ROWTRACE_TEST_RABBITMQ_BIN ?? '/usr/lib/rabbitmq/bin';

export interface Broker {
  url: string;
  start(): Promise<void>;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Whether the queue survives SIGKILL: RabbitMQ writes the names of new quorum queues half a second late. */
  hasOnDisk(queue: string): boolean;
  /** Takes nothing that is published, for want of memory or of room on its disk, until that is over. */
  alarm(want: 'memory' | 'disk'): Promise<void>;
  endAlarm(want: 'memory' | 'disk'): Promise<void>;
  /** Refuses what is larger, on channels that are opened from now on. */
  maxMessageSize(bytes: number): Promise<void>;
  /** A policy for one queue: it refuses what would make it longer. */
  limitLength(queue: string, messages: number): Promise<void>;
  /** How many clients are connected. */
  connections(): Promise<number>;
  remove(): void;
}

const LIMITS = {
  memory: { always: ['set_vm_memory_high_watermark', '0'], usual: ['set_vm_memory_high_watermark', '0.4'] },
  disk: { always: ['set_disk_free_limit', '1000000GB'], usual: ['set_disk_free_limit', '50MB'] },
};

export const hasBroker = existsSync(join(BIN, 'rabbitmq-server'));

export async function brokerFor(t: TestContext): Promise<Broker | undefined> {
  if (!hasBroker) {
    t.skip(
      `no rabbitmq-server in ${BIN}; install it (apt-get install rabbitmq-server) or set ROWTRACE_TEST_RABBITMQ_BIN`,
    );
    return undefined;
  }
  const broker = makeBroker(await freePort(), await freePort());
  t.after(() => broker.remove());
  await broker.start();
  return broker;
}

let shared: Promise<Broker> | undefined;

/** One for all tests of a file. */
export async function sharedBroker(): Promise<Broker> {
  shared ??= Promise.all([freePort(), freePort()]).then(async (ports) => {
    const broker = makeBroker(...ports);
    process.once('exit', () => broker.remove());
    await broker.start();
    return broker;
  });
  return shared;
}

function makeBroker(port: number, distribution: number): Broker {
  const folder = mkdtempSync(join(tmpdir(), 'rowtrace-broker-'));
  const node = `rowtrace-${randomUUID().slice(0, 8)}@localhost`;
  writeFileSync(join(folder, 'plugins'), '[].');
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOGS: '-',
    // Its name is in no argument, so that this is how its process is found.
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `-setcookie ${node.slice(0, 17)}`,
  };
  const control = async (...words: string[]): Promise<string> => {
    const args = ['-q', '-n', node, '--erlang-cookie', node.slice(0, 17), ...words];
    return (await promisify(execFile)(join(BIN, 'rabbitmqctl'), args, { env })).stdout;
  };
  const signal = (name: NodeJS.Signals): void => {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), name);
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    async start() {
      spawn(join(BIN, 'rabbitmq-server'), { env, cwd: folder, stdio: 'ignore', detached: true }).unref();
      await until('the broker to listen', () => listens(port), 60_000);
    },
    signal,
    hasOnDisk: (queue) => readFileSync(join(folder, 'data', node, 'quorum', node, 'names.dets')).includes(`_${queue}`),
    alarm: async (want) => void (await control(...LIMITS[want].always)),
    endAlarm: async (want) => void (await control(...LIMITS[want].usual)),
    maxMessageSize: async (bytes) =>
      void (await control('eval', `application:set_env(rabbit, max_message_size, ${bytes}).`)),
    limitLength: async (queue, messages) =>
      void (await control('set_policy', queue, `^${queue}$`, JSON.stringify({ 'max-length': messages }))),
    connections: async () => (await control('list_connections', '--no-table-headers', 'pid')).trim().split('\n').length,
    remove() {
      try {
        signal('SIGKILL');
      } catch {}
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
