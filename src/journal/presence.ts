// A sign of life that other containers on the same machine can see: a Unix socket that a process (or a delivery thread that
// adopts) listens on in <dir>/alive. The kernel ends it with its holder, and answers for it while the event loop is blocked,
// so a refused connection is proof of death, where a process id of another namespace is none. In: the folder. Out: a token
// for owner.json, for names of adopted journals and, in a folder of its own, for the lock of the embedded database. Without
// sockets (other platforms, file systems) nothing is ever proven.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { nodeFiles } from './files.ts';
import { selfIdentity } from './identity.ts';
import { namesIn } from './layout.ts';

export interface Presence {
  token: string;
  /** Settled when others can see it, or never will. */
  ready: Promise<void>;
}

/** Where journals look. What is in it belongs to whoever names its tokens, and is swept by them. */
const ALIVE = 'alive';
/** sun_path holds 108 bytes, the final zero included; longer paths go through a descriptor of their folder. */
const MAX_SOCKET_PATH_BYTES = 100;

/** One per folder and thread. */
const held = new Map<string, Presence & { settled: boolean }>();
const setTurn = setImmediate;

/** Of this thread in <dir>/<name>; begins to listen in the next turn of the event loop, which it does not keep alive. */
export function presenceIn(dir: string, name = ALIVE): Presence | undefined {
  // Process ids say all there is to know where there are no namespaces for them.
  if (selfIdentity().pidNamespace === undefined) return undefined;
  const folder = join(dir, name);
  const known = held.get(folder);
  if (known && (!known.settled || namesIn(folder).includes(known.token))) return known;
  try {
    // A socket is found by its inode: seen through another mount of the same share it would look dead.
    const token = `${nodeFiles.statSync(dir).dev.toString(36)}-${randomBytes(6).toString('hex')}`;
    const ready = new Promise<void>((done) => setTurn(() => listen(folder, token, done)));
    const presence = { token, ready, settled: false };
    void ready.then(() => {
      presence.settled = true;
    });
    held.set(folder, presence);
    return presence;
  } catch {
    return undefined;
  }
}

/** True when nobody listens any more who once did. */
export async function isAbsent(dir: string, token: string, name = ALIVE): Promise<boolean> {
  try {
    if (!token.startsWith(`${nodeFiles.statSync(dir).dev.toString(36)}-`)) return false;
    return (await dial(join(dir, name), token)) === 'ECONNREFUSED';
  } catch {
    return false;
  }
}

/** Removes what dead processes left, once nothing names it. */
export async function sweepPresences(dir: string, isNamed: (token: string) => boolean, name = ALIVE): Promise<void> {
  for (const token of namesIn(join(dir, name)))
    if (!isNamed(token) && (await isAbsent(dir, token, name))) {
      try {
        nodeFiles.unlinkSync(join(dir, name, token));
      } catch {}
    }
}

function listen(folder: string, token: string, done: () => void): void {
  try {
    makeFolder(folder);
    // Bound and not yet listening it would refuse, so it gets its name only afterwards.
    const draft = `.${token}`;
    const { path, release } = reach(folder, draft);
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => {
      release();
      done();
    });
    server.on('listening', () => {
      release();
      try {
        nodeFiles.renameSync(join(folder, draft), join(folder, token));
      } catch {}
      done();
    });
    // Exclusive: in a cluster the primary would listen instead, and outlive us.
    server.listen({ path, exclusive: true });
    server.unref();
  } catch {
    done();
  }
}

/** Not the one above it: that was removed since, and nothing is to be seen there. */
function makeFolder(folder: string): void {
  try {
    nodeFiles.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** @returns the code of the error, or undefined when somebody listens */
function dial(folder: string, token: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { path, release } = reach(folder, token);
    const end = (code?: string) => {
      release();
      socket.destroy();
      resolve(code);
    };
    const socket = connect(path);
    socket.on('connect', () => end());
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'unknown'));
  });
}

function reach(folder: string, name: string): { path: string; release: () => void } {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return { path, release: () => {} };
  const fd = nodeFiles.openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  let open = true;
  const release = () => {
    if (open) nodeFiles.closeSync(fd);
    open = false;
  };
  return { path: `/proc/self/fd/${fd}/${name}`, release };
}
