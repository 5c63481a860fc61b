// `npm run smoke [-- v24 pnpm …]`: the packed tarball as a user gets it. publint and attw on it; then, for each Node (the
// repository's own, 20 where it is the machine's, 22 and 26 from their packages), a real install beside Express,
// an application through every door of the preload, `rowtrace` answering from the embedded database, and an SDK of the
// application's own with our classes in it, on a Postgres; the same beside an application that stays on the 2.x line of
// OpenTelemetry; the same install by pnpm and yarn. Prints what an install weighs.

import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgresServer } from '../test/support/postgres-server.ts';

/** How each package manager installs the tarball, and where npm has it from. */
const MANAGERS = [
  { name: 'pnpm', package: 'pnpm@10', bin: 'pnpm', add: ['add', '--reporter=append-only'] },
  { name: 'yarn 1', package: 'yarn@1', bin: 'yarn', add: ['add', '--no-lockfile', '--non-interactive'] },
  { name: 'yarn 4 (node_modules)', package: '@yarnpkg/cli-dist@4', bin: 'yarn', add: ['add'] },
];
/** pnpm and yarn install no peer dependency by themselves in every version, so it is named. */
const API = '@opentelemetry/api@1';

/** Of an application that does not follow OpenTelemetry to its 3.x line, whatever Node it runs on. */
const LINE_2 = ['@opentelemetry/sdk-node@0.223', '@opentelemetry/api@1.9'];

/** `module` and `moduleResolution` of applications; "node10" is what `commonjs` had by itself up to TypeScript 5. */
const RESOLUTIONS = [
  ['node16', 'node16'],
  ['esnext', 'bundler'],
  ['commonjs', 'node10'],
] as const;

const PARTS = [
  { part: 'processors', title: 'all of createProcessors() in a NodeSDK of the application' },
  {
    part: 'exporters',
    title: 'exporters in that NodeSDK: batches sent twice, a poison row, a database that comes late',
  },
  { part: 'journal', title: 'the same with a journal' },
];

type Manager = (typeof MANAGERS)[number];
type Check = (title: string, work: () => unknown) => Promise<void>;

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'rowtrace-smoke-'));
const LONG = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
let passed = 0;
let failed = 0;

async function check(title: string, run: () => unknown): Promise<void> {
  try {
    await run();
    passed++;
    console.log(`✔ ${title}`);
  } catch (error) {
    failed++;
    console.log(`✖ ${title}\n  ${String((error as Error).message).replaceAll('\n', '\n  ')}`);
  }
}

