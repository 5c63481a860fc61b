// `npm run gen`: writes the pages of docs/ that are made from the code. With --check it writes nothing and fails when a
// page on disk is not what the code says.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsPage } from './gen/commands-page.ts';
import { errorsPage } from './gen/errors-page.ts';
import { jsonPage } from './gen/json-page.ts';
import { optionsPage } from './gen/options-page.ts';
import { tablesPage } from './gen/tables-page.ts';

const check = process.argv.includes('--check');
const docs = join(import.meta.dirname, '..', 'docs');
const pages: Record<string, () => string | Promise<string>> = {
  'commands.md': commandsPage,
  'json.md': jsonPage,
  'options.md': optionsPage,
  'errors.md': errorsPage,
  'tables.md': tablesPage,
};

let stale = 0;
for (const [name, make] of Object.entries(pages)) {
  const wanted = await make();
  const path = join(docs, name);
  if (read(path) === wanted) continue;
  if (check) {
    stale++;
    console.error(`docs/${name} is not what the code says. Run \`npm run gen\` and commit it.`);
  } else {
    writeFileSync(path, wanted);
    console.log(`wrote docs/${name}`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
