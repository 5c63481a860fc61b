// `npm run smoke`: the packed tarball as a user gets it. publint and attw on it; then, for each Node at hand (the
// repository's own, and 20 where it is the machine's), a real install beside Express, an application through every door of
// the preload, and `rowtrace` answering from the embedded database. Prints what an install weighs.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'rowtrace-smoke-'));
let passed = 0;
let failed = 0;

function check(title: string, run: () => void): void {
  try {
    run();
    passed++;
    console.log(`✔ ${title}`);
  } catch (error) {
    failed++;
    console.log(`✖ ${title}\n  ${String((error as Error).message).replaceAll('\n', '\n  ')}`);
  }
}

function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number } = {},
): string {
  const done = spawnSync(command, args, { encoding: 'utf8', cwd: work, timeout: 240_000, ...options });
  if (done.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} ended with ${done.status ?? done.signal}\n${done.stdout}\n${done.stderr}`,
    );
  return done.stdout + done.stderr;
}

const tarball = join(
  work,
  JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', work], { cwd: root, encoding: 'utf8' }),
  )[0].filename,
);
const bin = join(root, 'node_modules', '.bin');

check('publint finds nothing in the tarball', () => run(join(bin, 'publint'), ['run', tarball, '--strict']));
// node10 resolution knows no `exports`; every Node this package runs on does.
check('attw finds nothing in the tarball', () =>
  run(join(bin, 'attw'), [tarball, '--format', 'ascii', '--profile', 'node16']),
);

for (const node of nodes()) smoke(node);

rmSync(work, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Directories to put before PATH: the repository's Node, and the machine's own where it is another one. */
function nodes(): { version: string; path: string }[] {
  const others = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((path) => existsSync(join(path, 'node')) && !path.includes('node_modules'));
  const found = [dirname(process.execPath), ...others].map((path) => ({
    path,
    version: execFileSync(join(path, 'node'), ['--version'], { encoding: 'utf8' }).trim(),
  }));
  return found.filter(({ version }, at) => found.findIndex((other) => other.version === version) === at);
}

function smoke({ version, path }: { version: string; path: string }): void {
  const cwd = join(work, version);
  cpSync(join(root, 'test/fixtures/apps/smoke'), cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'smoke', version: '1.2.3', private: true }));
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|ROWTRACE_|OTEL_)/.test(name)),
  );
  const env = { ...clean, PATH: `${path}${delimiter}${process.env.PATH}` };
  const on = (title: string, work: () => void): void => check(`Node ${version}: ${title}`, work);

  on('installs beside Express', () => {
    const install = [
      'install',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--prefer-offline',
      tarball,
      'express@5',
      'pino@10',
    ];
    try {
      run('npm', install, { cwd, env, timeout: 120_000 });
    } catch {
      // A registry that does not answer in time is not what is tested here.
      run('npm', install, { cwd, env });
    }
    console.log(`  node_modules without Express and pino: ${weight(cwd)}`);
  });
  on('there is one copy of @opentelemetry/api', () => {
    const copies = run('npm', ['ls', '@opentelemetry/api', '--parseable'], { cwd, env })
      .trim()
      .split('\n')
      .filter((line) => line.endsWith('api'));
    if (new Set(copies).size !== 1) throw new Error(`found ${copies.join(', ')}`);
  });
  for (const [door, args, extra] of [
    ['--import, CommonJS application', ['--import', 'rowtrace/register', 'app.cjs'], {}],
    ['--import, ESM application', ['--import', 'rowtrace/register', 'app.mjs'], {}],
    ['--require, CommonJS application', ['--require', 'rowtrace/register', 'app.cjs'], {}],
    ['NODE_OPTIONS, ESM application', ['app.mjs'], { NODE_OPTIONS: '--import rowtrace/register' }],
  ] as const) {
    on(`${door}: the rows are in the embedded database`, () => {
      const dir = mkdtempSync(join(work, 'door-'));
      run('node', [...args], { cwd, env: { ...env, ...extra, ROWTRACE_DIR: dir } });
      const rows = run(
        'node',
        ['node_modules/rowtrace/dist/src/cli/main.mjs', 'tail', '--no-follow', '--json', '-n', '50'],
        {
          cwd,
          env: { ...env, ROWTRACE_DIR: dir, ROWTRACE_OWNER_IDLE_MILLIS: '1000' },
        },
      );
      for (const wanted of [
        '"route":"/dogs/:id"',
        '"error_type":"TypeError"',
        '"http_status":500',
        '"release_version":"1.2.3"',
      ])
        if (!rows.replaceAll('": ', '":').includes(wanted)) throw new Error(`${wanted} is not in\n${rows}`);
    });
  }
  on('imports and requires of every sub-path give the same names', () => {
    run('node', ['names.mjs'], { cwd, env });
  });
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
