// What programs say about passwords, sessions and tokens is no secret, and names of code are none either: masking them
// merges different bugs into one issue. Each pair: what stays, and what is masked all the same.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('names of code stay', () => {
  for (const clean of [
    '   2: shop::auth::Login::verify',
    "in 'Auth::LoginController#create'",
    'uninitialized constant Session::Store',
    'Call to undefined method App\\Auth::guard()',
    'std::session::open failed',
    '   at Shop.Auth.Login(String user) in C:\\src\\Shop\\Auth.cs:line 42',
    '\tat com.acme.Auth$.login(Auth.scala:12)',
    '\tat com.acme.Session.open(Session.groovy:44)',
    'lib/app/auth.ex:12: App.Auth.login/2',
    '(package:app/auth.dart:12:5)',
    'src/auth.rs:10:5',
    'src/token.kt:7 lib/session.erb:3 pkg/auth.swift:8:2',
    'Caused by: com.acme.auth.InvalidLogin: Account 5 is locked',
    'Caused by: com.acme.secret.NotFound: Account 5',
    'session://abc/def',
    'in <Session> (at App.js:12)',
    'if (token === undefined) {',
    'getToken: (node) => node.token, withAuth = (url) => {',
    'const readToken = (\n',
    'method signature = (a, b), sig: 11, sig=15',
  ])
    it(clean, () => assert.equal(scrubber.text(clean), clean));
});

describe('what certainly is no secret stays, what is like it does not', () => {
  const table: [string, string, string][] = [
    [
      'ExpiredToken: The security token included in the request is expired',
      'ExpiredToken: abcdef is expired',
      `ExpiredToken: ${M} is expired`,
    ],
    ['InvalidPassword: The password given is wrong', 'InvalidPassword: Thehunter2 x y', `InvalidPassword: ${M} x y`],
    ['tokens: { input: 12, cached: { read: 1 } }', "tokens: { input: 12, key: 'abc' }", `tokens: ${M}`],
    ['{"tokens":{"input":12},"n":1}', '{"tokens":{"access":"abc"},"n":1}', `{"tokens":"${M}","n":1}`],
    ['{"usage":{"tokens":{"a":{"b":1.5}}}}', '{"tokens":{"pin":1234,"a":2}}', `{"tokens":{"pin":"${M}","a":2}}`],
    ['update users set password = $1 where id = $2', 'password=$1x', `password=${M}`],
    ['where "t"."token" = ? limit 1', 'token=?x', `token=${M}`],
    ['secret = :name', 'secret=:name', `secret=${M}`],
    ['token=:token and x', 'token=:other', `token=${M}`],
    ['where token = @p0', 'password = @dmin', `password = ${M}`],
    ['token = @__token_0', 'token = @__other_0', `token = ${M}`],
    ['password = %s, token = %(token)s', 'password = %s1', `password = ${M}`],
    [`password: "\${DB_PASSWORD}"`, `password: "\${DB}x"`, `password: "${M}"`],
    ['const token = await getToken()', "const token = sign('hunter2')", `const token = ${M}`],
    ['let token = req.headers.authorization;', 'let token = hunter2;', `let token = ${M};`],
    ['var apiKey = process.env.API_KEY', 'var apiKey = "abc"', `var apiKey = "${M}"`],
    ['token：是无效的', 'token：dGhpc0lzQVNlY3JldA', `token：${M}`],
  ];
  for (const [clean, secret, masked] of table)
    it(`${clean} | ${secret}`, () => {
      assert.equal(scrubber.text(clean), clean);
      assert.equal(scrubber.text(secret), masked);
    });

  it('in tags', () => {
    assert.deepEqual(
      scrubber.tags({ tokens: { input: 12, cached: { read: 1 } }, input_tokens: { a: null }, a: { tokens: [1] } }),
      { tokens: { input: 12, cached: { read: 1 } }, input_tokens: { a: null }, a: { tokens: M } },
    );
    assert.deepEqual(scrubber.tags({ tokens: { a: 'x' }, secret_tokens: { a: 1 } }), { tokens: M, secret_tokens: M });
  });
});

describe('sentences stay, secrets in them do not', () => {
  const table: [string, string, string][] = [
    ['auth: timeout', 'auth: Xk29dKq1', `auth: ${M}`],
    ['auth: forbidden', 'auth=forbidden', `auth=${M}`],
    ['auth: open db: refused', 'auth: dXNlcjpwYXNzd29yZA==', `auth: ${M}`],
    ['auth: db-01.example.com: no route', '"auth": "timeout"', `"auth": "${M}"`],
    ['auth: sha256 mismatch after 120ms', 'auth: {x}', `auth: ${M}`],
    ['session: not found', 'session: 3f2504e0-4f89-11d3-9a0c-0305e82c3301 not found', `session: ${M} not found`],
    ['session: (closed)', '{ user: rex, session: abc }', `{ user: rex, session: ${M} }`],
    ['Unexpected token: name (foo)', 'login with token: hunter2 failed', `login with token: ${M} failed`],
    ['token: JsonWebTokenError', 'token: dGhpc0lzQVNlY3JldA', `token: ${M}`],
    ['invalid token: expected 3 parts', 'db:\n  token: hunter', `db:\n  token: ${M}`],
    ['tests pass: 12', 'user rex pass: 123456', `user rex pass: ${M}`],
    ['pass=12 fail=3', 'pass=123456', `pass=${M}`],
    ['pass: 3', 'pass: hunter2', `pass: ${M}`],
    ['sessions="42"', 'sessions="abc"', `sessions="${M}"`],
    ['active sessions=42', 'session=abc', `session=${M}`],
    ['cookies: 3 sent', 'cookie: sid=abc; x=1', `cookie: ${M}`],
    ['pin: 13 is already exported', 'pin: 1234', `pin: ${M}`],
    ['jwt: token is malformed', 'jwt:abc', `jwt:${M}`],
    ['csrf: mismatch', 'csrf=mismatch', `csrf=${M}`],
    ['(using password: YES)', 'password: YESTERDAY', `password: ${M}`],
    ['(using password: NO)', 'password=YES1', `password=${M}`],
    ['password: Path `password` is required.', 'password: Path', `password: ${M}`],
    ['password: must be at least 8 characters', 'password: musty', `password: ${M}`],
    ['password=null', 'password="null"', `password="${M}"`],
    ['token=null', 'token=null+Xk29dKq1', `token=${M}`],
    ['session=true', 'session="true love"', `session="${M}"`],
    ['password: undefined', 'password: undefined1', `password: ${M}`],
    ['the --password option is required', 'mysqldump --password hunter2 db', `mysqldump --password ${M} db`],
    ['--auth basic', '--auth rex:bone', `--auth ${M}`],
  ];
  for (const [clean, secret, masked] of table)
    it(`${clean} | ${secret}`, () => {
      assert.equal(scrubber.text(clean), clean);
      assert.equal(scrubber.text(secret), masked);
    });
});

