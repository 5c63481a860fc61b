// Reads the numbered .sql files beside this module: in src as they are, in dist where the build copied them.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Migration {
  id: number;
  /** File name without ".sql": "0001-error-logs". */
  name: string;
  /** With `{schema}` where the quoted schema name goes. */
  sql: string;
  /** SHA-256 of the text, the same on every system and for every schema name. */
  checksum: string;
}

let cached: readonly Migration[] | undefined;

/** All migrations of this version in order. */
export function migrationFiles(): readonly Migration[] {
  cached ??= readMigrations(fileURLToPath(new URL('./migrations/', import.meta.url)));
  return cached;
}

function readMigrations(dir: string): Migration[] {
  return readdirSync(dir)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(`${dir}/${file}`, 'utf8').replaceAll('\r\n', '\n');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { id: Number(file.slice(0, 4)), name: file.slice(0, -4), sql, checksum };
    });
}
