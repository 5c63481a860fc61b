// A TCP proxy in front of Postgres that misbehaves on demand. In: the port of the server. Out: a port of its own, knobs that
// take effect at once, and counts. Knows so much of the protocol that it sees a COMMIT go by.

import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { FrontendReader } from './frontend-reader.ts';

/** Where a connection is cut when a COMMIT goes by: before it reaches the server, on its way, or before the answer. */
export type Cut = 'before' | 'sent' | 'answered';

interface Link {
  client: Socket;
  server: Socket;
  reader: FrontendReader;
  /** The answer to a COMMIT is awaited, and will not be passed on. */
  swallow: boolean;
}

/** What waits in the proxy for one direction before the sender is held. */
const MOST_WAITING_BYTES = 256 * 1024;

export class TcpProxy {
  /** Each way. */
  latencyMillis = 0;
  bytesPerSecond = Number.POSITIVE_INFINITY;
  /** Answers are passed on in pieces of so many bytes. */
  sliceBytes = Number.POSITIVE_INFINITY;
  /** Nothing is passed on, nothing is closed. */
  halfOpen = false;
  /** Connections are accepted, and that is all. */
  blackHole = false;
  /** Asked at every COMMIT of a transaction that writes rows of logs. */
  cutCommit: (() => Cut | undefined) | undefined;
  readonly cuts: Record<Cut, number> = { before: 0, sent: 0, answered: 0 };
  /** Connections that were asked for. */
  attempts = 0;
  port = 0;
  readonly #target: number;
  readonly #links = new Set<Link>();
  readonly #alone = new Set<Socket>();
  #server: Server | undefined;

  constructor(target: number) {
    this.#target = target;
  }

  /** Also after `refuse`, on the same port. */
  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  /** From now on nobody listens, and what was open is closed. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.close();
    this.cutAll();
    if (server) await once(server, 'close').catch(() => {});
  }

  cutAll(): void {
    for (const link of [...this.#links]) this.#cut(link);
    for (const client of this.#alone) client.destroy();
  }

  get open(): number {
    return this.#links.size;
  }

  #accept(client: Socket): void {
    this.attempts++;
    client.on('error', () => {});
    if (this.blackHole) {
      this.#alone.add(client);
      client.on('close', () => this.#alone.delete(client));
      return;
    }
    const server = new Socket({ allowHalfOpen: true }).connect(this.#target, '127.0.0.1');
    server.on('error', () => {});
    client.setNoDelay();
    server.setNoDelay();
    const link: Link = { client, server, reader: new FrontendReader(), swallow: false };
    this.#links.add(link);
    for (const socket of [client, server]) socket.on('close', () => this.#cut(link));
    this.#pump(client, server, false, (chunk) => this.#toServer(link, chunk));
    this.#pump(server, client, true, (chunk) => this.#toClient(link, chunk));
  }

  #toServer(link: Link, chunk: Buffer): Buffer | undefined {
    const commits = link.reader.read(chunk);
    const cut = commits ? this.cutCommit?.() : undefined;
    if (cut === undefined) return chunk;
    this.cuts[cut]++;
    if (cut === 'before') this.#cut(link);
    else if (cut === 'answered') link.swallow = true;
    else link.server.write(chunk, () => this.#cut(link));
    return cut === 'answered' ? chunk : undefined;
  }

  #toClient(link: Link, chunk: Buffer): Buffer | undefined {
    if (!link.swallow) return chunk;
    this.#cut(link);
    return undefined;
  }

  #cut(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }

  #pump(from: Socket, to: Socket, answers: boolean, pass: (chunk: Buffer) => Buffer | undefined): void {
    const waiting: { chunk: Buffer; due: number }[] = [];
    let bytes = 0;
    let running = false;
    let ended = false;
    const run = async () => {
      if (running) return;
      running = true;
      while (waiting.length > 0 && !to.destroyed) {
        const { chunk, due } = waiting.shift()!;
        await until(due);
        while (this.halfOpen && !to.destroyed) await pause(20);
        const allowed = pass(chunk);
        if (allowed) await this.#send(to, allowed, answers ? this.sliceBytes : Number.POSITIVE_INFINITY);
        bytes -= chunk.length;
        if (bytes < MOST_WAITING_BYTES) from.resume();
      }
      running = false;
      if (ended && !to.destroyed) to.end();
    };
    from.on('data', (chunk: Buffer) => {
      waiting.push({ chunk, due: performance.now() + this.latencyMillis });
      bytes += chunk.length;
      if (bytes >= MOST_WAITING_BYTES) from.pause();
      void run();
    });
    from.on('end', () => {
      ended = true;
      void run();
    });
  }

  async #send(to: Socket, chunk: Buffer, sliceBytes: number): Promise<void> {
    const step = Math.min(sliceBytes, Math.ceil(this.bytesPerSecond / 50));
    for (let at = 0; at < chunk.length && !to.destroyed; at += step) {
      const slice = chunk.subarray(at, at + step);
      if (!to.write(slice)) await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {});
      if (step > 1 && step < Number.POSITIVE_INFINITY) await pause((slice.length / this.bytesPerSecond) * 1000);
      else if (step === 1) await new Promise(setImmediate);
    }
  }
}

async function until(due: number): Promise<void> {
  const left = due - performance.now();
  if (left > 0) await pause(left);
}

export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
