// Servers that npm cannot bring. Each is looked for where a machine of a developer usually has it, or where a variable says;
// RabbitMQ is started where it is only installed. A test that needs one which is not there is skipped, with a message that
// says how to un-skip it.

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
  const url = process.env[variable] ?? usual;
  if (await answers(url)) return url;
  if (name === 'amqp' && process.env[variable] === undefined && hasBroker) return (await sharedBroker()).url;
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
