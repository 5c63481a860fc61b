// Reads what a client sends to Postgres. In: bytes as they come. Out: whether a transaction that wrote rows of logs is being
// committed by them.

export class FrontendReader {
  #buffer: Buffer = Buffer.alloc(0);
  #started = false;
  #writes = false;

  /** True when these bytes complete such a COMMIT. */
  read(chunk: Buffer): boolean {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    let commits = false;
    for (;;) {
      // The first message has no type.
      const head = this.#started ? 1 : 0;
      if (this.#buffer.length < head + 4) return commits;
      const length = head + this.#buffer.readInt32BE(head);
      if (this.#buffer.length < length) return commits;
      if (this.#started) commits = this.#message(this.#buffer.subarray(0, length)) || commits;
      this.#started = true;
      this.#buffer = this.#buffer.subarray(length);
    }
  }

  #message(message: Buffer): boolean {
    const type = String.fromCharCode(message[0]!);
    // Query and Parse; the text of a statement comes early, its values may be megabytes.
    if (type !== 'Q' && type !== 'P') return false;
    const text = message.toString('latin1', 5, Math.min(message.length, 65_536)).toLowerCase();
    if (/^\0?\s*begin/.test(text)) this.#writes = false;
    if (/(insert into|copy) [^(]*error_logs/.test(text)) this.#writes = true;
    return this.#writes && /(^|;|\0)\s*commit\b/.test(text);
  }
}
