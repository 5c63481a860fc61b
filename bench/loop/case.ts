// One case of bench/loop.ts in this process: logs an error in every turn of the event loop for some seconds, then
// process.exit(0) in the same turn. Arguments: name, database URL, seconds, folder. Says on descriptor 3 what it produced.

import { writeSync } from 'node:fs';
import { errorFacts } from '../write/rows.ts';

const [name, url, seconds, dir] = process.argv.slice(2) as [string, string, string, string];
const facts = errorFacts(2_000).map(({ error }) => error!);
// Making and reading a stack is the application's affair; here all get ready ones.
Error.stackTraceLimit = 0;
let produced = 0;

/** Another message each time, and one of 200 stacks of 2.2 KB. */
function failure(): Error {
  const fact = facts[produced % facts.length]!;
  const error = new Error(`${fact.message} ${produced}`);
  error.name = fact.type;
  error.stack = `${fact.type}: ${error.message}\n${fact.stack!.slice(fact.stack!.indexOf('\n') + 1)}`;
  return error;
}

const log = await prepare();
const start = performance.now();
let mostMemory = 0;
const turn = (): void => {
  log(failure());
  produced++;
  if ((produced & 1023) === 0) mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
  if (performance.now() - start < Number(seconds) * 1_000) return void setImmediate(turn);
  mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
  writeSync(
    3,
    JSON.stringify({ produced, seconds: (performance.now() - start) / 1_000, memory: mostMemory / 2 ** 20 }),
  );
  process.exit(0);
};
turn();

async function prepare(): Promise<(error: Error) => void> {
  switch (name) {
    case 'nothing':
      return () => {};
    case 'rowtrace': {
      const { logs } = await import('@opentelemetry/api');
      // By address, since the build is not there when types are checked.
      const { start } = await import(new URL('../../dist/src/index.mjs', import.meta.url).href);
      // The valve would count most of them instead of storing them; none of the others has one.
      start({ dir, databaseUrl: url, quiet: true, console: 'off', stormRows: 'off' });
      const logger = logs.getLogger('loop');
      return (exception) => logger.emit({ severityNumber: 17, body: exception.message, exception });
    }
    case 'errsole': {
      const { default: errsole } = await import('errsole');
      const { default: Store } = await import('errsole-postgres');
      const { hostname, port, username, password, pathname } = new URL(url);
      const storage = new Store({
        host: hostname,
        port: Number(port),
        user: username,
        password,
        database: pathname.slice(1),
      });
      errsole.initialize({ storage, enableConsoleOutput: false, enableDashboard: false });
      await new Promise((later) => setTimeout(later, 2_000));
      return (error) => errsole.error(error);
    }
    case 'winston-pg': {
      const winston = await import('winston');
      const { PostgresTransport } = await import('@innova2/winston-pg');
      const transport = new PostgresTransport({
        connectionString: url,
        maxPool: 2,
        level: 'info',
        tableName: 'winston_logs',
      });
      const logger = winston.createLogger({ transports: [transport as never] });
      await new Promise((later) => setTimeout(later, 2_000));
      return (error) => logger.error(error.message, { stack: error.stack, context: 'loop' });
    }
    case 'pino-postgres': {
      const { pino } = await import('pino');
      const logger = pino();
      return (error) => logger.error(error);
    }
    default:
      throw new Error(`no case ${name}`);
  }
}
