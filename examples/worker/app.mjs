// A background worker: it takes jobs one by one. BullMQ, amqplib and kafkajs are hooked without a line; for a queue of your
// own, as here, two helpers say what a job is and how long it took.
//   node --import rowtrace/register app.mjs

import { captureErrors, trackLatency, withContext } from 'rowtrace';
import clinic from '../shared/clinic.cjs';

const jobs = [
  { id: 101, kind: 'invoice', run: () => clinic.showInvoice(1042) },
  { id: 102, kind: 'reminder', run: () => clinic.ownerOf('1') },
  { id: 103, kind: 'reminder', run: () => clinic.ownerOf('3') },
  { id: 104, kind: 'booking', run: () => clinic.book({ dogId: 2, slot: 'Tuesday 10:00' }) },
  { id: 105, kind: 'report', run: () => clinic.weeklyReport() },
];

for (const { id, kind, run } of jobs) {
  await withContext({ tags: { job_id: id, job_kind: kind } }, () =>
    captureErrors({ component: 'worker', rethrow: false }, () => trackLatency(kind, { slowMillis: 2000 }, run)),
  );
}
console.log('all jobs are done');
