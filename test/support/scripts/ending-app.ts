// Child process: an application that records one error and ends in the way its first argument names.
// Arguments: way, folder, options of the thread as JSON.

import { startDeliveryThread } from '../../../src/deliver/delivery-thread.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import { uuidv7 } from '../../../src/util/uuid.ts';

const [way, dir, json] = process.argv.slice(2) as [string, string, string];
const say = (message: string) => process.stderr.write(`said: ${message}\n`);
const { entry = new URL('./thread-entry.ts', import.meta.url).href, ...options } = JSON.parse(json);
const delivery = startDeliveryThread({
  entry: new URL(entry),
  options: { dir, columns: {}, ...options },
  onProblem: say,
});
const journal = openJournal({
  dir,
  resource: { k: 'resource', v: 1, process: 'app', service: 's', environment: 'e', host: 'h', pid: process.pid },
  maxBytes: 1e8,
  shippedBy: 'self',
  onOpened: (path) => delivery.follow(path),
  onProblem: say,
});
const record = (message: string) =>
  journal.appendNow({ k: 'log', id: uuidv7(), t: Date.now(), level: 'ERROR', message, hold: true });

process.on('uncaughtExceptionMonitor', (error) => record(error.message));
process.on('exit', () => {
  journal.close();
  const before = performance.now();
  const complete = delivery.flushSync(30_000);
  console.log(JSON.stringify({ complete, millis: Math.round(performance.now() - before) }));
});

record('one');
if (way === 'exit') process.exit(3);
if (way === 'throw') throw new Error('two');
if (way === 'later') setTimeout(() => {}, 400);
if (way === 'in-trouble') {
  const timer = setInterval(() => {
    if (['outage', 'config'].includes(delivery.status().state)) clearInterval(timer);
  }, 10);
}
if (way === 'flush') console.log(JSON.stringify({ flushed: await delivery.flush(30_000) }));
if (way === 'until-restart') {
  const timer = setInterval(() => {
    if (delivery.status().restarts > 0 && delivery.status().state === 'idle') clearInterval(timer);
  }, 10);
}
