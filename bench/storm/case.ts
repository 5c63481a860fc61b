// One case of bench/storm.ts in this process: prints CPU micro-seconds per error of the main thread, and bytes written.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [name, callsGiven] = process.argv.slice(2) as [string, string];
const calls = Number(callsGiven);
const BURST = 500;
const dir = mkdtempSync(join(tmpdir(), 'rowtrace-bench-'));
const unique = name.endsWith('unique');
let bytes = () => 0;
let nr = 0;

function failure(depth: number): Error {
  return depth === 0 ? new Error(unique ? `dog ${nr++} not found` : 'no such dog') : failure(depth - 1);
}

const report = await prepare();
await storm(2 * BURST);
const before = process.threadCpuUsage();
await storm(calls);
const { user, system } = process.threadCpuUsage(before);
console.log(JSON.stringify({ hostMicros: (user + system) / calls, bytes: bytes() }));
rmSync(dir, { recursive: true, force: true });
process.exit(0);

async function storm(count: number): Promise<void> {
  for (let done = 0; done < count; done += BURST) {
    for (let at = 0; at < BURST; at++) {
      const error = failure(10);
      void error.stack;
      report(error);
    }
    await new Promise((turn) => setImmediate(turn));
  }
  await new Promise((later) => setTimeout(later, 500));
}

async function prepare(): Promise<(error: Error) => void> {
  if (name.startsWith('none')) return () => {};
  if (name.startsWith('sentry')) {
    const Sentry = await import('@sentry/node');
    Sentry.init({
      dsn: 'https://key@localhost/1',
      transport: () => ({ send: async () => ({ statusCode: 200 }), flush: async () => true }) as never,
    });
    return (error) => void Sentry.captureException(error);
  }
  // By address, since the build is not there when types are checked.
  const { start, captureError, status } = await import(new URL('../../dist/src/index.mjs', import.meta.url).href);
  start({ dir, quiet: true, console: 'off', stormRows: name.startsWith('full') ? 0 : 20 });
  bytes = () => status().journal.bytes;
  return (error) => captureError(error);
}
