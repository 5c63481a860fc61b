// The little of the Postgres wire protocol that a server in front of one backend has to know: where a message ends, what a
// start packet is, and how to refuse. In: bytes of a socket. Out: whole messages. (PostgreSQL manual, "Message Formats".)

export const SSL_REQUEST = 80877103;
export const GSS_REQUEST = 80877104;
export const CANCEL_REQUEST = 80877102;

const MAX_START_BYTES = 10_000;
/** Of one message of ours; the server proper allows 1 GiB. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

export class MessageBuffer {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /** A start packet has no type byte: length, then a code. */
  takeStart(): { code: number; bytes: Buffer } | undefined {
    if (this.#size < 8) return undefined;
    const all = this.#join();
    const length = all.readInt32BE(0);
    if (length < 8 || length > MAX_START_BYTES) throw new Error(`a start packet of ${length} bytes`);
    if (all.length < length) return undefined;
    return { code: all.readInt32BE(4), bytes: this.#take(length) };
  }

  takeMessage(): { type: string; bytes: Buffer } | undefined {
    if (this.#size < 5) return undefined;
    const first = this.#chunks[0]!;
    const head = first.length >= 5 ? first : this.#join();
    const length = 1 + head.readInt32BE(1);
    if (length < 5 || length > MAX_MESSAGE_BYTES) throw new Error(`a message of ${length} bytes`);
    if (this.#size < length) return undefined;
    const bytes = this.#take(length);
    return { type: String.fromCharCode(bytes[0]!), bytes };
  }

  #take(length: number): Buffer {
    const all = this.#join();
    const rest = all.subarray(length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return all.subarray(0, length);
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}

export const ASK_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** ErrorResponse that ends the connection. */
export function fatal(sqlState: string, message: string): Buffer {
  const fields = ['SFATAL', 'VFATAL', `C${sqlState}`, `M${message}`].map((field) => `${field}\0`).join('');
  const body = Buffer.from(`${fields}\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
