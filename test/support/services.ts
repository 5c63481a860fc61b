// Servers that npm cannot bring. Each is looked for where a variable says, or where a machine of a developer usually has it;
// RabbitMQ is rather started anew where it is installed: one that listens may still be in alarm, or without a leader for any
// quorum queue. A test that needs one which is not there is skipped, with a message that says how to un-skip it.

import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { hasBroker, sharedBroker } from './broker.ts';

const SERVICES = {
  mysql: { variable: 'ROWTRACE_TEST_MYSQL_URL', url: 'mysql://root@127.0.0.1:3306/test', get: 'mariadb-server' },
  redis: { variable: 'ROWTRACE_TEST_REDIS_URL', url: 'redis://127.0.0.1:6379', get: 'redis-server' },
  amqp: { variable: 'ROWTRACE_TEST_AMQP_URL', url: 'amqp://guest:guest@127.0.0.1:5672', get: 'rabbitmq-server' },
} as const;

/** URL of a server that answers; undefined when the test was skipped for want of it. */
export async function serviceFor(t: TestContext, name: keyof typeof SERVICES): Promise<string | undefined> {
  const { variable, url: usual, get } = SERVICES[name];
  const given = process.env[variable];
  if (name === 'amqp' && given === undefined && hasBroker) return (await sharedBroker()).url;
  const url = given ?? usual;
  if (await answers(url)) return url;
  t.skip(`no ${name} server at ${url}; start one (apt-get install ${get}) or set ${variable}`);
  return undefined;
}

function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
