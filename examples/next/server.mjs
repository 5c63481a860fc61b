// The clinic on Next.js, behind a server of its own. Built before it is started: a process maps its stacks by what was there
// when it began.
//   next build && node --import rowtrace/register server.mjs

import { createServer } from 'node:http';
import clinic from '../shared/clinic.cjs';

process.env.NODE_ENV = 'production';
const dir = import.meta.dirname;

// Only now: what Next and React are depends on NODE_ENV.
const { default: next } = await import('next');
const app = next({ dev: false, dir });
await app.prepare();
const server = createServer(app.getRequestHandler());
server.once('close', () => app.close());
server.listen(clinic.port, '127.0.0.1', async () => {
  // What all pages share is loaded with the first one.
  await fetch(`http://127.0.0.1:${server.address().port}/`);
  clinic.running(server);
});
