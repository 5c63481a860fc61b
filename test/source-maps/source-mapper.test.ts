// What the mapper makes of single events: kept text, reasons, excerpts; and what it must not do for hostile ones.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { transformSync } from 'esbuild';
import type { ErrorFact, ResourceFact } from '../../src/record/fact.ts';
import { createSourceMapper } from '../../src/source-maps/source-mapper.ts';
import { processorMillis } from '../support/processor-time.ts';
import { folderFor, logOf, resourceOf } from './support.ts';

const SOURCE = `// line 1
const config = { apiKey: 'k-9f8e7d6c5b4a' };
export function charge(cents: number): never {
  throw new RangeError('cannot charge ' + cents + config.apiKey);
}
`;

function bundle(folder: string, name = 'app.js'): { file: string; frame: string } {
  const { code, map } = transformSync(SOURCE, { loader: 'ts', sourcemap: 'external', sourcefile: 'src/charge.ts' });
  const file = join(folder, name);
  const lines = code.split('\n');
  const line = lines.findIndex((text) => text.includes('throw'));
  writeFileSync(file, `${code}//# sourceMappingURL=${name}.map\n`);
  writeFileSync(`${file}.map`, map);
  return { file, frame: `    at charge (${file}:${line + 1}:${lines[line]!.indexOf('throw') + 1})` };
}

const errorOf = (stack: string, more: Partial<ErrorFact> = {}): ErrorFact => ({
  ...{ type: 'RangeError', message: 'no', stack: `RangeError: no\n${stack}` },
  ...more,
});

const map = (error: ErrorFact, resource: Partial<ResourceFact> = {}) =>
  createSourceMapper().map(logOf(error), resourceOf(resource));

test('the stacks of the error, its causes and members are mapped, text around frames stays', (t) => {
  const folder = folderFor(t);
  const { frame } = bundle(folder);
  const original = `${folder}/src/charge.ts:4:3`;
  const inspected = `${frame.replace('at charge', 'at async charge')} {\n  code: 'E1'\n}\n  [cause]: Error: x\n  ${frame},\n`;
  const { fact } = map(
    errorOf(inspected, { cause: errorOf(frame), errors: [errorOf('    at native'), errorOf(frame)] }),
  );
  const error = fact.error!;
  assert.equal(
    error.stack,
    `RangeError: no\n    at async charge (${original}) {\n  code: 'E1'\n}\n  [cause]: Error: x\n      at charge (${original}),\n`,
  );
  assert.equal(error.cause?.stack, `RangeError: no\n    at charge (${original})`);
  assert.equal(error.errors?.[0]?.stack, 'RangeError: no\n    at native');
  assert.equal(error.errors?.[1]?.stack, `RangeError: no\n    at charge (${original})`);
});

test('a stack that comes again is mapped again, whatever its message; so is one without a header', (t) => {
  const folder = folderFor(t);
  const { frame } = bundle(folder);
  const mapper = createSourceMapper();
  const mapped = `    at charge (${folder}/src/charge.ts:4:3)`;
  for (const message of ['no', 'no more', 'two\nlines', `two\n${frame}`]) {
    const error = { type: 'RangeError', message, stack: `RangeError: ${message}\n${frame}` };
    const { fact, context } = mapper.map(logOf(error), resourceOf({}));
    assert.equal(fact.error!.stack, `RangeError: ${message}\n${mapped}`);
    assert.equal(context?.function, 'charge');
  }
  const said = { type: 'RangeError', message: `two\n${frame}`, stack: `RangeError: two\n${frame}` };
  assert.equal(mapper.map(logOf(said), resourceOf({})).fact.error, said, 'a message alone is left alone');
  const bare = mapper.map(logOf({ type: 'RangeError', message: 'no', stack: frame }), resourceOf({}));
  assert.equal(bare.fact.error!.stack, mapped);
});

