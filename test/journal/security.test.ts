import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adopt } from '../../src/journal/adopt.ts';
import { selfIdentity } from '../../src/journal/identity.ts';
import { journalsLeftAlone, listJournals } from '../../src/journal/layout.ts';
import { JournalReader } from '../../src/journal/reader.ts';
import { startShipper } from '../deliver/support.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { logFact, messagesOf, readAll, temporaryFolder, testJournal, until } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';

const links = process.platform === 'win32' ? 'needs links' : false;
const root = process.getuid?.() === 0 ? false : 'needs root, to give a folder away';

test('a planted link in place of a journal, a segment or the state is not followed', { skip: links }, async (t) => {
  const dir = temporaryFolder(t);
  const outside = temporaryFolder(t);
  const journal = testJournal(dir);
  journal.appendNow(logFact('one'));
  const real = journal.dir!;
  symlinkSync(real, join(dir, 'journal', 'link'));
  assert.deepEqual(
    listJournals(dir).map(({ path }) => path),
    [real],
  );
  assert.equal(await adopt(join(dir, 'journal', 'link')), undefined);
  const reader = new JournalReader(real);
  const [entry] = readAll(reader);
  // Whoever may write here plants the state's name: what it leads to stays as it was.
  writeFileSync(join(outside, 'precious'), 'precious');
  symlinkSync(join(outside, 'precious'), join(real, 'shipped.json'));
  reader.ack(entry!.end);
  assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'precious');
  rmSync(join(real, '00000001.ndjson'));
  writeFileSync(join(outside, 'segment'), readFileSync(join(outside, 'precious')));
  symlinkSync(join(outside, 'segment'), join(real, '00000001.ndjson'));
  assert.throws(() => new JournalReader(real).read(), { code: 'ELOOP' });
});

test('a folder of journals that is a link is refused, the temporary folder takes its place', { skip: links }, (t) => {
  const dir = temporaryFolder(t);
  const elsewhere = temporaryFolder(t);
  symlinkSync(elsewhere, join(dir, 'journal'));
  const said: string[] = [];
  const journal = testJournal(dir, { onProblem: (message) => said.push(message) });
  journal.appendNow(logFact('one'));
  t.after(() => rmSync(journal.dir!, { recursive: true, force: true }));
  assert.deepEqual(readdirSync(elsewhere), []);
  assert.match(said[0]!, /is a link/);
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['one']);
});

test('a journal of another user is left alone, and said once', { skip: root }, async (t) => {
  const dir = temporaryFolder(t);
  const foreign = join(dir, 'journal', 'foreign');
  mkdirSync(foreign, { recursive: true, mode: 0o700 });
  const owner = { ...selfIdentity(), bootId: 'another', process: 'p', service: 's', shippedBy: 'self' };
  writeFileSync(join(foreign, 'owner.json'), JSON.stringify(owner));
  chownSync(foreign, 12345, 12345);
  const said: string[] = [];
  const shipper = startShipper(t, dir, new ScriptedSink(), { onProblem: (message) => said.push(message) });
  assert.equal(await shipper.flush(5000), true);
  await until('it was looked at', () => said.length > 0);
  assert.deepEqual(said, [`delivery: ${foreign} belongs to another user or is a link and is left alone`]);
  assert.ok(existsSync(foreign));
});

test('a journal whose owner cannot be read is left alone, and named; one that is being made is not', async (t) => {
  const dir = cliDir(t);
  const journal = testJournal(dir);
  journal.appendNow(logFact('kept'));
  writeFileSync(join(journal.dir!, 'owner.json'), '');
  mkdirSync(join(dir, 'journal', 'empty'), { mode: 0o700 });
  const [named, ...others] = journalsLeftAlone(dir);
  assert.deepEqual([named, others], [{ path: journal.dir, why: 'has no owner.json that can be read' }, []]);
  const said: string[] = [];
  startShipper(t, dir, new ScriptedSink(), { onProblem: (message) => said.push(message) });
  await until('it was looked at', () => said.length > 0);
  assert.deepEqual(said, [`delivery: ${journal.dir} has no owner.json that can be read and is left alone`]);
  assert.deepEqual(messagesOf(readAll(new JournalReader(journal.dir!))), ['kept']);
  const { stdout } = await runCli(t, ['status', '--json'], { dir });
  assert.deepEqual(JSON.parse(stdout).leftAlone, [named]);
  const shown = (await runCli(t, ['status'], { dir })).stdout.replaceAll(/\s+/g, ' ');
  assert.ok(shown.includes(`${journal.dir} it has no owner.json that can be read`), shown);
});
