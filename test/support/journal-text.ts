import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All that the journals below a folder of Rowtrace hold, as text. */
export function journalOf(dir: string): string {
  const folder = join(dir, 'journal');
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}