test('a stack whose map was not there is mapped when it comes, after a while', (t) => {
  const folder = folderFor(t);
  const { file, frame } = bundle(folder);
  const mapText = readFileSync(`${file}.map`, 'utf8');
  rmSync(`${file}.map`);
  let now = Date.now();
  const mapper = createSourceMapper({ now: () => now });
  const stack = () => mapper.map(logOf(errorOf(frame)), resourceOf({})).fact.error!.stack!;
  assert.match(stack(), /app\.js/);
  writeFileSync(`${file}.map`, mapText);
  assert.match(stack(), /app\.js/);
  now += 3_600_000;
  assert.match(stack(), /charge\.ts:4:3/);
});

test('the excerpt is around the culprit, from the map, without secrets', (t) => {
  const { frame } = bundle(folderFor(t));
  const { context } = map(errorOf(frame));
  assert.equal(context?.first, 1);
  assert.deepEqual([context?.line, context?.column, context?.function], [4, 3, 'charge']);
  assert.match(context!.lines[1]!, /apiKey: '\[scrubbed\]'/);
  assert.equal(context!.lines.length, 6);
});

test('code without a map is shown from its file; a file that changed since, or is no source, is not', (t) => {
  const folder = folderFor(t);
  for (const name of ['plain.js', 'secret.txt', 'id_rsa']) writeFileSync(join(folder, name), 'a\nb\nthrow 1\nd\n');
  const at = (name: string) => errorOf(`    at run (${join(folder, name)}:3:1)`);
  const { fact, context, unmapped } = map(at('plain.js'));
  assert.match(fact.error!.stack!, /plain\.js:3:1/);
  assert.equal(unmapped, undefined, 'nobody expects a map of hand-written code');
  assert.deepEqual(context?.lines, ['a', 'b', 'throw 1', 'd', '']);
  assert.equal(map(at('plain.js'), { startedAt: Date.now() - 5_000 }).context, undefined);
  assert.equal(map(at('secret.txt')).context, undefined);
  assert.equal(map(at('id_rsa')).context, undefined);
});

test('a frame that could not be mapped says why', (t) => {
  const folder = folderFor(t);
  const minified = `var a=1;${'f(a);'.repeat(200)}`;
  const write = (name: string, url: string, json?: string) => {
    writeFileSync(join(folder, name), `${minified}\n//# sourceMappingURL=${url}\n`);
    if (json !== undefined) writeFileSync(join(folder, url), json);
  };
  write('none.js', 'none.js.map');
  writeFileSync(join(folder, 'unnamed.js'), minified);
  write('broken.js', 'broken.js.map', '{"version":3,"mappings"');
  write('remote.js', 'https://example.com/remote.js.map');
  write('empty.js', 'empty.js.map', '{"version":3,"sources":[],"names":[],"mappings":""}');
  write('huge.js', 'huge.js.map', '{}');
  truncateSync(join(folder, 'huge.js.map'), 33 * 1024 * 1024);
  mkdirSync(join(folder, 'folder.js.map'));
  write('folder.js', 'folder.js.map');
  const reasons = Object.fromEntries(
    ['none.js', 'unnamed.js', 'broken.js', 'remote.js', 'empty.js', 'huge.js', 'folder.js', 'gone.js'].map((name) => {
      const error = errorOf(`    at handle (${join(folder, name)}:1:300)`);
      const { fact, unmapped } = map(error);
      assert.equal(fact.error, error);
      assert.equal(unmapped?.[0]?.file, join(folder, name));
      return [name, unmapped?.[0]?.reason];
    }),
  );
  assert.deepEqual(reasons, {
    'none.js': 'no map',
    'unnamed.js': 'no map',
    'broken.js': 'invalid map',
    'remote.js': 'no map',
    'empty.js': 'not in map',
    'huge.js': 'too large',
    'folder.js': 'unreadable',
    'gone.js': 'unreadable',
  });
  const { frame } = bundle(folder);
  assert.equal(map(errorOf(frame), { startedAt: Date.now() - 5_000 }).unmapped?.[0]?.reason, 'other build');
});

