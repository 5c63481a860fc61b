// The commit that is checked out, read from the files of a git repository: no child process in somebody's application.
// In: a folder. Out: commit and branch, or nothing; whatever is broken, missing, odd or too large is nothing, too.

import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { sha } from './hosts.ts';

export interface CheckedOut {
  commit?: string;
  branch?: string;
}

const MAX_PARENTS = 32;
const MAX_LINKS = 5;
/** HEAD, refs, `gitdir:` files. */
const MAX_SMALL_BYTES = 4_096;
/** packed-refs: about 60,000 refs. Beyond it the commit is not known; reading it all would delay the start. */
const MAX_PACKED_BYTES = 4 * 1024 * 1024;

/** Of the repository that holds `folder`. */
export function checkedOut(folder: string): CheckedOut {
  const git = findGit(resolve(folder));
  const head = git === undefined ? undefined : readText(join(git, 'HEAD'));
  if (git === undefined || head === undefined) return {};
  const branch = /^ref: refs\/heads\/(.+)$/.exec(head)?.[1];
  return { commit: follow(git, head), branch: branch === undefined || branch === '.invalid' ? undefined : branch };
}

/** The git folder above `folder`. In worktrees and submodules `.git` is a file that says where it is. */
function findGit(folder: string): string | undefined {
  let at = folder;
  for (let depth = 0; depth < MAX_PARENTS; depth++) {
    const git = join(at, '.git');
    if (isFolder(git)) return git;
    const link = /^gitdir: (.+)$/.exec(readText(git) ?? '')?.[1];
    if (link !== undefined) return resolve(at, link);
    const parent = dirname(at);
    if (parent === at) return undefined;
    at = parent;
  }
  return undefined;
}

/** "ref: refs/heads/main" → its commit; a detached HEAD is a commit itself. */
function follow(git: string, text: string): string | undefined {
  // A worktree has a HEAD of its own; branches are those of the main repository.
  const common = readText(join(git, 'commondir'));
  const roots = common === undefined ? [git] : [git, resolve(git, common)];
  let value: string | undefined = text;
  for (let link = 0; link < MAX_LINKS && value !== undefined; link++) {
    const name: string | undefined = /^ref: (refs\/.+)$/.exec(value)?.[1];
    if (name === undefined) return sha(value);
    if (name.includes('..')) return undefined;
    const loose: string[] = roots.flatMap((root) => readText(join(root, name)) ?? []);
    value = loose[0] ?? packed(roots.at(-1)!, name);
  }
  return undefined;
}

/** A line of packed-refs: "<commit> refs/heads/main". */
function packed(git: string, name: string): string | undefined {
  const text = read(join(git, 'packed-refs'), MAX_PACKED_BYTES);
  if (text === undefined) return undefined;
  const at = text.indexOf(` ${name}\n`);
  return at < 0 ? undefined : text.slice(text.lastIndexOf('\n', at) + 1, at);
}

function readText(path: string): string | undefined {
  return read(path, MAX_SMALL_BYTES)?.trim() || undefined;
}

/** Files only (a named pipe would never answer), and none that is larger. */
function read(path: string, mostBytes: number): string | undefined {
  let file: number | undefined;
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > mostBytes) return undefined;
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(found.size);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, 0));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