/** Not the synchronous way: while it waits, nobody reads the log of the database server, whose pipe fills, and it stops. */
async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): Promise<string> {
  try {
    const done = await promisify(execFile)(command, args, { cwd: work, timeout: 240_000, ...LONG, ...options });
    return done.stdout + done.stderr;
  } catch (error) {
    const { code, signal, stdout, stderr } = error as Record<string, unknown>;
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${stdout}\n${stderr}`);
  }
}

const tarball = join(
  work,
  JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', work], {
      cwd: root,
      encoding: 'utf8',
    }),
  )[0].filename,
);
const bin = join(root, 'node_modules', '.bin');

await check('publint finds nothing in the tarball', () => run(join(bin, 'publint'), ['run', tarball, '--strict']));
// All of its ways to resolve, "node10" too, which is the default of `module: commonjs` up to TypeScript 5: without
// `typesVersions` it takes our sources for `rowtrace/exporters/postgres`, and compiles them by the application's rules.
await check('attw finds nothing in the tarball', () => run(join(bin, 'attw'), [tarball, '--format', 'ascii']));

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));
const postgres = await startPostgresServer();
const found = await nodes();
const wantedNodes = found.filter(({ version }) => isWanted(version));
for (const node of wantedNodes) await smoke(node);
if (isWanted('2.x')) await smokeLine2(wantedNodes.length > 0 ? wantedNodes : found);
for (const manager of MANAGERS) if (isWanted(manager.name)) await smokeManager(manager);

await postgres.stop();
rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Directories to put before PATH: the repository's Node, and the machine's own where it is another one. */
async function nodes(): Promise<{ version: string; path: string }[]> {
  const others = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((path) => existsSync(join(path, 'node')) && !path.includes('node_modules'));
  const packaged = await Promise.all(['22', '26'].map(packagedNode));
  const found = [dirname(process.execPath), ...others, ...packaged].map((path) => ({
    path,
    version: execFileSync(join(path, 'node'), ['--version'], { encoding: 'utf8' }).trim(),
  }));
  return found.filter(({ version }, at) => found.findIndex((other) => other.version === version) === at);
}

/** The folder of the program of a Node that npm brings. */
async function packagedNode(major: string): Promise<string> {
  const cwd = join(work, `node-${major}`);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', `node@${major}`], { cwd });
  return join(cwd, 'node_modules', 'node', 'bin');
}

/** The smoke application in a folder of its own, without what npm and the tests put into the environment. */
function prepare(name: string, path: string): { cwd: string; env: NodeJS.ProcessEnv } {
  const cwd = join(work, name);
  cpSync(join(root, 'test/fixtures/apps/smoke'), cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'smoke', version: '1.2.3', private: true }));
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_(?!EXTRA_CA_CERTS)|ROWTRACE_|OTEL_)/.test(name)),
  );
  return { cwd, env: { ...clean, PATH: `${path}${delimiter}${process.env.PATH}` } };
}

/** Runs the application with `args`, and looks for its rows in the embedded database. @returns what it printed */
async function assertRows(cwd: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  const dir = mkdtempSync(join(work, 'door-'));
  const said = await run('node', [...args], { cwd, env: { ...env, ROWTRACE_DIR: dir } });
  const rows = await run(
    'node',
    ['node_modules/rowtrace/dist/src/cli/main.mjs', 'tail', '--no-follow', '--json', '-n', '50'],
    { cwd, env: { ...env, ROWTRACE_DIR: dir, ROWTRACE_OWNER_IDLE_MILLIS: '1000' } },
  );
  for (const wanted of [
    '"route":"/dogs/:id"',
    '"error_type":"TypeError"',
    '"http_status":500',
    '"release_version":"1.2.3"',
  ])
    if (!rows.replaceAll('": ', '":').includes(wanted)) throw new Error(`${wanted} is not in\n${rows}`);
  return said;
}

/** pnpm keeps packages where only those who declare them find them, so that what is not declared shows. */
async function smokeManager({ name, package: spec, bin, add }: Manager): Promise<void> {
  const tools = join(work, `tools-${name.replaceAll(' ', '-')}`);
  const { cwd, env } = prepare(name.replaceAll(' ', '-'), dirname(process.execPath));
  const on: Check = (title, work) => check(`${name}: ${title}`, work);
  await on('installs, and an ESM application has its rows in the embedded database', async () => {
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', tools, spec], { cwd: work });
    // pnpm runs no install scripts unasked, yarn 4 would link without node_modules; nothing of ours needs a script.
    writeFileSync(join(cwd, '.yarnrc.yml'), 'nodeLinker: node-modules\nenableTelemetry: false\n');
    writeFileSync(join(cwd, 'yarn.lock'), '');
    const program = join(tools, 'node_modules', '.bin', bin);
    // From where npm gets its packages here, which may be a mirror.
    const registry = (await run('npm', ['config', 'get', 'registry'])).trim();
    const from = { npm_config_registry: registry, YARN_REGISTRY: registry, YARN_NPM_REGISTRY_SERVER: registry };
    const ca = env.NODE_EXTRA_CA_CERTS === undefined ? {} : { YARN_HTTPS_CA_FILE_PATH: env.NODE_EXTRA_CA_CERTS };
    await run('node', [realpathSync(program), ...add, `rowtrace@file:${tarball}`, 'express@5', 'pino@10', API], {
      cwd,
      env: { ...env, ...from, ...ca },
    });
    await assertRows(cwd, env, ['--import', 'rowtrace/register', 'app.mjs']);
  });
}

async function smoke({ version, path }: { version: string; path: string }): Promise<void> {
  const { cwd, env } = prepare(version, path);
  const on: Check = (title, work) => check(`Node ${version}: ${title}`, work);

  await on('installs beside Express', async () => {
    await install(cwd, env, [tarball, 'express@5', 'pino@10']);
    console.log(`  node_modules without Express and pino: ${weight(cwd)}`);
  });
  await on('there is one copy of @opentelemetry/api', () => assertOneApi(cwd, env));
  for (const [door, args, extra] of [
    ['--import, CommonJS application', ['--import', 'rowtrace/register', 'app.cjs'], {}],
    ['--import, ESM application', ['--import', 'rowtrace/register', 'app.mjs'], {}],
    ['--require, CommonJS application', ['--require', 'rowtrace/register', 'app.cjs'], {}],
    ['NODE_OPTIONS, ESM application', ['app.mjs'], { NODE_OPTIONS: '--import rowtrace/register' }],
  ] as const) {
    await on(`${door}: the rows are in the embedded database`, () => assertRows(cwd, { ...env, ...extra }, args));
  }
  await on('imports and requires of every sub-path give the same names', () =>
    run('node', ['names.mjs'], { cwd, env }),
  );
  for (const [module, resolution] of RESOLUTIONS)
    await on(`its types hold in a strict application that checks libraries, ${resolution} resolution`, () => {
      const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
      const rules = [...strict, '--target', 'es2022', '--ignoreDeprecations', '6.0'];
      const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
      const how = ['--module', module, '--moduleResolution', resolution];
      return run(join(bin, 'tsc'), ['--noEmit', ...rules, ...types, ...how, 'types.ts'], { cwd, env });
    });
  await on('an SDK of the application is installed beside it', () => install(cwd, env, ['@opentelemetry/sdk-node']));
  await ownSdk(on, cwd, env);
}

/** npm gives such an application our parts of the 2.x line, and, from Node 22 on, instrumentations of the 3.x line. */
async function smokeLine2(nodes: readonly { version: string; path: string }[]): Promise<void> {
  const newer = nodes.filter(({ version }) => !version.startsWith('v20'));
  const { cwd, env } = prepare('line-2', newer[0]!.path);
  await check('2.x line: installs into an application that is on it', async () => {
    await install(cwd, env, LINE_2);
    await install(cwd, env, [tarball, 'express@5', 'pino@10']);
  });
  await check('2.x line: there is one copy of @opentelemetry/api', () => assertOneApi(cwd, env));
  for (const { version, path } of newer) {
    const own = { ...env, PATH: `${path}${delimiter}${process.env.PATH}` };
    const on: Check = (title, work) => check(`2.x line, Node ${version}: ${title}`, work);
    await on('preloaded, with all hooks: the rows are in the embedded database', async () => {
      const said = await assertRows(cwd, own, ['--import', 'rowtrace/register', 'app.mjs']);
      if (!/hooked http, undici/.test(said)) throw new Error(`not all is hooked: ${said}`);
    });
    await ownSdk(on, cwd, own);
  }
}

/** The service looks for its rows itself. */
async function ownSdk(on: Check, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (const { part, title } of PARTS)
    await on(title, () => run('node', ['own-sdk.mjs', postgres.url, part], { cwd, env }));
}

async function install(cwd: string, env: NodeJS.ProcessEnv, packages: readonly string[]): Promise<void> {
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', ...packages];
  try {
    await run('npm', args, { cwd, env, timeout: 120_000 });
  } catch {
    // A registry that does not answer in time is not what is tested here.
    await run('npm', args, { cwd, env });
  }
}

function assertOneApi(cwd: string, env: NodeJS.ProcessEnv): void {
  // `npm ls` fails where a peer dependency is overridden, which is no second copy.
  const listed = spawnSync('npm', ['ls', '@opentelemetry/api', '--parseable'], { encoding: 'utf8', cwd, env }).stdout;
  const copies = new Set(listed.split('\n').filter((line) => line.endsWith('@opentelemetry/api')));
  if (copies.size !== 1) throw new Error(`found ${[...copies].join(', ')}`);
}

function weight(cwd: string): string {
  const sizes = (folder: string): number =>
    readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? sizes(path) : entry.isFile() ? statSync(path).size : 0);
    }, 0);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const modules = join(cwd, 'node_modules');
  const of = (name: string): number => (existsSync(join(modules, name)) ? sizes(join(modules, name)) : 0);
  return `rowtrace ${megabytes(of('rowtrace'))}, @opentelemetry ${megabytes(of('@opentelemetry'))}, PGlite (optional) ${megabytes(of('@electric-sql'))}`;
}
