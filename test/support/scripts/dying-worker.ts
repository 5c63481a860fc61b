// Takes batches from a queue into Postgres, and is killed right after its third commit, before anything of it is
// acknowledged; or, with `poison`, whenever a batch has that message.

import { consumeBatches } from '../../../exporters/amqp/index.ts';
import { createPostgresSink } from '../../../exporters/postgres/index.ts';
import { openPostgres } from '../../../src/store/postgres.ts';

const { url, queue, databaseUrl, poison } = JSON.parse(process.argv[2]!);
const sink = createPostgresSink({ open: async () => openPostgres(databaseUrl) });
const die = () => process.kill(process.pid, 'SIGKILL');
let commits = 0;
await consumeBatches({
  ...{ url, queue, onProblem: console.error },
  sink: {
    ...sink,
    async write(batch) {
      if (batch.logs.some(({ message }) => message === poison)) die();
      const result = await sink.write(batch);
      if (poison === undefined && ++commits === 3) die();
      return result;
    },
  },
});
