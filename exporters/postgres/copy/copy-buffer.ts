// The binary format of COPY: rows and values in, the bytes for `copy … from stdin (format binary)` out, in pieces. Of text
// it mends what Postgres refuses (NUL characters, lone surrogates), as encode.ts does for JSON. What writes a value says
// true, as an encoder does.

import type { ChunkPool } from './chunk-pool.ts';

/** 11 bytes of signature, flags, length of a header extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** Up to here a loop over the characters is faster than a call into Node (measured: twice, at 16 characters). */
const SHORT = 40;
const UTF8_BYTES = 3;
/** Nibble of a character code of a hex digit, else 255. */
const NIBBLES = Uint8Array.from({ length: 128 }, (_, code) => {
  const at = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return at === -1 ? 255 : at;
});

export class CopyBuffer {
  readonly #pool: ChunkPool;
  readonly #full: Buffer[] = [];
  #bytes: Buffer;
  #at: number;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
    this.#bytes = pool.take(HEADER.length);
    this.#at = HEADER.copy(this.#bytes);
  }

  startRow(columns: number): void {
    this.#need(2);
    this.#at = this.#bytes.writeInt16BE(columns, this.#at);
  }

  null(): true {
    this.#need(4);
    return this.#int32(-1);
  }

  /** @param tag byte before the text: 1 for jsonb */
  text(text: string, tag?: number): true {
    this.#need(5 + text.length * UTF8_BYTES);
    const lengthAt = this.#at;
    let at = lengthAt + 4;
    if (tag !== undefined) this.#bytes[at++] = tag;
    if (text.length > SHORT || !this.#ascii(text, at)) {
      const mended = text.includes('\0') ? text.replaceAll('\0', '') : text;
      // A lone surrogate becomes U+FFFD.
      this.#at = at + this.#bytes.write(mended, at);
    } else this.#at = at + text.length;
    this.#bytes.writeInt32BE(this.#at - lengthAt - 4, lengthAt);
    return true;
  }

  int(value: number): true {
    this.#need(8);
    this.#int32(4);
    return this.#int32(value);
  }

  bigint(value: bigint): true {
    this.#need(12);
    this.#int32(8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
    return true;
  }

  /** A whole number of 53 bits at most, as 64 bits. */
  safeInteger(value: number): true {
    this.#need(12);
    this.#int32(8);
    this.#int32(Math.floor(value / 2 ** 32));
    return this.#int32(value | 0);
  }

  boolean(value: boolean): true {
    this.#need(5);
    this.#int32(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
    return true;
  }

  shorts(values: readonly number[]): true {
    this.#need(4 + values.length * 2);
    this.#int32(values.length * 2);
    for (const value of values) this.#at = this.#bytes.writeUInt16BE(value & 0xffff, this.#at);
    return true;
  }

  /** False, and nothing written, when it is none of the form 8-4-4-4-12. */
  uuid(text: string): boolean {
    if (text.length !== 36) return false;
    this.#need(20);
    const start = this.#at;
    this.#int32(16);
    for (let from = 0; from < 36; ) {
      if (from === 8 || from === 13 || from === 18 || from === 23) {
        if (text.charCodeAt(from++) !== 0x2d) return this.#back(start);
        continue;
      }
      const high = NIBBLES[text.charCodeAt(from++)] ?? 255;
      const low = NIBBLES[text.charCodeAt(from++)] ?? 255;
      if ((high | low) > 15) return this.#back(start);
      this.#bytes[this.#at++] = (high << 4) | low;
    }
    return true;
  }

  /** Everything, with the trailer behind it. */
  finish(): Buffer[] {
    this.#need(2);
    this.#at = this.#bytes.writeInt16BE(-1, this.#at);
    return [...this.#full, this.#bytes.subarray(0, this.#at)];
  }

  #back(at: number): false {
    this.#at = at;
    return false;
  }

  /** False where a character is none of ASCII, or NUL. */
  #ascii(text: string, at: number): boolean {
    for (let from = 0; from < text.length; from++) {
      const code = text.charCodeAt(from);
      if (code === 0 || code > 127) return false;
      this.#bytes[at + from] = code;
    }
    return true;
  }

  #int32(value: number): true {
    const bytes = this.#bytes;
    bytes[this.#at] = value >> 24;
    bytes[this.#at + 1] = value >> 16;
    bytes[this.#at + 2] = value >> 8;
    bytes[this.#at + 3] = value;
    this.#at += 4;
    return true;
  }

  /** In one piece. */
  #need(sizeBytes: number): void {
    if (this.#at + sizeBytes <= this.#bytes.length) return;
    this.#full.push(this.#bytes.subarray(0, this.#at));
    this.#bytes = this.#pool.take(sizeBytes);
    this.#at = 0;
  }
}
