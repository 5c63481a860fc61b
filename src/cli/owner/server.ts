// Listens on the owner's socket and counts its clients.

import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Listen } from './address.ts';
import type { Backend } from './backend.ts';
import { Session } from './session.ts';

export interface OwnerServer {
  readonly port: number;
  readonly clients: number;
  close(): Promise<void>;
}

export interface OwnerServerOptions {
  backend: Backend;
  listen: Listen;
  onClient: () => void;
  onBroken: (error: unknown) => void;
}

/** @throws what listen() throws */
export async function serve({ backend, listen, onClient, onBroken }: OwnerServerOptions): Promise<OwnerServer> {
  const sessions = new Map<Socket, Session>();
  const password = 'password' in listen ? listen.password : undefined;
  const server = createServer((socket) => {
    sessions.set(socket, new Session(socket, { backend, password, onBroken }));
    socket.once('close', () => {
      sessions.delete(socket);
      // One backend is one session: the next client starts without the settings of this one.
      if (sessions.size === 0) void backend.reset().catch(() => {});
    });
    onClient();
  });
  if ('path' in listen) {
    // Left by an owner that was killed; the lock says that nobody listens on it.
    rmSync(listen.path, { force: true });
    server.listen(listen.path);
  } else {
    server.listen(listen.port, listen.host);
  }
  await once(server, 'listening');
  if ('path' in listen) chmodSync(listen.path, 0o600);
  return {
    port: 'path' in listen ? 5432 : (server.address() as AddressInfo).port,
    get clients() {
      return sessions.size;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions.values()) session.end('57P01', 'the embedded database is ending');
      await Promise.race([closed, new Promise((done) => setTimeout(done, 2000).unref())]);
      if ('path' in listen) rmSync(listen.temporary ? listen.host : listen.path, { recursive: true, force: true });
    },
  };
}
