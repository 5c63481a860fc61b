// Where the owner listens, and how others learn it: <dir>/owner.json, written when it serves, removed before it ends.

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Applied } from './applied.ts';

export const SOCKET_NAME = '.s.PGSQL.5432';
/** sun_path holds 104 bytes on macOS and 108 on Linux, the final zero included. */
const MAX_SOCKET_PATH_BYTES = 100;

export interface Address {
  pid: number;
  version: string;
  /** Folder of the Unix socket, as `psql -h` takes it, or an IP address. */
  host: string;
  port: number;
  /** The options it was started with. */
  applied?: Applied;
  /** With TCP only: other users of the machine can reach the port, but cannot read this file. */
  password?: string;
}

export type Listen =
  | { path: string; host: string; temporary: boolean }
  | { port: 0; host: '127.0.0.1'; password: string };

/** Windows has no Unix socket that `pg` could dial; and some file systems refuse one, hence `tcp`. */
export function chooseListen(dir: string, tcp = process.platform === 'win32'): Listen {
  if (tcp) return { port: 0, host: '127.0.0.1', password: randomBytes(24).toString('base64url') };
  if (fitsSocket(dir)) return { path: join(dir, SOCKET_NAME), host: dir, temporary: false };
  // mkdtemp makes it 0700 and new, so nobody else can have put a socket there.
  const host = mkdtempSync(join(tmpdir(), 'rowtrace-'));
  return { path: join(host, SOCKET_NAME), host, temporary: true };
}

function fitsSocket(dir: string): boolean {
  return Buffer.byteLength(join(dir, SOCKET_NAME)) <= MAX_SOCKET_PATH_BYTES;
}

/** Makes the folder; private, since journals and database hold what the application's users did. */
export function makePrivate(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32' || (statSync(dir).mode & 0o077) === 0) return;
  try {
    chmodSync(dir, 0o700);
  } catch {
    // Somebody else's folder: what we make in it is private all the same.
  }
}

export function writeAddress(dir: string, address: Address): void {
  const path = join(dir, 'owner.json');
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
}

export function readAddress(dir: string): Address | undefined {
  try {
    const address = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')) as Address;
    if (typeof address.host !== 'string' || typeof address.port !== 'number') return undefined;
    // Another container may know the folder by another path.
    const isHere = address.password === undefined && fitsSocket(dir) && existsSync(join(dir, SOCKET_NAME));
    return isHere ? { ...address, host: dir } : address;
  } catch {
    return undefined;
  }
}

/** Only our own: a successor may have written its own meanwhile. */
export function removeAddress(dir: string): void {
  if (readAddress(dir)?.pid === process.pid) rmSync(join(dir, 'owner.json'), { force: true });
}