test('stacks of other machines, other containers and of unknown age stay as they are', (t) => {
  const { frame } = bundle(folderFor(t));
  const error = errorOf(frame);
  for (const resource of [{ host: 'elsewhere' }, { machine: 'elsewhere' }, { startedAt: undefined }, { startedAt: 1 }])
    assert.equal(map(error, resource).fact.error, error);
  const path = frame.slice(frame.indexOf('(') + 1).replace(/:.*/, '');
  const entry = { path, changedAt: statSync(path).ctimeMs };
  const late = { startedAt: 1, entry: { path, changedAt: entry.changedAt + 1 } };
  assert.equal(map(error, late).fact.error, error, 'an older container of the same name, another image');
  assert.deepEqual(map(error, { startedAt: 1, entry }).unmapped?.[0]?.reason, 'other build', 'the same image');
  const named = resourceOf();
  assert.notEqual(map(error, { host: 'web-1', machine: named.host }).fact.error, error, 'a host that was given a name');
});

test('a message that looks like a stack is not read as one', (t) => {
  const { frame } = bundle(folderFor(t));
  const message = `no\n${frame}`;
  const error = { type: 'Error', message, stack: `Error: ${message}\n    at native` };
  const { fact, context } = map(error);
  assert.equal(fact.error, error);
  assert.equal(context, undefined);
});

test('pipes, devices, links in a circle and folders do not block or throw', {
  skip: process.platform === 'win32',
}, (t) => {
  const folder = folderFor(t);
  execFileSync('mkfifo', [join(folder, 'pipe.js')]);
  symlinkSync(join(folder, 'loop.js'), join(folder, 'loop.js'));
  writeFileSync(join(folder, 'piped.js'), '//# sourceMappingURL=pipe.js\n');
  writeFileSync(join(folder, 'closed.js'), 'x');
  chmodSync(join(folder, 'closed.js'), 0);
  const lines = ['pipe.js', 'loop.js', 'piped.js', 'closed.js', '.'].map(
    (name) => `    at f (${join(folder, name)}:1:1)`,
  );
  const error = errorOf([...lines, '    at f (/dev/zero:1:1)', '    at f (file:///%:1:1)'].join('\n'));
  assert.equal(map(error).fact.error, error);
});

test('facts of any shape go through', () => {
  const mapper = createSourceMapper();
  const loop: ErrorFact = { type: 'Error', message: 'x', stack: 'Error: x' };
  loop.cause = loop;
  for (const error of [null, 1, 'x', [], { stack: 1 }, { errors: 'x' }, { errors: [null, 1] }, { cause: 1 }, loop])
    for (const resource of [null, {}, resourceOf()])
      assert.doesNotThrow(() => mapper.map(logOf(loop) && ({ ...logOf(loop), error } as never), resource as never));
});

test('time grows with the length of a stack, whatever is in it', () => {
  const took = (length: number, line: (i: number) => string) => {
    let text = 'Error: x\n';
    for (let i = 0; text.length < length; i++) text += `${line(i)}\n`;
    const mapper = createSourceMapper();
    const log = logOf({ type: 'Error', message: 'x', stack: text.slice(0, length) });
    return processorMillis(() => mapper.map(log, resourceOf()));
  };
  for (const line of [
    () => `    at ${':1'.repeat(1_000)}`,
    () => `    at ${'('.repeat(2_000)}/a:1:1)`,
    () => ' '.repeat(2_000),
    () => `    at f (/${'a/'.repeat(900)}:1:1)`,
    (i: number) => `    at f${i} (/nowhere/${i}.js:1:1)`,
  ])
    assert.ok(took(262_144, line) < 2_000, String(line));
});

// As TypeORM 1.1 has it ("../../../../src/driver/…" in a folder two deep), Drizzle 0.45 ("../../src/…") and builds elsewhere.
for (const source of ['../../../src/charge.ts', '../../src/charge.ts', '/src/charge.ts', 'file:///src/charge.ts'])
  test(`a package whose map says that it was made of ${source} stays that package`, (t) => {
    const folder = folderFor(t);
    for (const name of ['orm', '@kennel/orm']) {
      const home = join(folder, 'node_modules', name);
      const { frame } = bundle(mkdirs(join(home, 'driver')));
      const file = join(home, 'driver', 'app.js.map');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), sources: [source] }));
      const { fact } = map(errorOf(frame));
      assert.equal(fact.error!.stack, `RangeError: no\n    at charge (${home}/src/charge.ts:4:3)`);
    }
  });

function mkdirs(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
