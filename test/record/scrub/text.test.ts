import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('secrets by shape', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'a'.repeat(43)}`;
  const jwe = [
    ...['eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0', ''],
    ...['b'.repeat(16), 'c'.repeat(60), 'd'.repeat(22)],
  ].join('.');
  const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow'.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  const table: [string, string][] = [
    [`sent ${jwt} to`, `sent ${M} to`],
    [`session ${jwe}. Sign in`, `session ${M}. Sign in`],
    [`sent ${jwe.replace('..', `.${'e'.repeat(43)}.`)} to`, `sent ${M} to`],
    [`sent ${jwt}. Again`, `sent ${M}. Again`],
    [`Bearer ${'ab1'.repeat(9)} x`, `Bearer ${M} x`],
    [`basic dXNlcjpwYXNzd29yZA== x`, `basic ${M} x`],
    [`key ${pem} end`, `key ${M} end`],
    ['pem cut -----BEGIN PRIVATE KEY-----\nMIIEow', `pem cut ${M}`],
    [`no -----BEGIN in ${pem} end`, `no -----BEGIN in ${M} end`],
    [`aws ${'AKIA'}IOSFODNN7EXAMPLE x`, `aws ${M} x`],
    [`gh ${'ghp'}_${'a1B2'.repeat(9)}.`, `gh ${M}.`],
    [`stripe ${'sk'}_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`, `stripe ${M}`],
    [`slack ${'xoxb'}-123456789012-abcdefabcdef`, `slack ${M}`],
    [`npm ${'npm'}_${'a1B2c3'.repeat(6)}`, `npm ${M}`],
    [`google ${'AIza'}${'SyA-1234567890abcdefghijklmnopqrstu'}`, `google ${M}`],
    ['https://hooks.slack.com/services/T000/B000/XXXX', `https://hooks.slack.com/services/${M}`],
    ['postgres://app:hunter2@db:5432/x', `postgres://app:${M}@db:5432/x`],
    ['redis://:hunter2@cache', `redis://:${M}@cache`],
    ['amqp://u:p%40ss@mq/v', `amqp://u:${M}@mq/v`],
    ['postgres://u:pa/ss@db/x', `postgres://u:${M}@db/x`],
    [`https://${'a1b2c3d4'.repeat(4)}@sentry.example/1`, `https://${M}@sentry.example/1`],
    ['card 4111 1111 1111 1111 ok', `card ${M} ok`],
    ['0.12 4111 1111 1111 1111 ok', `0.12 ${M} ok`],
    ['card 5500-0000-0000-0004 ok', `card ${M} ok`],
    ['amex 378282246310005', `amex ${M}`],
  ];
  for (const [given, expected] of table)
    it(`masks ${JSON.stringify(given.slice(0, 60))}`, () => assert.equal(scrubber.text(given), expected));

  for (const clean of [
    'order 4111111111111112 stored',
    'at 1700000000000 ms',
    'Basic authentication failed',
    'https://example.com/a@b and http://localhost:8080/x?y=@z',
    'ssh://git@github.com/x',
    'trace 4111111111111111abcdef',
    '0.4111111111111111',
    '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
  ])
    it(`leaves ${JSON.stringify(clean)}`, () => assert.equal(scrubber.text(clean), clean));

  it('keeps about nine in ten random 16-digit ids that begin like a card', () => {
    let kept = 0;
    for (let i = 0; i < 1_000; i++) {
      const id = `4${String((i * 7_919_317_771) % 1e15).padStart(15, '0')}`;
      if (scrubber.text(`id ${id}`) === `id ${id}`) kept++;
    }
    assert.ok(kept > 850 && kept < 950, String(kept));
  });
});

