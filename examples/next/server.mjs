// The clinic on Next.js, behind a server of its own. It builds the application the first time.
//   node --import rowtrace/register server.mjs

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import clinic from '../shared/clinic.cjs';

process.env.NODE_ENV = 'production';
const dir = import.meta.dirname;
if (!existsSync(join(dir, '.next', 'BUILD_ID'))) {
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next');
  spawnSync(process.execPath, [next, 'build'], { cwd: dir, stdio: 'inherit' });
}

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
