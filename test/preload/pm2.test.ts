// Under PM2 a file of PM2's own is started, and the preload runs in front of it: what is read is the application's all the
// same. PM2 is played by a launcher that does what its own two do (7.0).

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';

const LAUNCHERS = {
  'ProcessContainer.js': `
    const given = JSON.parse(process.env.pm2_env);
    for (const name in given) process.env[name] = given[name];
    delete process.env.pm2_env;
    process.chdir(given.pm_cwd);
    require('module')._load(given.pm_exec_path, null, true);`,
  'ProcessContainerFork.js': `require('module')._load(process.env.pm_exec_path, null, true);`,
};

function folders(t: TestContext) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'rowtrace-pm2-')));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const [pm2, shop] = [join(root, 'pm2'), join(root, 'shop')];
  for (const folder of [pm2, shop]) mkdirSync(folder);
  writeFileSync(join(pm2, 'package.json'), '{ "name": "pm2", "version": "7.0.4" }');
  for (const [name, text] of Object.entries(LAUNCHERS)) writeFileSync(join(pm2, name), text);
  writeFileSync(join(shop, 'package.json'), '{ "name": "shop", "version": "1.2.0" }');
  writeFileSync(join(shop, 'app.js'), `console.log(process.cwd(), process.env.env, process.env.pm2_env);`);
  return { pm2, shop };
}

test('a worker of a PM2 cluster has the settings, the service and the folder of its application', async (t) => {
  const { pm2, shop } = folders(t);
  const [pm_cwd, pm_exec_path] = [shop, join(shop, 'app.js')];
  const given = {
    pm_cwd,
    pm_exec_path,
    NODE_ENV: 'production',
    ROWTRACE_RELEASE: 'v7',
    instances: 2,
    env: { PORT: 0 },
  };
  const env = { pm2_env: JSON.stringify(given) };
  const child = spawnNode(t, ['--import', REGISTER, join(pm2, 'ProcessContainer.js')], env, pm2);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(child.stderr, /: shop@v7 \(production\) → journal \S+\/shop\/\.rowtrace /);
  assert.equal(child.stdout, `${shop} [object Object] undefined\n`);
  assert.ok(!existsSync(join(pm2, '.rowtrace')));
});

test('settings that PM2 gives its workers turn the preload off, too', async (t) => {
  const { pm2, shop } = folders(t);
  const given = { pm_cwd: shop, pm_exec_path: join(shop, 'app.js'), OTEL_SDK_DISABLED: 'true' };
  const env = { pm2_env: JSON.stringify(given) };
  const child = spawnNode(t, ['--import', REGISTER, join(pm2, 'ProcessContainer.js')], env, pm2);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.equal(child.stderr, '');
  assert.ok(!existsSync(join(shop, '.rowtrace')));
});

test('a process that PM2 forks is of the service that its application is', async (t) => {
  const { pm2, shop } = folders(t);
  const env = { pm_cwd: shop, pm_exec_path: join(shop, 'app.js'), NODE_ENV: 'staging' };
  const child = spawnNode(t, ['--import', REGISTER, join(pm2, 'ProcessContainerFork.js')], env, shop);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.match(child.stderr, /: shop@1\.2\.0 \(staging\) → journal \S+\/shop\/\.rowtrace /);
});

test('npm that PM2 starts, for an application that it starts, is left alone', async (t) => {
  const { pm2, shop } = folders(t);
  const npm = join(shop, 'npm');
  writeFileSync(npm, `console.log('here');`);
  const env = { pm_cwd: shop, pm_exec_path: npm, NODE_OPTIONS: `--import ${REGISTER}` };
  const child = spawnNode(t, [join(pm2, 'ProcessContainerFork.js')], env, shop);
  assert.equal((await child.ended).code, 0, child.stderr);
  assert.deepEqual([child.stdout, child.stderr], ['here\n', '']);
});

for (const tool of [
  'pm2/lib/Daemon.js',
  // pnpm, Yarn and Windows start them by their files.
  'node_modules/.pnpm/tsx@4.23.15/node_modules/tsx/dist/cli.mjs',
  'node_modules/concurrently/dist/bin/index.js',
  'node_modules/cross-env/dist/bin/cross-env.js',
  'node_modules/dotenv-cli/cli.js',
  'node_modules/@nestjs/cli/bin/nest.js',
  'node_modules/corepack/dist/pnpm.js',
  'node_modules/rowtrace/dist/src/cli/main.mjs',
  '.yarn/releases/yarn-4.18.0.cjs',
  ...['pm2', 'nodemon', 'tsx', 'concurrently', 'cross-env', 'dotenv', 'nest', 'run-p'].map((name) => `bin/${name}`),
])
  test(`${tool}, which starts services and is none, is left alone`, async (t) => {
    const { pm2 } = folders(t);
    const file = join(pm2, '..', tool);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `console.log('here');`);
    const child = spawnNode(t, [file], { NODE_OPTIONS: `--import ${REGISTER}` }, pm2);
    assert.equal((await child.ended).code, 0, child.stderr);
    assert.deepEqual([child.stdout, child.stderr], ['here\n', '']);
  });