describe('secrets that nothing but a blank ties to their word', () => {
  const TOKEN = 'a8Kd93mXq02LpVzR7tYw';
  for (const [given, expected] of [
    [`token ${TOKEN} is not valid`, `token ${M} is not valid`],
    [`Token '${TOKEN}' not found`, `Token '${M}' not found`],
    [`invalid refreshToken "${TOKEN}".`, `invalid refreshToken "${M}".`],
    [`Invalid token ${TOKEN}.`, `Invalid token ${M}.`],
    [`session ${TOKEN}: expired`, `session ${M}: expired`],
    ['Session 3f2504e0-4f89-11d3-9a0c-0305e82c3301 expired', `Session ${M} expired`],
    [`API key ${TOKEN} is disabled`, `API key ${M} is disabled`],
    [`login failed for rex with password hunter2xyz`, `login failed for rex with password ${M}`],
    [`the password was 'abc'`, `the password was '${M}'`],
    ['otp 123456 is wrong', `otp ${M} is wrong`],
    ['machine github.com login rex password Hunter2xyz', `machine github.com login rex password ${M}`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));

  for (const clean of [
    ...['token x is not valid', 'session 5 not found', 'token type mismatch', 'password reset for rex', 'token2 x'],
    ...['session store redis-7 is down', 'session handler v2 failed', 'token issuer auth.example.com unknown'],
    ...['token endpoint https://x.example/oauth2/token failed', 'secret manager returned 500', 'otp 12 of 40'],
    ...['Unexpected token a8Kd93mXq02LpVzR7tYw', 'API key rotation failed', 'key 3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
    ...['cache key user17a8Kd93mXq02LpVzR7', 'password sha256 mismatch', 'password must have 8 characters'],
    ...['token src/auth/handlers-2024-a1b2c3d4e5.ts', '<password required="true"/>', 'password is required'],
  ])
    it(`leaves ${clean}`, () => assert.equal(scrubber.text(clean), clean));
});

describe('what validators, drivers and declarations say stays', () => {
  for (const clean of [
    ...['password: Required', 'password: String must contain at least 8 character(s)', 'token: Invalid, name: x'],
    ...['password: Invalid input: expected string, received undefined', 'password: Too small: expected string'],
    ...['MongoServerError: bad auth : Authentication failed.', 'withCredentials: true', `{ credentials: 'include' }`],
    ...['Access-Control-Allow-Credentials: true', 'secretary: Ida', 'secretsmanager: no such secret', 'pw: 3'],
    'mutation Login($email: String!, $password: String!) { login(email: $email, password: $password) { id } }',
    'interface Login { name: string; password: string; token: string }',
  ])
    it(clean, () => assert.equal(scrubber.text(clean), clean));

  for (const [given, expected] of [
    ['password: Required1', `password: ${M}`],
    ['password: String1', `password: ${M}`],
    ['credentials: included', `credentials: ${M}`],
    ['password=include', `password=${M}`],
    ['password: $other', `password: ${M}`],
    ['password=string', `password=${M}`],
    ['bad auth : hunter2x', `bad auth : ${M}`],
    ['clientSecretary: x, secretaryToken=x', `clientSecretary: x, secretaryToken=${M}`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));
});

describe('strong words are masked in sentences, too', () => {
  for (const [given, expected] of [
    ['login failed, password: hunter', `login failed, password: ${M}`],
    ['api key: abc refused', `api key: abc refused`],
    ['bad apikey: abc', `bad apikey: ${M}`],
    ['the secret: abc', `the secret: ${M}`],
    ['db_pass: abc', `db_pass: ${M}`],
    ['user_token: abc', `user_token: ${M}`],
    ['password: (hunter2)', `password: ${M}`],
    ['password：hunter2', `password：${M}`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));
});

it('numbers and booleans under weak names are kept in tags, what people type in is not', () => {
  assert.deepEqual(
    scrubber.tags({ sessions: 42, auth: true, pass: 3, cookies: 2, session: 'x', pin: 1234, db_pass: 123456, otp: 1 }),
    { sessions: 42, auth: true, pass: 3, cookies: 2, session: M, pin: M, db_pass: M, otp: M },
  );
  assert.deepEqual(scrubber.tags({ pass: 123456, password: true }), { pass: M, password: M });
});
