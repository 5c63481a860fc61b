// Where a secret ends: all of it is masked, and nothing of what comes behind it.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('private keys', () => {
  const pem = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey.toString();
  const table: [string, string, string][] = [
    ['in the environment', `cannot start: PRIVATE_KEY=${pem}`, `cannot start: PRIVATE_KEY=${M}\n`],
    ['in YAML', `private_key: ${pem}`, `private_key: ${M}\n`],
    ['in what inspect prints', inspect({ privateKey: pem, n: 1 }), `{\n  privateKey: '${M}',\n  n: 1\n}`],
    ['in JSON within a text', `bad ${JSON.stringify({ private_key: pem })}`, `bad {"private_key":"${M}"}`],
    ['cut', `PRIVATE_KEY=${pem.slice(0, 90)}`, `PRIVATE_KEY=${M}`],
  ];
  for (const [where, given, expected] of table)
    it(`are masked whole ${where}`, () => assert.equal(scrubber.text(given), expected));
});

describe('values are masked to their end', () => {
  const long = `${'a'.repeat(5_000)}TAIL`;
  const lines = inspect({ token: `${'a'.repeat(80)}\nit's TAIL\n`, next: 1 });
  const table: [string, string][] = [
    [`token=${long} next`, `token=${M} next`],
    [`Authorization: Negotiate ${long}`, `Authorization: ${M}`],
    [`Cookie: a=${long}\nHost: x`, `Cookie: ${M}\nHost: x`],
    [inspect({ auth: { scope: 'x'.repeat(5_000), pw: 'TAIL' }, n: 1 }), `{\n  auth: ${M},\n  n: 1\n}`],
    [inspect({ auth: { username: 'rex', password: 'ab}cd' } }), `{ auth: ${M} }`],
    [`auth: { note: it's, pw: 'x}y' } tail`, `auth: ${M} tail`],
    ['Server=db;Password=My(Secret)Pass9;Encrypt=true', `Server=db;Password=${M};Encrypt=true`],
    ['host=db password=abc,SECRET dbname=y', `host=db password=${M} dbname=y`],
    ['Password=a&SECRET;x=1', `Password=${M};x=1`],
    [`host=db password='ab''SECRET' dbname=y`, `host=db password='${M}' dbname=y`],
    [`{'password': u'abc', 'n': 1}`, `{'password': u'${M}', 'n': 1}`],
    [`{b'api_key': b'abc'}`, `{b'api_key': b'${M}'}`],
    ['Config { password: Some("abc def"), n: 1 }', `Config { password: ${M}, n: 1 }`],
    ['Config(password = Some(abc), n = 1)', `Config(password = ${M}, n = 1)`],
    ['Cookie: theme="dark"; remember_me=SECRET', `Cookie: ${M}`],
    [`{\\"password\\":\\"ab\\\\\\"cd\\",\\"n\\":1}`, `{\\"password\\":\\"${M}\\",\\"n\\":1}`],
    [`token == "abc"`, `token == "${M}"`],
    [lines, `{\n  token: '${M}",\n  next: 1\n}`],
  ];
  for (const [given, expected] of table)
    it(`masks ${JSON.stringify(given.slice(0, 60))}`, () => assert.equal(scrubber.text(given), expected));
});

describe('what comes behind a value stays', () => {
  const table: [string, string][] = [
    ['a=b, password=x, c=d', `a=b, password=${M}, c=d`],
    ['redis://cache:6379,password=abc,ssl=True', `redis://cache:6379,password=${M},ssl=True`],
    ['f(token=abc, n=1)', `f(token=${M}, n=1)`],
    ['?token=abc&n=1', `?token=${M}&n=1`],
    ['&amp;token=abc&amp;n=1', `&amp;token=${M}&amp;n=1`],
    [`password='' user='x'`, `password='' user='x'`],
    [`{'password': '', 'n': 'y'}`, `{'password': '', 'n': 'y'}`],
    [`x = 'password=abc'; y`, `x = 'password=${M}'; y`],
    ['password="unclosed\nnext line "x"', `password="${M}"x"`],
  ];
  for (const [given, expected] of table)
    it(`keeps the rest of ${JSON.stringify(given)}`, () => assert.equal(scrubber.text(given), expected));
});

describe('Authorization, to the end of the line or of the quote around it', () => {
  const credentials = [
    'ApiKey VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHA',
    'SSWS 00QCjAl4MlV',
    'Bot MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7',
    'SharedKey acct:ctzMq410TV3wS7upTBcunJTDLEJwMAZuFPfr0mrrA08=',
    'Splunk 12345678-1234-1234-1234-1234567890ab',
    'Digest username="Mufasa", realm="x", response="6629fae49393a05397450978507c4ef1"',
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=fe5f80',
    'Token token="abc", n=1',
    'Bearer abc.def1',
  ];
  for (const credential of credentials)
    it(credential.slice(0, 20), () => {
      for (const name of ['Authorization', 'Proxy-Authorization'])
        assert.equal(scrubber.text(`Host: x\n${name}: ${credential}\nAccept: y`), `Host: x\n${name}: ${M}\nAccept: y`);
      const quote = credential.includes('"') ? "'" : '"';
      assert.equal(
        scrubber.text(`curl -H ${quote}authorization: ${credential}${quote} https://x/y`),
        `curl -H ${quote}authorization: ${M}${quote} https://x/y`,
      );
      assert.equal(
        scrubber.text(`x\\r\\nAuthorization: ${credential}\\r\\nHost: y`),
        `x\\r\\nAuthorization: ${M}\\r\\nHost: y`,
      );
    });
  const table: [string, string][] = [
    ['Authorization: Bearer abc.def1 was refused', `Authorization: ${M} was refused`],
    ['authorization: access denied for rex', 'authorization: access denied for rex'],
    ['{Authorization=ApiKey xyz}, n', `{Authorization=${M}}, n`],
    ['map[Authorization:[Foo abc] Accept:[x]]', `map[Authorization:${M} Accept:[x]]`],
  ];
  for (const [given, expected] of table) it(given, () => assert.equal(scrubber.text(given), expected));
});
