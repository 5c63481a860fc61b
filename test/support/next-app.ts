// The application of test/fixtures/apps/next, built by Next itself: once for all tests of a file. It lies within this
// checkout, since Next follows no links out of a project; Rowtrace is in its node_modules as a package is.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'apps', 'next');

export interface NextApp {
  /** With server.mjs, the custom server. */
  folder: string;
  /** With server.js, of the stand-alone build. */
  standalone: string;
  remove(): void;
}

export function buildNextApp(): NextApp {
  const folder = mkdtempSync(join(ROOT, '.next-app-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  cpSync(FIXTURE, folder, { recursive: true });
  for (const part of ['dist', 'package.json'])
    cpSync(join(ROOT, part), join(folder, 'node_modules', 'rowtrace', part), { recursive: true });
  const built = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next'), 'build'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (built.status !== 0) {
    remove();
    throw new Error(`next build: ${built.stdout}${built.stderr}`);
  }
  return { folder, standalone: join(folder, '.next', 'standalone', basename(folder)), remove };
}
