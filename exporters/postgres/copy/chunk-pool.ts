// Memory for the bytes of COPY, used again. One buffer of 2 MB a batch, made anew, counted as growth of a heap to which V8
// gives 8 MB until the next full collection: every fourth batch caused one. Pieces of one size never have to be grown,
// which would copy them. Kept is what two batches of the last size take, one under way and one being encoded.

/** One message to the server: it begins while the rest is on its way. */
const CHUNK_BYTES = 64 * 1024;

export class ChunkPool {
  #free: Buffer[] = [];

  /** One of its own where a value needs more than the common size. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** All pieces of a batch. Nobody may read them any more: what was in them is answered. */
  give(chunks: readonly Uint8Array[]): void {
    for (const { buffer } of chunks) if (buffer.byteLength === CHUNK_BYTES) this.#free.push(Buffer.from(buffer));
    this.#free.length = Math.min(this.#free.length, chunks.length * 2);
  }
}