describe('secrets by key in text', () => {
  const table: [string, string][] = [
    ['password=hunter2 next', `password=${M} next`],
    ['DB_PASSWORD: hunter2, x', `DB_PASSWORD: ${M}, x`],
    ["{ apiKey: 'abc def', n: 1 }", `{ apiKey: '${M}', n: 1 }`],
    ['{"user":"a","token":"abc","n":1}', `{"user":"a","token":"${M}","n":1}`],
    ['body {"a":1,"Client-Secret":"x\\"y","b":2}', `body {"a":1,"Client-Secret":"${M}","b":2}`],
    ['{\\"password\\":\\"abc\\",\\"x\\":1}', `{\\"password\\":\\"${M}\\",\\"x\\":1}`],
    ['https://x/y?api_key=zzz&a=1', `https://x/y?api_key=${M}&a=1`],
    ['cb?next=/a%3Faccess_token%3Dabc', `cb?next=/a%3Faccess_token%3D${M}`],
    ['Authorization: Bearer abc.def1\nnext', `Authorization: ${M}\nnext`],
    ['authorization=Basic dXNlcjpwYXNz', `authorization=${M}`],
    ['Cookie: sid=1; theme=dark\nHost: x', `Cookie: ${M}\nHost: x`],
    ['set-cookie: connect.sid=s%3Aabc; Path=/', `set-cookie: ${M}`],
    ['PHPSESSID=abc123', `PHPSESSID=${M}`],
    ['mysql_pwd=x', `mysql_pwd=${M}`],
    ['otp: 123456', `otp: ${M}`],
    ['userPin=1234 newPAN=41', `userPin=${M} newPAN=${M}`],
    ['{"pinCode":"1234","userPan":"41"}', `{"pinCode":"${M}","userPan":"${M}"}`],
    ['connectSid=s%3Ax&twilioSid=AC1&userSso=y', `connectSid=${M}&twilioSid=${M}&userSso=${M}`],
    ['headers { "set-cookie": ["a=b", "c=d"], x: 1 }', `headers { "set-cookie": ${M}, x: 1 }`],
  ];
  for (const [given, expected] of table)
    it(`masks ${JSON.stringify(given)}`, () => assert.equal(scrubber.text(given), expected));

  for (const clean of [
    'author=joe',
    'authority: x',
    'token_count=5',
    'max_tokens: 512',
    'session.id=abc',
    'at verify (/app/auth.ts:12:5)',
    'at next (/app/src/session/token.js:3:9)',
    'JsonWebTokenError: jwt malformed',
    'AuthError: no such user',
    'Unexpected token < in JSON at position 0',
    'monkey=1 keyboard: qwerty',
    'spinning: 4',
    'hasPinned=x, Japan: x, isPanned=y, resides=z',
  ])
    it(`leaves ${JSON.stringify(clean)}`, () => assert.equal(scrubber.text(clean), clean));
});

