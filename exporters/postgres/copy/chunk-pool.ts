// Memory for the bytes of COPY, used again. One buffer of 2 MB a batch, made anew, counted as growth of a heap to which V8
// gives 8 MB until the next full collection: every fourth batch caused one. Pieces of one size never have to be grown,
// which would copy them.

/** One message to the server: it begins while the rest is on its way. */
const CHUNK_BYTES = 64 * 1024;
/** Two batches of 2 MB, one under way and one being encoded, are 80; most of two of a receiver's. As many as were ever needed. */
const MOST_KEPT = 200;

export class ChunkPool {
  #free: Buffer[] = [];

  /** One of its own where a value needs more than the common size. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** What these are the beginnings of. Nobody may read them any more: what was in them is answered. */
  give(chunks: readonly Uint8Array[]): void {
    for (const { buffer } of chunks)
      if (buffer.byteLength === CHUNK_BYTES && this.#free.length < MOST_KEPT) this.#free.push(Buffer.from(buffer));
  }
}
