// Names on disk: <dir>/journal/<process-id>[~<adopter>]/{owner.json, 00000001.ndjson …, shipped.json, closed}.
// In: a folder. Out: the journals and segments in it. Holds no state.

import { constants } from 'node:fs';
import { join } from 'node:path';
import { nodeFiles } from './files.ts';
import { type Identity, isDead } from './identity.ts';

/** Who ships a journal: a delivery thread of its own process, or the process that owns the embedded database. */
export type ShippedBy = 'self' | 'owner';

/** owner.json: written before the first segment, never changed. */
export interface Owner extends Identity {
  process: string;
  service: string;
  shippedBy: ShippedBy;
}

export interface FoundJournal {
  path: string;
  /** Directory name without the adopter. */
  id: string;
  owner: Owner;
  /** Tag of the process that adopted it; absent while it is still its writer's. */
  holder?: string;
  /** The writer said that nothing more will follow. */
  closed: boolean;
}

export const OWNER_FILE = 'owner.json';
export const SHIPPED_FILE = 'shipped.json';
export const STORED_FILE = 'stored.json';
export const CLOSED_FILE = 'closed';

export function journalsFolder(dir: string): string {
  return join(dir, 'journal');
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.ndjson`;
}

/** Number of a segment file; undefined for anything else. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{8,12})\.ndjson$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** The id comes from outside (service.instance.id): only of harmless characters it names the directory. */
export function isDirectoryName(process: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(process);
}

/** Every journal under `dir` whose owner can be read. Names that begin with a dot are journals being made or removed. */
export function listJournals(dir: string): FoundJournal[] {
  return [...eachJournal(dir)];
}

/** As listJournals, one after the other: there may be thousands, of which a few are wanted. */
export function* eachJournal(
  dir: string,
  onLeftAlone: (journal: LeftAlone) => void = () => {},
): Generator<FoundJournal> {
  for (const name of journalNames(dir)) {
    const path = join(journalsFolder(dir), name);
    const journal = describeJournal(path, name);
    if (journal !== undefined) yield journal;
    else {
      const why = whyLeftAlone(path);
      if (why !== undefined) onLeftAlone({ path, why });
    }
  }
}

export function journalsOf(dir: string, process: string): FoundJournal[] {
  const names = isDirectoryName(process)
    ? journalNames(dir).filter((name) => name.startsWith(process))
    : journalNames(dir);
  return names
    .map((name) => describeJournal(join(journalsFolder(dir), name), name))
    .filter((journal) => journal?.owner.process === process) as FoundJournal[];
}

function journalNames(dir: string): string[] {
  return namesIn(journalsFolder(dir)).filter((name) => !name.startsWith('.'));
}

/** Ours, and no link: nothing planted in a shared folder is read, written or adopted. */
export function isOwnDirectory(path: string, files: Pick<typeof nodeFiles, 'lstatSync'> = nodeFiles): boolean {
  try {
    const stat = files.lstatSync(path);
    return stat.isDirectory() && (process.getuid === undefined || stat.uid === process.getuid());
  } catch {
    return false;
  }
}

export interface LeftAlone {
  path: string;
  why: string;
}

/** Journals that nobody ships: of another user, links, and those of which it cannot be known whether their writer lives. */
export function journalsLeftAlone(dir: string): LeftAlone[] {
  const found: LeftAlone[] = [];
  for (const _ of eachJournal(dir, (journal) => found.push(journal)));
  return found;
}

function whyLeftAlone(path: string): string | undefined {
  if (!exists(path)) return undefined;
  if (!isOwnDirectory(path)) return 'belongs to another user or is a link';
  const holdsSome = namesIn(path).some((name) => segmentNumber(name) !== undefined);
  // Looked at again: another process may have taken it over meanwhile.
  return holdsSome && !readOwner(path) && exists(path) ? `has no ${OWNER_FILE} that can be read` : undefined;
}

export function describeJournal(path: string, name: string): FoundJournal | undefined {
  if (!isOwnDirectory(path)) return undefined;
  const owner = readOwner(path);
  if (!owner) return undefined;
  const [id, holder] = name.split('~') as [string, string | undefined];
  return { path, id, owner, holder, closed: namesIn(path).includes(CLOSED_FILE) };
}

/** True when whoever may touch this journal (its adopter, else its writer) is dead by what can be seen at once. */
export function isOrphan(journal: FoundJournal): boolean {
  return isDead(journal.holder ?? journal.owner);
}

function exists(path: string): boolean {
  return nodeFiles.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** File names in a folder, none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return nodeFiles.readdirSync(folder);
  } catch {
    return [];
  }
}

/** Content of a small file of ours; nothing where it cannot be read. A link is not followed. */
export function readSmall(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = nodeFiles.openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    const buffer = Buffer.alloc(16 * 1024);
    return buffer.subarray(0, nodeFiles.readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) nodeFiles.closeSync(fd);
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(String(readSmall(join(path, OWNER_FILE)))) as Owner;
    return typeof owner.pid === 'number' && typeof owner.hostname === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}
