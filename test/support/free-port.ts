// A TCP port of the loopback interface that nobody listens on right now. From below those that systems give to outgoing
// connections: a server that is killed and started anew finds its port still free.

import { once } from 'node:events';
import { createServer } from 'node:net';

const [FIRST, LAST] = [12_000, 32_000];

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
