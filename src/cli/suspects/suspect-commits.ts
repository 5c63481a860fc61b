// Suspect commits: those between the last good and the first bad release that touched the files of the stack. Releases and
// paths in; commits, newest first, or why there are none out. Never throws, takes 3 seconds at most.

import { GitError, openGit } from './git.ts';
import { matchFiles } from './match-files.ts';

export interface SuspectCommit {
  sha: string;
  author: string;
  date: Date;
  subject: string;
}

export interface Suspects {
  commits: SuspectCommit[];
  /** Those of the stack that are in the repository. */
  files: string[];
  /** Why there are none. */
  why?: string;
}

export interface BuildOfRelease {
  release: string | null;
  sha: string | null;
}

export interface SuspectQuery {
  good: BuildOfRelease | undefined;
  bad: BuildOfRelease | undefined;
  /** Of the service's own frames, top first. */
  paths: readonly string[];
  cwd: string;
  timeoutMillis?: number;
}

const TIMEOUT_MILLIS = 3_000;
const MOST_COMMITS = 10;
const MOST_FILES = 5;
const SHA = /^[0-9a-f]{7,64}$/i;

export async function suspectCommits(query: SuspectQuery): Promise<Suspects> {
  const none = (why: string): Suspects => ({ commits: [], files: [], why });
  const missing = missingOf(query);
  if (missing !== undefined) return none(missing);
  const { cwd, timeoutMillis = TIMEOUT_MILLIS } = query;
  const good = query.good!.sha!;
  const bad = query.bad!.sha!;
  const git = openGit(cwd, timeoutMillis);
  try {
    if (!(await succeeds(git(['rev-parse', '--git-dir'])))) return none('this folder is in no git repository');
    for (const sha of [good, bad])
      if (!(await succeeds(git(['cat-file', '-e', `${sha}^{commit}`]))))
        return none(`the repository here does not have commit ${sha.slice(0, 12)}; perhaps \`git fetch\` brings it`);
    const tracked = (await git(['ls-tree', '-r', '-z', '--full-tree', '--name-only', bad])).split('\0');
    const files = matchFiles(query.paths, tracked).slice(0, MOST_FILES);
    if (files.length === 0) return none(`none of the stack's own files is in the repository here`);
    const commits = await log(git, good, bad, files);
    if (commits.length > 0) return { commits, files };
    return { commits, files, why: `no commit between ${good.slice(0, 12)} and ${bad.slice(0, 12)} touched them` };
  } catch (error) {
    if (error instanceof GitError && error.problem === 'missing') return none('git is not installed');
    if (error instanceof GitError && error.problem === 'late') return none(`git took longer than ${timeoutMillis} ms`);
    return none(`git failed: ${(error as Error).message.split('\n')[0]}`);
  }
}

function missingOf({ good, bad, paths }: SuspectQuery): string | undefined {
  if (bad === undefined) return 'no release is known in which it was first seen';
  if (good === undefined) return 'no earlier release is known';
  for (const { release, sha } of [good, bad])
    if (sha === null) return `of release ${release ?? '(unknown)'} no commit is known`;
    else if (!SHA.test(sha)) return `the build of release ${release ?? '(unknown)'} is no commit: ${sha.slice(0, 64)}`;
  if (good.sha === bad.sha) return 'the last good and the first bad release are the same commit';
  return paths.length === 0 ? 'the stack has no frame of the service itself' : undefined;
}

/** Fields by unit separators, commits by NUL: neither is in a subject that git prints. */
async function log(
  git: (args: string[]) => Promise<string>,
  good: string,
  bad: string,
  files: string[],
): Promise<SuspectCommit[]> {
  const format = '--format=%H%x1f%cI%x1f%an%x1f%s';
  const range = [`--max-count=${MOST_COMMITS}`, '--no-ext-diff', '--no-textconv', '-z', format, `${good}..${bad}`];
  // The files are named from the top of the repository, wherever the command was started.
  const top = (await git(['rev-parse', '--show-cdup'])).trim();
  const output = await git(['log', ...range, '--', ...files.map((file) => top + file)]);
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [sha, date, author, ...subject] = entry.split('\x1f');
      return { sha: sha!, date: new Date(date!), author: author!, subject: subject.join(' ') };
    });
}

/** git answers questions with its exit code; that it is missing or late is no answer. */
async function succeeds(run: Promise<string>): Promise<boolean> {
  try {
    await run;
    return true;
  } catch (error) {
    if (error instanceof GitError && error.problem === 'failed') return false;
    throw error;
  }
}
