// The examples of docs/manual.md, run as one program: they end well and leave the rows of the page's table.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REGISTER } from '../support/application.ts';
import { spawnNode } from '../support/children.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/manual.md'), 'utf8');

/** All blocks in one module: of imports that are there twice the first is kept. */
function program(): string {
  const blocks = [...PAGE.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block!);
  assert.ok(blocks.length >= 6);
  const names = new Set<string>();
  const bodies = blocks.map((block) =>
    block.replace(/^import \{ (.*) \} from 'rowtrace';$/gm, (_, list: string) => {
      for (const name of list.split(', ')) names.add(name);
      return '';
    }),
  );
  return `import { ${[...names].join(', ')} } from 'rowtrace';\n${bodies.join('\n')}`;
}

/** level, module, message, type of the table. */
function expected(): string[] {
  const table = PAGE.split('leaves:\n\n')[1]!.split('\n\n')[0]!;
  const lines = table.trim().split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, 5)
      .map((cell) => cell.trim())
      .join(' | '),
  );
}

test('the examples of docs/manual.md run, and leave what the page says', async (t) => {
  const { url, db } = await databaseFor(t);
  const folder = folderFor(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/rowtrace'), 'junction');
  writeFileSync(join(folder, 'examples.mjs'), program());
  const env = { ROWTRACE_DATABASE_URL: url, ROWTRACE_DIR: join(folder, 'rowtrace') };
  const child = spawnNode(t, ['--import', REGISTER, join(folder, 'examples.mjs')], env);
  const { code } = await child.ended;
  assert.equal(code, 0, child.stderr);
  assert.match(child.stdout, /^undefined\n0\ncharged, request \S+\n(true|false) \d+\nRT_OPTION_INVALID Correct/);
  const rows = await db.query<Record<string, string | null>>(
    `select level, module, message, error_type from rowtrace.error_logs
     where message not like 'Slow %' order by created_at, event_id`,
  );
  assert.deepEqual(
    rows.map(({ level, module, message, error_type }) => [level, module, message, error_type ?? ''].join(' | ')),
    expected(),
  );
  const slow = await db.query("select from rowtrace.error_logs where message like 'Slow client span charge%'");
  assert.equal(slow.length, 1);
});
