// Whole lines of one segment file from an offset on. In: a path. Out: lines with the offset behind each. An unfinished last
// line stays until its end is there; a line longer than the bound is skipped and reported. One chunk in memory at a time.

import { constants } from 'node:fs';
import { nodeFiles } from './files.ts';

const NEWLINE = 0x0a;

export interface Line {
  /** Without its newline; undefined where it is too long to be read. Valid until the next read of this thread. */
  bytes: Buffer | undefined;
  /** Offset behind its newline. */
  end: number;
}

/** Nothing planted in the folder leads elsewhere. Absent on Windows. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** One buffer for all readers of a thread: reading is synchronous, and nothing keeps a piece of it. */
const SHARED_BYTES = 256 * 1024;
let shared: Buffer | undefined;

function bufferOf(sizeBytes: number): Buffer {
  if (sizeBytes > SHARED_BYTES) return Buffer.allocUnsafe(sizeBytes);
  shared ??= Buffer.allocUnsafe(SHARED_BYTES);
  return shared;
}

export class LineReader {
  offset: number;
  readonly #fd: number;
  readonly #maxLineBytes: number;
  /** Start of a line too long to be held; it is skipped up to its newline. */
  #skipping = false;

  /** @throws what openSync throws; RangeError where no line begins at the offset: it belongs to another file of that name */
  constructor(path: string, offset: number, maxLineBytes: number) {
    this.#fd = nodeFiles.openSync(path, READ_ONLY);
    this.#maxLineBytes = maxLineBytes;
    this.offset = offset;
    try {
      if (offset > 0 && !this.#beginsLine(offset)) throw new RangeError(`no line begins at ${offset} in ${path}`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The next lines, about `chunkBytes` of them; none when there is no whole line to read now. */
  read(chunkBytes: number): Line[] {
    for (let size = chunkBytes; ; size *= 2) {
      const buffer = bufferOf(size);
      const filled = nodeFiles.readSync(this.#fd, buffer, 0, size, this.offset);
      const chunk = buffer.subarray(0, filled);
      const last = chunk.lastIndexOf(NEWLINE);
      if (last !== -1) return this.#split(chunk, last);
      if (filled < size) return [];
      if (size < this.#maxLineBytes) continue;
      this.#skipping = true;
      this.offset += filled;
      size = chunkBytes / 2;
    }
  }

  /** What stands behind the last whole line. */
  torn(maxBytes: number): Buffer {
    const size = Math.min(maxBytes, nodeFiles.fstatSync(this.#fd).size - this.offset);
    if (size <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(size);
    return buffer.subarray(0, nodeFiles.readSync(this.#fd, buffer, 0, size, this.offset));
  }

  close(): void {
    nodeFiles.closeSync(this.#fd);
  }

  #beginsLine(offset: number): boolean {
    const before = Buffer.alloc(1);
    return nodeFiles.readSync(this.#fd, before, 0, 1, offset - 1) === 1 && before[0] === NEWLINE;
  }

  #split(chunk: Buffer, last: number): Line[] {
    const lines: Line[] = [];
    const base = this.offset;
    for (let start = 0; start <= last; ) {
      const end = chunk.indexOf(NEWLINE, start);
      const bytes = this.#skipping ? undefined : chunk.subarray(start, end);
      this.#skipping = false;
      lines.push({ bytes, end: base + end + 1 });
      start = end + 1;
    }
    this.offset = base + last + 1;
    return lines;
  }
}
