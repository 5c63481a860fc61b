// Makes the directory of one process' journal. In: the folder wanted and who writes. Out: the path made, which is below the
// system's temporary folder where the wanted one cannot be written and that is good enough, or in shared memory where all
// files are read-only. Throws where none can.

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

/** Containers with a read-only root have it, mostly of 64 MiB. */
const SHARED_MEMORY = '/dev/shm';
/** It is memory of the application's container. */
const MOST_IN_MEMORY_BYTES = 16 * 1024 * 1024;

export interface MadeDir {
  path: string;
  /** Why it is not where it was wanted. */
  fallbackOf?: unknown;
  /** Smaller than asked for. */
  maxBytes?: number;
}

export function makeJournalDir(
  dir: string,
  resource: ResourceFact,
  shippedBy: ShippedBy,
  files: JournalFiles,
  { wasRemoved = false, fallback = true } = {},
): MadeDir {
  const make = (base: string) => makeIn(base, resource, shippedBy, files, wasRemoved);
  try {
    return { path: make(dir) };
  } catch (error) {
    if (!fallback || PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    try {
      return { path: make(ownBase(temporaryFolder(), files)), fallbackOf: error };
    } catch (another) {
      // Memory is for what leaves it soon.
      if ((another as NodeJS.ErrnoException).code !== 'EROFS' || shippedBy !== 'self') throw another;
      const path = make(ownBase(memoryFolder(), files));
      return { path, fallbackOf: another, maxBytes: MOST_IN_MEMORY_BYTES };
    }
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
  try {
    files.mkdirSync(unfinished, { mode: 0o700 });
    files.writeFileSync(join(unfinished, OWNER_FILE), `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    reserveReport(unfinished, files);
    return nameIt(unfinished, join(folder, directoryName(resource.process)), files, wasRemoved);
  } catch (error) {
    // A disk that is full for days takes a folder at each attempt, and no byte.
    try {
      files.rmSync(unfinished, { recursive: true, force: true });
    } catch {}
    throw error;
  }
}

function nameIt(unfinished: string, wanted: string, files: JournalFiles, wasRemoved: boolean): string {
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
  return join(tmpdir(), folderName());
}

/** Where it goes next. */
export function memoryFolder(): string {
  return join(SHARED_MEMORY, folderName());
}

function folderName(): string {
  const uid = process.getuid?.();
  return uid === undefined ? 'rowtrace' : `rowtrace-${uid}`;
}

/** Refused where somebody else made it first, since /tmp belongs to all. */
function ownBase(base: string, files: JournalFiles): string {
  const uid = process.getuid?.();
  files.mkdirSync(base, { recursive: true, mode: 0o700 });
  const stat = files.lstatSync(base);
  if (!stat.isDirectory() || (uid !== undefined && (stat.uid !== uid || (stat.mode & 0o077) !== 0)))
    throw new Error(`${base} belongs to somebody else or is open to others`);
  return base;
}
