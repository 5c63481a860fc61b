// Whose package.json names service and release.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveResource } from '../../src/options/resource.ts';
import { folderFor } from '../support/folder.ts';

function tree(t: TestContext): string {
  const root = folderFor(t);
  for (const [folder, name] of [
    ['shop', 'shop'],
    ['shop/apps/web', 'web'],
    ['shop/node_modules/next', 'next'],
    ['shop/node_modules/.pnpm/next@15.5.29/node_modules/next', 'next'],
    ['lib/node_modules/served', 'served'],
  ] as const) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  }
  return root;
}

/** The service of a program that is started in a folder. */
function serviceOf(t: TestContext, root: string, entry: string, folder: string): string {
  const file = join(root, entry);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  const [argv, cwd] = [process.argv[1], process.cwd()];
  t.after(() => process.chdir(cwd));
  try {
    process.argv[1] = file;
    process.chdir(join(root, folder));
    return resolveResource({} as never, { resourceAttributes: {} } as never, {}).service;
  } finally {
    process.argv[1] = argv!;
    process.chdir(cwd);
  }
}

// program, working directory, service
const CASES = [
  ['shop/server.js', 'lib', 'shop'],
  ['shop/apps/web/server.js', 'shop', 'web'],
  ['shop/node_modules/.bin/next', 'shop', 'shop'],
  ['shop/node_modules/next/dist/bin/next', 'shop', 'shop'],
  ['shop/node_modules/.pnpm/next@15.5.29/node_modules/next/dist/bin/next', 'shop', 'shop'],
  // A workspace, whose packages lie at its root.
  ['shop/node_modules/next/dist/bin/next', 'shop/apps/web', 'web'],
  ['shop/node_modules/next/dist/bin/next', 'lib', 'shop'],
  // Installed globally.
  ['lib/node_modules/served/cli.js', 'shop', 'served'],
] as const;

test('a program of a dependency runs the application that it is installed for', (t) => {
  const root = tree(t);
  for (const [entry, folder, service] of CASES)
    assert.equal(serviceOf(t, root, entry, folder), service, `${entry} in ${folder}`);
});
