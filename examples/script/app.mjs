// A script as cron starts it: imports a file line by line, goes on after a line that fails, and crashes in the end. The
// crash is a row, and the exit code stays what it would have been.
//   node --import rowtrace/register app.mjs

import { captureErrors, createLogger, trackLatency } from 'rowtrace';
import clinic from '../shared/clinic.cjs';

const log = createLogger({ module: 'nightly-import' });
const lines = ['1', '2', '3', '1'];

for (const line of lines) {
  captureErrors({ component: 'nightly-import', tags: { line }, rethrow: false }, () => clinic.ownerOf(line));
}
log.warn('one line could not be imported', { extra: { lines: lines.length } });
clinic.showInvoice(1042);
await trackLatency('weekly report', { slowMillis: 2000 }, clinic.weeklyReport);

await clinic.book({ dogId: 2, slot: 'Tuesday 10:00' });
