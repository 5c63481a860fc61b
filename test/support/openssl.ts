// Keys and certificates for tests, by the openssl command: Node makes none.

import { execFileSync, spawnSync } from 'node:child_process';

export const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Why such a test is skipped, if it is. */
export const noOpenssl = spawnSync('openssl', ['version']).status !== 0 && 'needs openssl: apt-get install openssl';

export function openssl(...words: string[]): void {
  execFileSync('openssl', words, { stdio: 'pipe' });
}
