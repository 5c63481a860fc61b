// A temporary folder that goes with its test.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function folderFor(t: { after(work: () => void): void }): string {
  // The real path: on macOS the temporary folder is a link, and git says where it leads.
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'rt-'));
  t.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return dir;
}
