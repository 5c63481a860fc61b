// One cell of the matrix of frameworks: the application in a process of its own, real requests, the rows they leave. What
// was measured is written down where ROWTRACE_FRAMEWORKS_OUT asks for it (docs/frameworks.md is made from that).

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { Db } from '../../src/store/db.ts';
import { Application, type ApplicationOptions, until } from './application.ts';
import { databaseFor } from './database.ts';
import { layOut } from './layout.ts';

const APPS = join(import.meta.dirname, '..', 'fixtures', 'apps');
const MODULES = join(import.meta.dirname, '..', '..', 'node_modules');

export interface Cell {
  /** As the documentation calls it. */
  framework: string;
  /** File in `folder`. */
  app: string;
  /** Default test/fixtures/apps/frameworks. */
  folder?: string;
  /** Default: by the extension of `app`. */
  modules?: 'CommonJS' | 'ESM';
  /** Packages whose versions are tested, and the alias each is installed under. */
  packages: Readonly<Record<string, string>>;
  door?: ApplicationOptions['door'];
  env?: Record<string, string>;
  protocol?: 'http2';
  /** Further requests. @returns their request ids, as answered */
  visit?: (url: string) => Promise<(string | null)[]>;
  /** How the application ends by itself. Default: it is asked for /stop, and ends with code 0. */
  stop?: { signal: NodeJS.Signals; code: number };
  /** Messages of errors that are the framework's own, with and without us: no rows of the application's. */
  ignored?: RegExp;
  /** A server without a framework: no patterns, and nobody catches. */
  bare?: true;
}

/** What a cell shows; nothing where a server without a framework has no such thing. */
export interface CellResult {
  framework: string;
  versions: string[];
  modules: 'CommonJS' | 'ESM';
  cells: Record<string, boolean | undefined>;
}

export interface Row {
  level: string;
  type: string | null;
  message: string;
  route: string | null;
  status: number | null;
  requestId: string | null;
  latency: number | null;
  traceId: string | null;
}

export interface Measured {
  rows: Row[];
  /** Request ids as answered, by path. */
  answered: Map<string, string | undefined>;
  /** Operations of the latency histograms of the server. */
  operations: string[];
  hooked: string;
}

/** Of error_logs, as a Row has them. */
export const ROW = `level::text, error_type as type, message, route, http_status as status, request_id as "requestId",
           latency_ms as latency, trace_id as "traceId"`;

const PATHS = [
  '/dogs/7?token=hunter2',
  '/rejects/8',
  '/shop/9/items/1',
  '/guarded/caught/3',
  '/before/4',
  '/logged',
  '/handled',
  '/missing',
  '/warned',
  '/late',
  '/ok',
  '/none',
];

export async function measure(t: TestContext, cell: Cell): Promise<Measured> {
  const { db, url: databaseUrl } = await databaseFor(t);
  const aliased = Object.entries(cell.packages).some(([name, alias]) => name !== alias);
  const given = cell.folder ?? join(APPS, 'frameworks');
  const folder = aliased ? layOut(t, given, cell.packages) : given;
  const application = new Application(t, {
    app: relative(APPS, join(folder, cell.app)),
    ...(cell.door ? { door: cell.door } : {}),
    // On a busy machine every first request is slow.
    env: { ROWTRACE_SLOW_SERVER_MILLIS: '0', ...cell.env },
    databaseUrl,
  });
  const url = await application.url();
  const answered = new Map<string, string | undefined>();
  const get = cell.protocol === 'http2' ? getHttp2 : getHttp1;
  for (const path of PATHS) {
    const id = await get(url + path, path === '/handled' ? { 'x-request-id': 'mine-1' } : {});
    answered.set(path, id);
  }
  for (const [at, id] of ((await cell.visit?.(url)) ?? []).entries()) answered.set(`further ${at}`, id ?? undefined);
  if (cell.stop === undefined) await get(`${url}/stop`, {});
  else {
    // A process that calls process.exit() takes the durations of its last ten seconds along.
    await until(async () => (await operationsOf(db)).length > 0, 'durations');
    application.child.kill(cell.stop.signal);
  }
  const ended = await application.ended();
  assert.equal(ended.code, cell.stop?.code ?? 0, ended.stderr);
  const all = await db.query<Row & { whole: string }>(`
    select ${ROW}, row_to_json(l)::text as whole
    from rowtrace.error_logs l order by level::text, error_type collate "C", message`);
  const rows = all.filter(({ message }) => cell.ignored?.test(message) !== true);
  assert.ok(!all.some(({ whole }) => whole.includes('hunter2')), 'the token of the URL is masked');
  const operations = await operationsOf(db);
  const measured = { rows, answered, operations, hooked: ended.said[0] ?? '' };
  note(cell, measured);
  return measured;
}

