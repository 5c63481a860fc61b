// Keeps what was shipped as plain NDJSON: <dir>/archive/2026-11-26.<deliverer>.ndjson.gz, one gzip member a segment and day,
// so that zcat and jq read it. In: finished segments, before they are removed. Out: files by the day of the records, bounded
// in days and bytes. Each deliverer has files of its own: no lock, and what a crash tears is the end of a file that nobody
// appends to any more. A crash between archiving and removing puts a segment in twice. Loses what the disk has no room for.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { nodeFiles } from './files.ts';
import { decodeFrame } from './frame.ts';
import { namesIn } from './layout.ts';
import { LineReader } from './line-reader.ts';

export interface ArchiveOptions {
  /** Older days are removed. */
  days: number;
  /** Beyond it the oldest files are removed, whatever their age. */
  maxBytes: number;
}

const CHUNK_BYTES = 256 * 1024;
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
const NAME = /^(\d{4}-\d\d-\d\d)\.[\w-]+\.ndjson\.gz$/;

export class Archive {
  readonly #folder: string;
  readonly #options: ArchiveOptions;
  readonly #onProblem: (message: string) => void;
  #me = token();

  constructor(dir: string, options: ArchiveOptions, onProblem: (message: string) => void) {
    this.#folder = join(dir, 'archive');
    this.#options = options;
    this.#onProblem = onProblem;
  }

  /** Never throws: what is shipped must go, or a full disk would stay full. */
  add(segmentPath: string): void {
    try {
      nodeFiles.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      // Level 1: 3 MB of errors in 58 ms of the deliverer's CPU, to 22 % of their size (best of 7, shared cores, Node 24).
      for (const [day, lines] of linesByDay(segmentPath))
        this.#append(`${day}.${this.#me}.ndjson.gz`, gzipSync(`${lines.join('\n')}\n`, { level: 1 }));
      this.#prune();
    } catch (error) {
      this.#onProblem(`archive: ${(error as Error).message}`);
    }
  }

  #append(name: string, member: Buffer): void {
    const fd = nodeFiles.openSync(join(this.#folder, name), APPEND, 0o600);
    const size = nodeFiles.fstatSync(fd).size;
    let done = 0;
    try {
      while (done < member.length) done += nodeFiles.writeSync(fd, member, done, member.length - done);
    } catch (error) {
      // Behind half a member nothing could be read: cut it off, or go on in another file.
      try {
        nodeFiles.ftruncateSync(fd, size);
      } catch {
        this.#me = token();
      }
      throw error;
    } finally {
      nodeFiles.closeSync(fd);
    }
  }

  #prune(): void {
    const oldest = dayOf(Date.now() - this.#options.days * 86_400_000);
    const names = namesIn(this.#folder).filter((name) => NAME.test(name));
    let bytes = 0;
    // From the newest on, so that the oldest are beyond the bound.
    for (const name of names.sort().reverse()) {
      const path = join(this.#folder, name);
      bytes += nodeFiles.lstatSync(path).size;
      if (name.slice(0, 10) < oldest || bytes > this.#options.maxBytes) nodeFiles.unlinkSync(path);
    }
  }
}

/** Facts without what framed them. The first line of each day says who wrote them; a damaged line is a dead letter. */
function linesByDay(path: string): Map<string, string[]> {
  const days = new Map<string, string[]>();
  const reader = new LineReader(path, 0, MAX_LINE_BYTES);
  let resource: string | undefined;
  let day = dayOf(Date.now());
  try {
    for (let chunk = reader.read(CHUNK_BYTES); chunk.length > 0; chunk = reader.read(CHUNK_BYTES)) {
      for (const { bytes } of chunk) {
        const json = bytes && decodeFrame(bytes)?.json;
        if (!json) continue;
        if (json.startsWith('{"k":"resource"')) {
          resource = json;
          continue;
        }
        // What has no time of its own belongs to what is in front of it.
        const time = /"t":(\d{12,14})\b/.exec(json.slice(0, 400));
        if (time) day = dayOf(Number(time[1]));
        const lines = days.get(day) ?? (resource === undefined ? [] : [resource]);
        days.set(day, lines);
        lines.push(json);
      }
    }
  } finally {
    reader.close();
  }
  return days;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function token(): string {
  return `${process.pid}-${randomBytes(4).toString('hex')}`;
}
