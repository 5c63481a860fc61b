// `npm run faults [-- row…]`: builds, runs the fault matrix (test/faults) against servers, networks, disks and processes that
// it breaks itself, prints one line a row and ends with one line of counts. `--short` is what CI runs, `--long` has many more
// rounds; both others than `--short` write the figures of the rows they ran into docs/reliability.md. Flags: --no-build,
// --lanes=<n> (rows at a time).

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROWS } from '../test/faults/index.ts';
import { RowContext } from '../test/faults/support/context.ts';
import { missing } from '../test/faults/support/machine.ts';
import type { Mode, Outcome, Row } from '../test/faults/support/row.ts';
import { prepareCluster } from '../test/faults/support/server.ts';
import { writeFigures } from './faults/reliability-page.ts';

const root = resolve(import.meta.dirname, '..');
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    long: { type: 'boolean' },
    'no-build': { type: 'boolean' },
    lanes: { type: 'string' },
  },
});
const mode: Mode = flags.short ? 'short' : flags.long ? 'long' : 'full';
/** Nothing in here takes that long; a row that hangs must not hang the rest. */
const MOST_MINUTES = { short: 10, full: 30, long: 240 }[mode];

const rows = ROWS.filter(({ row, open }) =>
  positionals.length === 0 ? mode !== 'short' || open === undefined : positionals.includes(row),
);
if (rows.length === 0)
  fail(`No such row: ${positionals.join(', ')}. There are ${ROWS.map(({ row }) => row).join(', ')}.`);

if (!flags['no-build']) {
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) fail(`The build failed.\n${build.stdout}${build.stderr}`);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const outcomes = new Map<Row, Outcome>();
const cluster = await prepareCluster();
const running = new Set<RowContext>();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, async () => {
    await Promise.all([...running].map((context) => context.end()));
    rmSync(cluster.dir, { recursive: true, force: true });
    process.exit(130);
  });

print(['row', 'fault', 'promised', 'produced', 'stored', 'lost', 'twice', 'ledger', 'figure']);
const waiting = [...rows];
// Most of a row is waiting for a timeout.
const lanes = Number(flags.lanes ?? 3);
await Promise.all(Array.from({ length: lanes }, lane));
rmSync(cluster.dir, { recursive: true, force: true });
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);

async function lane(): Promise<void> {
  for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) await runRow(row);
}

async function runRow(row: Row): Promise<void> {
  const lack = missing(row.needs);
  if (lack) {
    counts.skipped++;
    console.log(`${row.row.padEnd(8)}${row.fault}: skipped, ${lack}`);
    return;
  }
  const context = new RowContext(mode, cluster);
  running.add(context);
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not over within ${MOST_MINUTES} minutes`)), MOST_MINUTES * 60_000);
    });
    const outcome = await Promise.race([row.run(context), late]);
    const closed = outcome.ledger === undefined;
    const good = outcome.lost === 0 && outcome.duplicates === 0 && closed;
    counts[good ? 'passed' : 'failed']++;
    if (good) outcomes.set(row, outcome);
    // At once: a long run that is broken off has said something, too.
    if (good && mode !== 'short') writeFigures(outcomes);
    const { promised, produced, stored, lost, duplicates, figure } = outcome;
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    print([
      row.row,
      row.fault,
      promised,
      produced,
      stored,
      lost,
      duplicates,
      closed ? 'closed' : 'OPEN',
      `${figure} [${took}]`,
    ]);
    const missing = outcome.missing?.slice(0, 8).join(', ');
    if (!good) console.log(`     FAILED: ${outcome.ledger ?? `lost ${lost} (${missing}), duplicates ${duplicates}`}`);
  } catch (error) {
    counts.failed++;
    console.log(`${row.row.padEnd(8)}${row.fault}\n     FAILED: ${error instanceof Error ? error.stack : error}`);
  } finally {
    clearTimeout(timer);
    await context.end();
    running.delete(context);
  }
}

function print(cells: (string | number)[]): void {
  const widths = [8, 64, 9, 9, 9, 5, 6, 7, 0];
  const line = cells.map((cell, at) => {
    const text = String(cell);
    const left = at === 0 || at === 1 || at >= 7;
    return left ? text.padEnd(widths[at]!) : text.padStart(widths[at]! - 1).padEnd(widths[at]!);
  });
  console.log(line.join('').trimEnd());
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
