// A Postgres server to be broken: stopped at once, frozen, filled, crowded. In: a cluster that was prepared once. Out: a
// server on a copy of it, with the migrated database `app`, owned by the role `app`, which is no superuser.

import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Db } from '../../../src/store/db.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { openPostgres } from '../../../src/store/postgres.ts';
import { freePort } from '../../support/free-port.ts';
import { type Cluster, createCluster, launchPostgres } from '../../support/postgres-server.ts';

export type Settings = Readonly<Record<string, string | number>>;

// fsync only matters when the machine dies; a commit must survive the death of the server, so it is not asynchronous.
const SETTINGS: Settings = { fsync: 'off', full_page_writes: 'off', shared_buffers: '16MB', max_connections: 100 };

/** The cluster that all servers are copies of. */
export async function prepareCluster(): Promise<Cluster> {
  const cluster = await createCluster();
  const { child, url } = await launchPostgres(cluster, cluster.data, SETTINGS);
  await withClient(url, async (client) => {
    await client.query(`create role app login password 'app'`);
    await client.query('create database app owner app');
  });
  const db = await openPatiently(appUrl(url));
  await migrate(db).finally(() => db.close());
  child.kill('SIGINT');
  await once(child, 'exit');
  return cluster;
}

/** For who judges: applications give up on a connection after 3 s, which a busy machine may need. */
export async function openPatiently(url: string): Promise<Db> {
  const db = openPostgres(url);
  for (let tries = 1; ; tries++)
    try {
      await db.query('select 1');
      return db;
    } catch (error) {
      if (tries === 20) throw error;
    }
}

export class FaultServer {
  /** Superuser, database `app`. */
  readonly adminUrl: string;
  readonly port: number;
  /** What the server wrote, the end of it. */
  log = '';
  readonly #cluster: Cluster;
  readonly #folder: string;
  readonly #data: string;
  #child: ChildProcess | undefined;
  #settings: Settings;

  private constructor(cluster: Cluster, folder: string, port: number, settings: Settings) {
    this.#cluster = cluster;
    this.#folder = folder;
    this.#data = join(folder, 'data');
    this.#settings = { ...SETTINGS, ...settings, port };
    this.port = port;
    this.adminUrl = `postgres://postgres:rowtrace-test@127.0.0.1:${port}/app`;
  }

  static async create(cluster: Cluster, settings: Settings = {}): Promise<FaultServer> {
    const folder = mkdtempSync(join(cluster.dir, 'server-'));
    if (cluster.account) execFileSync('chown', [`${cluster.account.uid}:${cluster.account.gid}`, folder]);
    execFileSync('cp', ['-a', cluster.data, folder]);
    return new FaultServer(cluster, folder, await freePort(), settings);
  }

  /** For the application; through a proxy where its port is given. */
  url(port: number = this.port): string {
    return appUrl(this.adminUrl, port);
  }

  /** Also after a stop; `settings` stay for later starts. */
  async start(settings: Settings = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    const onLog = (text: string) => {
      this.log = (this.log + text).slice(-4_000_000);
    };
    this.#child = (await launchPostgres(this.#cluster, this.#data, this.#settings, onLog)).child;
  }

  /** `immediate`: without a word to anybody, as in a crash. */
  async stop(mode: 'fast' | 'immediate' = 'immediate'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** SIGSTOP for the postmaster and all its children. */
  freeze(): void {
    for (const pid of this.#pids()) signal(pid, 'SIGSTOP');
  }

  thaw(): void {
    for (const pid of this.#pids()) signal(pid, 'SIGCONT');
  }

  /** As the superuser, on a connection of its own. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return withClient(this.adminUrl, async (client) => (await client.query<Row>(text, values)).rows);
  }

  /** Process ids of the backends that serve Rowtrace. */
  async backends(): Promise<number[]> {
    const rows = await this.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'rowtrace%' and backend_type = 'client backend'`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** How often a text stands in the log of the server. */
  logged(text: string): number {
    return this.log.split(text).length - 1;
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Children as well: a stopped postmaster passes nothing on. */
  #pids(): number[] {
    const postmaster = this.#child?.pid;
    return postmaster === undefined ? [] : [postmaster, ...childrenOf(postmaster)];
  }
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 20_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

function appUrl(adminUrl: string, port?: number): string {
  const url = new URL(adminUrl);
  Object.assign(url, { username: 'app', password: 'app', pathname: '/app' });
  if (port !== undefined) url.port = String(port);
  return url.toString();
}

function childrenOf(pid: number): number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    return tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}
