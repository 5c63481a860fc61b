// Makes the directory of one process' journal. In: the folder wanted and who writes. Out: the path made, which is below the
// system's temporary folder where the wanted one cannot be written and that is good enough. Throws where none can.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceFact } from '../record/fact.ts';
import { uuidv7 } from '../util/uuid.ts';
import { type JournalFiles, nodeFiles } from './files.ts';
import { selfIdentity } from './identity.ts';
import { reserveReport } from './last-report.ts';
import { isDirectoryName, isOwnDirectory, journalsFolder, OWNER_FILE, type Owner, type ShippedBy } from './layout.ts';
import { presenceIn } from './presence.ts';

/** Another attempt a little later may succeed, so the temporary folder is no better. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'EAGAIN']);

export function makeJournalDir(
  dir: string,
  resource: ResourceFact,
  shippedBy: ShippedBy,
  files: JournalFiles,
  { wasRemoved = false, fallback = true } = {},
): { path: string; fallbackOf?: unknown } {
  try {
    return { path: makeIn(dir, resource, shippedBy, files, wasRemoved) };
  } catch (error) {
    if (!fallback || PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return { path: makeIn(temporaryBase(files), resource, shippedBy, files, wasRemoved), fallbackOf: error };
  }
}

function makeIn(
  base: string,
  resource: ResourceFact,
  shippedBy: ShippedBy,
  files: JournalFiles,
  wasRemoved: boolean,
): string {
  const folder = requireFolder(base, files);
  try {
    files.writeFileSync(join(base, '.gitignore'), '*\n', { flag: 'wx', mode: 0o600 });
  } catch {}
  const owner: Owner = {
    process: resource.process,
    service: resource.service,
    shippedBy,
    ...selfIdentity(),
    presence: presenceIn(base)?.token,
  };
  // Filled under a name that readers skip, then renamed: a journal without its owner is never seen.
  const unfinished = join(folder, `.new-${uuidv7()}`);
  files.mkdirSync(unfinished, { mode: 0o700 });
  files.writeFileSync(join(unfinished, OWNER_FILE), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
  reserveReport(unfinished, files);
  const wanted = join(folder, directoryName(resource.process));
  try {
    // Whoever followed the removed one believes to have read what would stand in the same place now.
    if (wasRemoved) throw new Error('taken');
    files.renameSync(unfinished, wanted);
    return wanted;
  } catch {
    // Taken: a second journal of this process.
    const other = `${wanted}-${uuidv7()}`;
    files.renameSync(unfinished, other);
    return other;
  }
}

/** @throws where no journal can be */
export function requireFolder(base: string, files: JournalFiles = nodeFiles): string {
  const folder = journalsFolder(base);
  files.mkdirSync(folder, { recursive: true, mode: 0o700 });
  // The folder around it may be shared or a link, as somebody chose; in here lies what the application's users did.
  if (!isOwnDirectory(folder, files)) throw new Error(`${folder} belongs to somebody else or is a link`);
  return folder;
}

function directoryName(process: string): string {
  return isDirectoryName(process) ? process : uuidv7();
}

/** Where a journal goes that cannot be in the folder wanted: `<tmp>/rowtrace-<uid>`. */
export function temporaryFolder(): string {
  const uid = process.getuid?.();
  return join(tmpdir(), uid === undefined ? 'rowtrace' : `rowtrace-${uid}`);
}

/** Refused where somebody else made it first, since /tmp belongs to all. */
function temporaryBase(files: JournalFiles): string {
  const uid = process.getuid?.();
  const base = temporaryFolder();
  files.mkdirSync(base, { recursive: true, mode: 0o700 });
  const stat = files.lstatSync(base);
  if (!stat.isDirectory() || (uid !== undefined && (stat.uid !== uid || (stat.mode & 0o077) !== 0)))
    throw new Error(`${base} belongs to somebody else or is open to others`);
  return base;
}
