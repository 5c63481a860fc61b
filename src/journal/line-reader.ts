// Whole lines of one segment file from an offset on. In: a path. Out: lines with the offset behind each. An unfinished last
// line stays until its end is there; a line longer than the bound is skipped and reported. One chunk in memory at a time.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const NEWLINE = 0x0a;

export interface Line {
  /** Undefined where the line is too long to be read. */
  text: string | undefined;
  /** Offset behind its newline. */
  end: number;
}

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

  /** @throws what openSync throws */
  constructor(path: string, offset: number, maxLineBytes: number) {
    this.#fd = openSync(path, 'r');
    this.#maxLineBytes = maxLineBytes;
    // Behind the end: the offset belongs to another file of that name. Reading all again is safe, skipping is not.
    this.offset = offset > fstatSync(this.#fd).size ? 0 : offset;
  }

  /** The next lines, about `chunkBytes` of them; none when there is no whole line to read now. */
  read(chunkBytes: number): Line[] {
    for (let size = chunkBytes; ; size *= 2) {
      const buffer = bufferOf(size);
      const filled = readSync(this.#fd, buffer, 0, size, this.offset);
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

  /** Bytes behind the last whole line. */
  get tornBytes(): number {
    return Math.max(0, fstatSync(this.#fd).size - this.offset);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #split(chunk: Buffer, last: number): Line[] {
    const lines: Line[] = [];
    const base = this.offset;
    for (let start = 0; start <= last; ) {
      const end = chunk.indexOf(NEWLINE, start);
      const text = this.#skipping ? undefined : chunk.toString('utf8', start, end);
      this.#skipping = false;
      lines.push({ text, end: base + end + 1 });
      start = end + 1;
    }
    this.offset = base + last + 1;
    return lines;
  }
}
