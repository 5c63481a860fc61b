// Passwords with any sign in them, as programs write them down: nothing of one is left, whatever its signs mean there.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';
const SIGNS = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ äß'];

const json = (value: unknown) => JSON.stringify(value);
const sql = (text: string) => `'${text.replaceAll("'", "''")}'`;
const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const WAYS: Record<string, (password: string) => string> = {
  JSON: (password) => json({ user: 'rex', password, n: 1 }),
  'JSON, cut': (password) => json({ user: 'rex', password, n: 1 }).slice(0, -3),
  'JSON in JSON in a text': (password) => `body ${json(json({ user: 'rex', password, n: 1 }))} end`,
  inspect: (password) => inspect({ user: 'rex', password, n: 1 }),
  'JSON in what inspect prints': (password) => inspect({ body: json({ password, n: 1 }) }),
  'what inspect prints, in JSON': (password) => json({ m: inspect({ password, n: 1 }) }),
  'a Map': (password) => inspect(new Map([['password', password]])),
  'a form': (password) => `body=${new URLSearchParams({ user: 'rex', password, n: '1' })}`,
  'a URL of a database': (password) => `postgres://rex:${encodeURIComponent(password)}@db/x`,
  'a URL': (password) => `https://rex:${encodeURIComponent(password)}@host/x`,
  rawHeaders: (password) => inspect({ rawHeaders: ['Host', 'x', 'X-Api-Key', password, 'Accept', 'y'] }),
  'an argument': (password) => inspect({ argv: ['x', '--password', password, 'db'] }),
  'an argument with its name': (password) => inspect({ argv: ['x', `--password=${password}`, 'db'] }),
  'an argument in JSON': (password) => json({ argv: ['x', `--password=${password}`, 'db'] }),
  'a variable in a list': (password) => inspect({ Env: ['PATH=/bin', `DB_PASSWORD=${password}`, 'PORT=1'] }),
  'a variable': (password) => inspect({ NODE_ENV: 'x', DB_PASSWORD: password, PATH: '/bin' }),
  'a command': (password) => `Command failed: x --password=${shell(password)} db`,
  'a command with a blank': (password) => `Command failed: x --password ${shell(password)} db`,
  update: (password) => `update users set password = ${sql(password)} where id = 5`,
  insert: (password) => `insert into users (name, password) values ('x', ${sql(password)}) returning id`,
  in: (password) => `select 1 from users where token in (${sql(password)}, ${sql(password)}) limit 1`,
  call: (password) => `select 1 from users where lower(password) = ${sql(password)} limit 1`,
  'ADO.NET': (password) =>
    `Server=db;User Id=sa;Password=${/[;'"`]/.test(password) ? `"${password.replaceAll('"', '""')}"` : password};Encrypt=True`,
  ODBC: (password) => `Driver={x};Server=db;UID=sa;PWD={${password.replaceAll('}', '}}')}};Encrypt=yes`,
  libpq: (password) => `host=db password='${password.replace(/['\\]/g, '\\$&')}' dbname=x`,
  XML: (password) => `<a><Password>${xml(password)}</Password></a>`,
  'an attribute of XML': (password) => `<user name="rex" password="${xml(password)}"/>`,
  YAML: (password) => `db:\n  password: ${json(password)}\n  host: x`,
  'a part of a form': (password) =>
    `--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n${password}\r\n--x--`,
  zod: (password) => inspect([{ code: 'x', input: password, path: ['password'] }]),
  mongoose: (password) => `Path \`password\` (\`${password}\`) is shorter than`,
  GraphQL: (password) => `mutation { login(email: "a@b", password: ${json(password)}) { id } }`,
};

describe('no sign of a password shows its rest', () => {
  for (const [way, write] of Object.entries(WAYS))
    it(way, () => {
      for (const sign of SIGNS) {
        const text = write(`hunter1${sign}hunter2`);
        const masked = scrubber.text(text);
        assert.ok(!masked.includes('hunter'), `${text} → ${masked}`);
      }
    });

  it('of one that nothing quotes, except a blank', () => {
    for (const sign of SIGNS.filter((each) => each !== ' '))
      for (const before of ['DB_PASSWORD=', 'login failed, password: ', 'db:\n  password: ', 'X-Api-Key: ']) {
        const masked = scrubber.text(`${before}hunter1${sign}hunter2\nnext: x`);
        assert.equal(masked, `${before}${M}\nnext: x`, sign);
      }
  });
});

describe('objects and bytes as inspect prints them', () => {
  class Secret {
    v = 'hunter2';
  }
  const query = Object.assign(Object.create(null), { sid: 'hunter2' });
  for (const [what, password, shown] of [
    ['an instance', new Secret(), 'Secret {'],
    ['no prototype', query, '[Object: null prototype] {'],
    ['a Set', new Set(['hunter2', 'hunter3']), 'Set(2) {'],
    ['a Map', new Map([['a', 'hunter2']]), 'Map(1) {'],
    ['bytes', new Uint8Array([104, 117, 110]), 'Uint8Array(3) ['],
    ['a Buffer', Buffer.from('hunter2'), '<Buffer 68'],
    ['a long Buffer', Buffer.alloc(60, 'hun'), 'more bytes>'],
  ] as const)
    it(what, () => {
      const text = inspect({ password, n: 1 });
      assert.ok(text.includes(shown), text);
      assert.equal(scrubber.text(text).replaceAll(/\s+/g, ' '), `{ password: ${M}, n: 1 }`);
    });
});

describe('to their end', () => {
  for (const [given, expected] of [
    ['iban: DE89 3704 0044 0532 0130 00 of rex', `iban: ${M} of rex`],
    ['IBAN=GB29NWBK60161331926819, x', `IBAN=${M}, x`],
    ['x;password=ab;cd=1', `x;password=${M};cd=1`],
    ['password=ab; next', `password=${M}; next`],
    ['<td>password=ab</td>', `<td>password=${M}</td>`],
    ['<user password=ab>x', `<user password=${M}`],
    ["{ cmd: 'PGPASSWORD=abc pg_dump -U rex' }", `{ cmd: 'PGPASSWORD=${M} pg_dump -U rex' }`],
    ["x = 'TOKEN=abc&n=1'", `x = 'TOKEN=${M}&n=1'`],
    ['auth: Basic', 'auth: Basic'],
    ['session: Closed [by peer]', 'session: Closed [by peer]'],
    ['session: Session { id: "abc" } closed', `session: ${M} closed`],
    [`tokens: Usage { input: 12 }`, `tokens: Usage { input: 12 }`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));
});
