// `npm test [-- filter…]`: builds, starts one throw-away Postgres, runs test/**/*.test.ts through Node's own runner and
// ends with one line of counts. A filter is a part of a path; flags: --no-build, --name=<pattern>, --concurrency=<n>,
// --keep (leave the server and its databases running). ROWTRACE_TEST_DATABASE_URL (a superuser) replaces the server.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { memoryFolder, type PostgresServer, startPostgresServer } from '../test/support/postgres-server.ts';

const root = resolve(import.meta.dirname, '..');
const { values: flags, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    'no-build': { type: 'boolean' },
    keep: { type: 'boolean' },
    name: { type: 'string' },
    concurrency: { type: 'string' },
  },
});

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/^\.\//, ''))))
  .sort()
  .map((file) => join(root, file));
if (files.length === 0) fail(`No test file matches ${filters.join(', ') || 'test/**/*.test.ts'}.`);

if (!flags['no-build']) {
  const build = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (build.status !== 0)
    fail(`The build failed (--no-build runs the tests without it).\n${build.stdout}${build.stderr}`);
}

// Hundreds of processes load the same TypeScript: those of test/cli take half the processor time with it (95 s and 51 s
// of test/cli/usage.test.ts, busy machine).
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'rowtrace-tests');

let server: PostgresServer | undefined;
const aborting = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopEarly(signal));

if (!process.env.ROWTRACE_TEST_DATABASE_URL) {
  server = await startPostgresServer('newest', {}, { dataIn: memoryFolder() });
  process.env.ROWTRACE_TEST_DATABASE_URL = server.url;
}

const counts = await runTests();
if (flags.keep) console.log(`Kept: ${process.env.ROWTRACE_TEST_DATABASE_URL}`);
else await server?.stop();
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);

function runTests(): Promise<{ passed: number; failed: number; skipped: number }> {
  return new Promise((resolveCounts) => {
    const stream = run({
      files,
      cwd: root,
      // Spawned applications and databases share the processors with the test files.
      concurrency: flags.concurrency ? Number(flags.concurrency) : Math.max(2, Math.ceil(availableParallelism() / 2)),
      signal: aborting.signal,
      ...(flags.name ? { testNamePatterns: [flags.name] } : {}),
    });
    let summary = { passed: 0, failed: 0, skipped: 0 };
    stream.on('test:summary', (data) => {
      if (data.file !== undefined) return; // One summary a file, and one of them all.
      const { tests, passed, skipped, todo } = data.counts;
      summary = { passed, failed: tests - passed - skipped - todo, skipped: skipped + todo };
    });
    stream.on('end', () => resolveCounts(summary));
    stream.compose(spec).pipe(process.stdout);
  });
}

async function stopEarly(signal: 'SIGINT' | 'SIGTERM'): Promise<never> {
  aborting.abort();
  await server?.stop();
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
