// Exports one log record through a journal and is killed. Arguments: database URL, folder of journals, words.

import { SeverityNumber } from '@opentelemetry/api-logs';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { createPostgresSink, openPostgres, PostgresLogExporter } from '../../../exporters/postgres/index.ts';

const [url, dir, body] = process.argv.slice(2) as [string, string, string];
const collected = new InMemoryLogRecordExporter();
const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: collected })] });
provider.getLogger('vet').emit({ severityNumber: SeverityNumber.ERROR, body });
const sink = createPostgresSink({ open: async () => openPostgres(url) });
new PostgresLogExporter(sink, { journal: { dir } }).export(collected.getFinishedLogRecords(), ({ code }) => {
  process.stdout.write(`exported ${code}`, () => process.kill(process.pid, 'SIGKILL'));
});
