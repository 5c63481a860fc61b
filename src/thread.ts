// Entry of the delivery thread: the one place where delivery meets the sinks.

import { createAmqpSink } from '../exporters/amqp/index.ts';
import { createHttpSink } from '../exporters/http/index.ts';
import { createPostgresSink } from '../exporters/postgres/postgres-sink.ts';
import { runDeliveryThread } from './deliver/thread-main.ts';
import { openPostgres } from './store/postgres.ts';
import { rowOptions, type SinkThreadOptions } from './thread-options.ts';

runDeliveryThread<SinkThreadOptions>({
  createSink({ target, migrate, ...options }) {
    if (target.to === 'receiver') return createHttpSink(target);
    if (target.to === 'queue') return createAmqpSink(target);
    const { databaseUrl } = target;
    return createPostgresSink({
      // Two connections are all a process may take: the application's own pool comes first.
      open: async () => openPostgres(databaseUrl, { max: 2, applicationName: 'rowtrace', considerate: true }),
      ...rowOptions(options),
      migrate,
      database: databaseUrl,
    });
  },
});
