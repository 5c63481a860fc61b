// `node scripts/frameworks.ts`: runs the matrix of frameworks and workers and writes what it measured into
// docs/frameworks.md. A cell whose test fails is in the page as it was measured.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameworksPage } from './gen/frameworks-page.ts';

const FILES = ['test/preload/frameworks', 'test/preload/next', 'test/preload/workers'];
const root = join(import.meta.dirname, '..');
const out = mkdtempSync(join(tmpdir(), 'rowtrace-frameworks-'));
const run = spawnSync(process.execPath, [join(root, 'scripts', 'test.ts'), ...process.argv.slice(2), ...FILES], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ROWTRACE_FRAMEWORKS_OUT: out },
});
const results = readdirSync(out).map((name) => JSON.parse(readFileSync(join(out, name), 'utf8')));
const workers = results.filter((result) => 'worker' in result);
const frameworks = results.filter((result) => !('worker' in result));
rmSync(out, { recursive: true, force: true });
const page = join(root, 'docs', 'frameworks.md');
writeFileSync(page, frameworksPage(readFileSync(page, 'utf8'), frameworks, workers));
console.log(`wrote docs/frameworks.md: ${results.length} cells`);
process.exitCode = run.status ?? 1;
