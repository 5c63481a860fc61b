// Entry of the delivery thread: the one place where delivery meets the Postgres sink.

import { createPostgresSink } from '../exporters/postgres/postgres-sink.ts';
import { runDeliveryThread } from './deliver/thread-main.ts';
import { openPostgres } from './store/postgres.ts';
import type { SinkThreadOptions } from './thread-options.ts';

runDeliveryThread<SinkThreadOptions>({
  createSink: ({ databaseUrl, schema, columns, migrate }) =>
    createPostgresSink({
      // Two connections are all a process may take: the application's own pool comes first.
      open: async () => openPostgres(databaseUrl, { max: 2, applicationName: 'rowtrace' }),
      schema,
      columns,
      migrate,
      database: databaseUrl,
    }),
});
