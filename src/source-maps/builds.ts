// Which build of a file did a process run? In: a path and when the process began. Out: the file as it was then, or why it
// is not known. Of each file a few versions are kept with the span of time in which each is known to have been in place; a
// version belongs to a process that began within that span. A wrong map is worse than none.

import type { CompiledFile } from './compiled-file.ts';
import { LIMITS } from './limits.ts';
import { type Content, fileSignature, type Loaded, loadFile, type Reason } from './load-file.ts';
import { Lru } from './lru.ts';

interface Version {
  /** Unix milliseconds: last change, and the last look that found it unchanged. */
  from: number;
  until: number;
  signature: string;
  mapPath: string;
  digest: string;
  /** Not set: not opened yet, or given up for newer ones. */
  content: Content | undefined;
}

interface KnownFile {
  versions: Version[];
  failure: Reason | 'missing' | undefined;
  retryAt: number;
}

export class Builds {
  readonly #files = new Lru<string, KnownFile>(LIMITS.files);
  readonly #open: Lru<Version, CompiledFile>;
  readonly #now: () => number;

  constructor(now: () => number = Date.now, cacheBytes: number = LIMITS.cacheBytes) {
    this.#now = now;
    this.#open = new Lru(cacheBytes, (version) => {
      version.content = undefined;
    });
  }

  get cachedBytes(): number {
    return this.#open.size;
  }

  /** Never throws. */
  find(path: string, startedAt: number): Content | 'missing' {
    const now = this.#now();
    const file = this.#files.get(path) ?? { versions: [], failure: undefined, retryAt: 0 };
    this.#files.set(path, file, 1);
    const known = file.versions.find((version) => covers(version, startedAt));
    if (known?.content !== undefined) return this.#use(known, known.content);
    if (file.failure !== undefined && now < file.retryAt) return file.failure;
    const newest = file.versions.at(-1);
    const unchanged = newest !== undefined && fileSignature(path, newest.mapPath) === newest.signature;
    if (unchanged) newest.until = now;
    // Nothing has to be read to know that what lies there is another build.
    if (unchanged && (!covers(newest, startedAt) || newest.content !== undefined))
      return covers(newest, startedAt) ? this.#use(newest, newest.content!) : 'other build';
    const loaded = loadFile(path);
    if (typeof loaded === 'string') {
      file.failure = loaded;
      file.retryAt = now + LIMITS.retryMillis;
      return loaded;
    }
    file.failure = undefined;
    const version = remember(file, known, loaded, now);
    if (!covers(version, startedAt)) return 'other build';
    return this.#use(version, loaded.open());
  }

  #use(version: Version, content: Content): Content {
    version.content = content;
    if (typeof content !== 'string') this.#open.set(version, content, content.sizeBytes);
    return content;
  }
}

function covers({ from, until }: Version, startedAt: number): boolean {
  return from <= startedAt + LIMITS.startSlackMillis && startedAt <= until;
}

/** `known`: the version that the process ran; a file that was only touched since is still that version. */
function remember(
  file: KnownFile,
  known: Version | undefined,
  loaded: Loaded & { mapPath: string },
  now: number,
): Version {
  const { signature, digest, mapPath, changedAt } = loaded;
  const same = known?.digest === digest ? known : undefined;
  const version: Version = same ?? { from: changedAt, until: now, signature, mapPath, digest, content: undefined };
  version.signature = signature;
  version.until = now;
  file.versions = [...file.versions.filter((other) => other !== version), version].slice(-LIMITS.versionsOfFile);
  return version;
}
