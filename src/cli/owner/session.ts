// One client on the owner's socket. Messages are handed to PGlite in units that end with a Query or a Sync, and the gate is
// kept until the transaction is over: PGlite has one backend, so messages of two clients must never alternate inside a
// unit (the unnamed statement is shared) or inside a transaction.

import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Backend } from './backend.ts';
import { isCopyIn } from './copy-in.ts';
import { ASK_PASSWORD, CANCEL_REQUEST, fatal, GSS_REQUEST, MessageBuffer, SSL_REQUEST } from './wire.ts';

/** A client that leaves a transaction open while others wait is ended: it would stop the shipping and every command. */
export const IDLE_IN_TRANSACTION_MILLIS = 10_000;

export interface SessionOptions {
  backend: Backend;
  /** Asked for where the socket is reachable by other users of the machine (TCP). */
  password?: string | undefined;
  idleInTransactionMillis?: number;
  /** The database has failed, not a statement. */
  onBroken?: (error: unknown) => void;
}

export class Session {
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #buffer = new MessageBuffer();
  #leave: (() => void) | undefined;
  #unit: Buffer[] = [];
  #idle: NodeJS.Timeout | undefined;
  #phase: 'start' | 'password' | 'ready' = 'start';
  #start: Buffer | undefined;
  #pumping = false;
  #closed = false;

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#buffer.push(chunk);
      void this.#pump();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      if (!this.#pumping) void this.#release();
    });
  }

  /** Ends the connection with a word to the client. */
  end(sqlState: string, message: string): void {
    if (this.#socket.writable) this.#socket.end(fatal(sqlState, message));
    this.#socket.destroySoon();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    clearTimeout(this.#idle);
    try {
      while (!this.#closed && (await this.#step()));
    } catch (error) {
      this.end('08P01', (error as Error).message);
    }
    this.#pumping = false;
    if (this.#closed) await this.#release();
    else if (this.#leave) this.#watchIdle();
  }

  /** False when more bytes are needed. */
  async #step(): Promise<boolean> {
    if (this.#phase === 'start') return this.#startUp();
    const message = this.#buffer.takeMessage();
    if (message === undefined) return false;
    if (this.#phase === 'password') return this.#checkPassword(message.bytes);
    if (message.type === 'X') {
      this.#socket.end();
      return false;
    }
    if ((message.type === 'Q' || message.type === 'P') && isCopyIn(message.bytes)) {
      this.end('0A000', 'the embedded database does not take COPY … FROM STDIN; use INSERT');
      return false;
    }
    this.#unit.push(message.bytes);
    // Flush asks for an answer before the unit is over; the gate stays ours.
    if (message.type === 'Q' || message.type === 'S' || message.type === 'F' || message.type === 'H')
      await this.#runUnit(message.type !== 'H');
    return true;
  }

  async #startUp(): Promise<boolean> {
    const packet = this.#buffer.takeStart();
    if (packet === undefined) return false;
    if (packet.code === SSL_REQUEST || packet.code === GSS_REQUEST) {
      this.#socket.write('N');
      return true;
    }
    if (packet.code === CANCEL_REQUEST) {
      // There is no second process that could interrupt the first.
      this.#socket.destroy();
      return false;
    }
    this.#start = packet.bytes;
    if (this.#options.password === undefined) return this.#welcome();
    this.#phase = 'password';
    this.#socket.write(ASK_PASSWORD);
    return true;
  }

  async #checkPassword(message: Buffer): Promise<boolean> {
    const expected = Buffer.from(`${this.#options.password}\0`);
    const given = message.subarray(5);
    if (given.length === expected.length && timingSafeEqual(given, expected)) return this.#welcome();
    this.end('28P01', 'password authentication failed');
    return false;
  }

  async #welcome(): Promise<boolean> {
    this.#phase = 'ready';
    const { backend } = this.#options;
    await this.#send(await backend.gate.run(() => this.#exchange(new Uint8Array(this.#start!))));
    return true;
  }

  async #runUnit(isOver: boolean): Promise<void> {
    const { backend } = this.#options;
    this.#leave ??= await backend.gate.enter();
    const messages = new Uint8Array(Buffer.concat(this.#unit));
    this.#unit = [];
    await this.#send(await this.#exchange(messages));
    if (isOver && !backend.inTransaction()) {
      this.#leave();
      this.#leave = undefined;
    }
  }

  async #exchange(messages: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#options.backend.exchange(messages);
    } catch (error) {
      // Errors of statements come back as bytes: what throws is PGlite itself, which is beyond repair then.
      this.#options.onBroken?.(error);
      throw error;
    }
  }

  async #send(answer: Uint8Array): Promise<void> {
    if (this.#closed || answer.length === 0) return;
    // Copied: PGlite uses its buffer again.
    if (!this.#socket.write(Buffer.from(answer)))
      await Promise.race([once(this.#socket, 'drain'), closing(this.#socket)]);
  }

  #watchIdle(): void {
    this.#idle = setTimeout(() => {
      if (this.#options.backend.gate.waiting > 0)
        this.end('25P03', 'terminating connection: a transaction was left open while others wait for the database');
      else this.#watchIdle();
    }, this.#options.idleInTransactionMillis ?? IDLE_IN_TRANSACTION_MILLIS);
  }

  async #release(): Promise<void> {
    clearTimeout(this.#idle);
    const leave = this.#leave;
    if (leave === undefined) return;
    this.#leave = undefined;
    await this.#options.backend.rollback().catch(() => {});
    leave();
  }
}

async function closing(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close');
}