/** Operations of the latency histograms of a server. */
export async function operationsOf(db: Db): Promise<string[]> {
  const latency = await db.query<{ operation: string }>(
    "select distinct operation from rowtrace.latency(now() - interval '1 hour', now() + interval '1 hour') where kind = 'server'",
  );
  return latency.map(({ operation }) => operation);
}

/** What the rows say, one word a column of the documentation. */
function note(cell: Cell, { rows, answered, operations }: Measured): void {
  const one = (message: string): Row | undefined => {
    const found = rows.filter((row) => row.message === message);
    return found.length === 1 ? found[0] : undefined;
  };
  const ids = [...answered.values()];
  noteCells(cell.framework, cell.packages, cell.modules ?? modulesOf(cell.app), {
    'route pattern': cell.bare
      ? undefined
      : isPattern(one('no dog 7'), '/dogs/:id') && isPattern(one('out of stock'), '/shop/:shop/items/:item'),
    'latency by route': operations.includes(cell.bare ? '(no route)' : '/ok'),
    'error answered by the framework': cell.bare
      ? undefined
      : [one('no dog 7'), one('rejected 8'), one('out of stock')].every(Boolean),
    'error handled by the application': one(cell.bare ? 'no dog 7' : 'caught') !== undefined,
    'error before the handler': cell.bare ? undefined : one('not let in') !== undefined,
    'request id on rows and answers':
      ids.every(Boolean) && rows.every(({ requestId }) => ids.includes(requestId ?? 'none')),
    'log records carry the request': one('low on food')?.requestId === answered.get('/warned'),
    'status 500 without exception':
      rows.filter(({ message }) => /^GET (\/handled|\(no route\)) answered 500$/.test(message)).length === 1,
    'no row for a 4xx': !rows.some(({ type, status }) => type === null && status === 404),
    'row after the answer': one('too late')?.status === 200,
  });
}

export function modulesOf(app: string): CellResult['modules'] {
  return app.endsWith('.mjs') ? 'ESM' : 'CommonJS';
}

/** @param packages what is tested, and the alias each is installed under. @param cells in the order of the columns */
export function noteCells(
  framework: string,
  packages: Readonly<Record<string, string>>,
  modules: CellResult['modules'],
  cells: CellResult['cells'],
): void {
  const out = process.env.ROWTRACE_FRAMEWORKS_OUT;
  if (!out) return;
  const versions = Object.entries(packages).map(([name, alias]) => `${name} ${versionOf(alias)}`);
  const entry: CellResult = { framework, versions, modules, cells };
  writeFileSync(join(out, `${`${framework} ${modules}`.replaceAll(/\W+/g, '-')}.json`), JSON.stringify(entry));
}

function isPattern(row: Row | undefined, pattern: string): boolean {
  return row?.route?.replaceAll(/[[{](\w+)[\]}]/g, ':$1') === pattern;
}

export function versionOf(alias: string): string {
  if (alias === 'node') return process.versions.node;
  return (JSON.parse(readFileSync(join(MODULES, alias, 'package.json'), 'utf8')) as { version: string }).version;
}

async function getHttp1(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const response = await fetch(url, { headers });
  await response.text();
  return response.headers.get('x-request-id') ?? undefined;
}

async function getHttp2(url: string, headers: Record<string, string>): Promise<string | undefined> {
  const { origin, pathname, search } = new URL(url);
  const session = http2.connect(origin);
  const stream = session.request({ ...headers, ':path': pathname + search });
  let id: string | undefined;
  stream.on('response', (answer) => {
    id = answer['x-request-id'] as string | undefined;
  });
  await text(stream);
  session.close();
  return id;
}