describe('further names of secrets', () => {
  for (const name of [
    ...['RAILS_MASTER_KEY', 'APP_KEY', 'LICENSE_KEY', 'OPENAI_KEY', 'OPENAI_KEY_2', 'AZURE_STORAGE_KEY', 'ACCOUNT_KEY'],
    ...['HMAC_KEY', 'aesKey', 'deploy-key', 'consumer_key', 'sessionid', 'ASP.NET_SessionId', '.ASPXAUTH'],
    ...['.AspNetCore.Session', 'remember_web_59ba36', 'code_verifier', 'client_assertion', 'clientAssertion'],
    ...['backupCodes', 'backup_code', 'seedPhrase', 'seed-phrase', 'cvc2', 'cvv2', 'pw', 'user_pw'],
    ...['verification_code', 'recoveryCode', 'securityCode', 'mnemonic', 'pswd'],
  ])
    it(name, () => {
      assert.equal(scrubber.text(`${name}=base64:aHVudGVyMg== next`), `${name}=${M} next`);
      assert.equal(scrubber.text(`{"${name}":"hunter2"}`), `{"${name}":"${M}"}`);
      assert.deepEqual(scrubber.tags({ [name]: 'hunter2' }), { [name]: M });
    });

  for (const [given, expected] of [
    ['Invalid API key: sk9d8f7g6', `Invalid API key: ${M}`],
    ['openai key = abc', `openai key = ${M}`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));

  for (const clean of [
    ...['client_assertion_type=urn:ietf', 'primaryKey=5', 'public_key=abc', 'cacheKey: user17x', 'nodesKey=a'],
    ...['primary key: user_17a', 'the key: abc123x', 'storage key: theme', 'verification: failed', 'remember_me=1'],
    ...['recovery: started', 'sessionId: abc', 'AssertionError: x'],
  ])
    it(`leaves ${clean}`, () => assert.equal(scrubber.text(clean), clean));
});

describe('keys in brackets, as PHP, Rails and qs write fields of forms', () => {
  const table: [string, string][] = [
    ['user[password]=hunter2&x=1', `user[password]=${M}&x=1`],
    ['user[0][password]=hunter2', `user[0][password]=${M}`],
    ['password[]=hunter2', `password[]=${M}`],
    ['user[password][0]=hunter2', `user[password][0]=${M}`],
    ['?user%5Bpassword%5D=hunter2&x=1', `?user%5Bpassword%5D=${M}&x=1`],
    ['?user%5Bpin%5D%5B%5D=1234&x=1', `?user%5Bpin%5D%5B%5D=${M}&x=1`],
    ['next=/a%3Fuser%255Bpassword%255D%3Dhunter2', `next=/a%3Fuser%255Bpassword%255D%3D${M}`],
    ['user["password"]=hunter2', `user["password"]=${M}`],
    [`$_POST['password'] => 'hunter2'`, `$_POST['password'] => '${M}'`],
    [`body { 'user[password]': 'hunter2' }`, `body { 'user[password]': '${M}' }`],
    ['"user[password][]":"hunter2"', `"user[password][]":"${M}"`],
    ['params[session]: abc', `params[session]: ${M}`],
  ];
  for (const [given, expected] of table) it(`masks ${given}`, () => assert.equal(scrubber.text(given), expected));

  for (const clean of [
    '[auth]: timeout',
    'Unexpected token [ in JSON',
    'at tokens[0] (a.js:1:2)',
    'tokens[0].name is empty',
  ])
    it(`leaves ${clean}`, () => assert.equal(scrubber.text(clean), clean));

  it('in tags', () => assert.deepEqual(scrubber.tags({ 'user%5Bpin%5D': 'x' }), { 'user%5Bpin%5D': M }));
});

describe('letters of an escape are no part of the key behind it', () => {
  for (const [given, expected] of [
    ['a%26pin%3D1234', `a%26pin%3D${M}`],
    ['a\\npin=1234', `a\\npin=${M}`],
    ['\\u0026pin=1234\\u0026x=2', `\\u0026pin=${M}\\u0026x=2`],
    ['C:\\token=abc x', `C:\\token=${M} x`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));
});

describe('stacks: frames that hold no secret are looked through once', () => {
  const frames = Array.from({ length: 6 }, (_, at) => `    at session${at} (/app/src/auth/token.js:${at + 3}:${at})`);
  const stack = (message: string, more: string[] = []) => `Error: ${message}\n${[...frames, ...more].join('\n')}`;

  it('masks what is said above frames that are known', () => {
    const fresh = createScrubber();
    assert.equal(fresh.text(stack('first')), stack('first'));
    for (const secret of ['password=hunter2', 'postgres://app:hunter2@db/x', 'card 4111 1111 1111 1111'])
      assert.ok(!/hunter2|4111/.test(fresh.text(stack(secret))), secret);
  });

  it('masks what stands among frames, each time', () => {
    const fresh = createScrubber();
    const bad = stack('x', ['    at run (https://u:hunter2@cdn.example/x.js:1:2)', '  token: "hunter2",']);
    for (let time = 0; time < 3; time++) {
      const clean = fresh.text(bad);
      assert.ok(!clean.includes('hunter2'), clean);
      assert.ok(clean.endsWith(`token: "${M}",`));
    }
  });

  it('tells frames apart that are nearly the same', () => {
    const fresh = createScrubber();
    const tail = (name: string) => `Error: x\n${frames.join('\n')}\n    at f (x.js?${name}=hunter2)`;
    assert.equal(fresh.text(tail('broken')), tail('broken'));
    for (const name of ['my_token', 'password', 'token'])
      assert.equal(fresh.text(tail(name)).includes('hunter2'), false, name);
  });

  it('masks a key that was cut above the frames', () => {
    const given = `Error: -----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n${frames.join('\n')}`;
    assert.equal(scrubber.text(given), `Error: ${M}\n${frames.join('\n')}`);
  });
});
