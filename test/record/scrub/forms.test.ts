// Further places of secrets: keys of clouds, signed URLs, markup, SQL, commands, frames with arguments, tokens of issuers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('masks', () => {
  const table: [string, string][] = [
    [
      'AccountName=a;AccountKey=Eby8vdM02xNOcqFlqUw==;EndpointSuffix=x',
      `AccountName=a;AccountKey=${M};EndpointSuffix=x`,
    ],
    ['PUT https://a.blob.core/c?sv=2022&sig=Z%2FRHIX5%3D failed', `PUT https://a.blob.core/c?sv=2022&sig=${M} failed`],
    [
      'BlobEndpoint=https://x;SharedAccessSignature=sv=2022&sig=Z2F',
      `BlobEndpoint=https://x;SharedAccessSignature=${M}&sig=${M}`,
    ],
    ['Ocp-Apim-Subscription-Key: 0123456789abcdef', `Ocp-Apim-Subscription-Key: ${M}`],
    ['https://g/o?X-Goog-Algorithm=G&X-Goog-Signature=247a', `https://g/o?X-Goog-Algorithm=G&X-Goog-Signature=${M}`],
    ['https://s3/o?Expires=1&Signature=vjby%3D', `https://s3/o?Expires=1&Signature=${M}`],
    ['https://s3/o?X-Amz-Signature=fe5f', `https://s3/o?X-Amz-Signature=${M}`],
    ['POST SAMLResponse=PHNhbWxw&RelayState=x', `POST SAMLResponse=${M}&RelayState=x`],
    ['<a:Body><Password>x y</Password></a:Body>', `<a:Body><Password>${M}</Password></a:Body>`],
    ['<wsse:Password Type="Text">x</wsse:Password>', `<wsse:Password Type="Text">${M}</wsse:Password>`],
    ['<Password><![CDATA[a<b]]></Password>', `<Password><![CDATA[${M}]]></Password>`],
    ['form-data; name="password"\r\n\r\nabc\r\n--x', `form-data; name="password"\r\n\r\n${M}\r\n--x`],
    ['&quot;password&quot;:&quot;abc&quot;,', `&quot;password&quot;:&quot;${M}&quot;,`],
    [
      `#0 /a.php(12): PDO->__construct('mysql:host=d...', 'root', 'abc')\n`,
      `#0 /a.php(12): PDO->__construct('mysql:host=d...', 'root', '${M}')\n`,
    ],
    [`#1 /a.php(1): password_verify('abc', '$2y')`, `#1 /a.php(1): password_verify('${M}', '$2y')`],
    ['dial root:abc@tcp(db:3306)/app', `dial root:${M}@tcp(db:3306)/app`],
    ['curl -u rex:abc https://x', `curl -u rex:${M} https://x`],
    ['mysql -uroot -pabc db', `mysql -uroot -p${M} db`],
    [`ALTER USER rex WITH PASSWORD 'a''b'`, `ALTER USER rex WITH PASSWORD '${M}'`],
    [`CREATE USER 'x'@'%' IDENTIFIED BY 'abc'`, `CREATE USER 'x'@'%' IDENTIFIED BY '${M}'`],
    [`identified with mysql_native_password by 'abc' x`, `identified with mysql_native_password by '${M}' x`],
    ['Key (reset_token)=(abc) already exists.', `Key (reset_token)=(${M}) already exists.`],
    [
      `ER_DUP_ENTRY: Duplicate entry 'abc' for key 'users.api_token'`,
      `ER_DUP_ENTRY: Duplicate entry '${M}' for key 'users.api_token'`,
    ],
    [
      `constraint 'UQ_token'. Cannot insert duplicate key in object 'dbo.u'. The duplicate key value is (abc).`,
      `constraint 'UQ_token'. Cannot insert duplicate key in object 'dbo.u'. The duplicate key value is (${M}).`,
    ],
    // drizzle-orm 0.45 (DrizzleQueryError), MikroORM 7.2 (db.query.text of its statements).
    [
      'Failed query: insert into "users" ("email", "password") values ($1, $2)\nparams: a@b.c,a)\nbc',
      `Failed query: insert into "users" ("email", "password") values ($1, $2)\nparams: ${M}`,
    ],
    [
      `insert into "users" ("name", "api_token") values ('Rex', 'a)bc'), ('Ida', 'd''ef') returning "id"`,
      `insert into "users" ("name", "api_token") values (${M}) returning "id"`,
    ],
    // Knex 3.3 with mysql2, MikroORM 6.6: what the server said stays, brackets and all.
    [
      `insert into ` +
        '`users` (`name`, `password`) values' +
        ` ('Rex', 'a\\') - b', 'c''d'), ('Ida', 'ef)') - Data too long for varchar(20)`,
      `insert into \`users\` (\`name\`, \`password\`) values (${M}) - Data too long for varchar(20)`,
    ],
    [
      `insert into "users" ("name", "password") values ('Rex', 'a'), ('Ida', f('b')) on conflict ("name") do nothing - no (x)`,
      `insert into "users" ("name", "password") values (${M}) on conflict ("name") do nothing - no (x)`,
    ],
    [`insert into users (password) values ('a\\'), ('b)c') - x`, `insert into users (password) values (${M}) - x`],
    [`insert ignore into users (password) values ('abc') - x`, `insert ignore into users (password) values (${M}) - x`],
    [`replace into users (password) values ('abc') - x`, `replace into users (password) values (${M}) - x`],
    [`select * from u where "api_token" in ('a)bc', 'd') - x`, `select * from u where "api_token" in (${M}) - x`],
    [
      `where u.password not like 'ab%' and password <> 'c''d' - x`,
      `where u.password not like '${M}' and password <> '${M}' - x`,
    ],
    [`insert into users (password) values ('a)bc`, `insert into users (password) values (${M}`],
    [
      `update "users" set "email" = NULL - null value in column "email"\n - detail: Failing row contains (1, null, a). b, a\nbc).`,
      `update "users" set "email" = NULL - null value in column "email"\n - detail: Failing row contains (${M}).`,
    ],
    [`Failing row contains (1, abc`, `Failing row contains (${M}`],
    ['Command failed: sshpass -p abc ssh x', `Command failed: sshpass -p ${M} ssh x`],
    ['docker login -u rex -p abc r.io', `docker login -u rex -p ${M} r.io`],
    ['redis-cli -h x -a abc ping', `redis-cli -h x -a ${M} ping`],
    ['mongodump -u rex -p abc db', `mongodump -u rex -p ${M} db`],
    ['CONFIG SET requirepass abc', `CONFIG SET requirepass ${M}`],
    ['The password "abc def" is too weak', `The password "${M}" is too weak`],
    [inspect({ name: 'auth', args: ['default', 'abc'] }), `{ name: 'auth', args: ${M} }`],
    ['Key (token, email)=(abc, a@b) already exists.', `Key (token, email)=(${M}) already exists.`],
    [
      inspect({ rawHeaders: ['X-Api-Key', 'abc', 'Accept', 'y'] }),
      `{ rawHeaders: [ 'X-Api-Key', '${M}', 'Accept', 'y' ] }`,
    ],
    [`{ name: 'X-Api-Key', value: 'abc' }`, `{ name: 'X-Api-Key', value: '${M}' }`],
    [`('Authorization', 'Foo bar')`, `('Authorization', '${M}')`],
    [`'--password', 'abc'`, `'--password', '${M}'`],
    ['postgres://u:p w@h/db', `postgres://u:${M}@h/db`],
    ['amqp://u:p"x@h', `amqp://u:${M}@h`],
    ['postgres://u:123/abc@db/x', `postgres://u:${M}@db/x`],
    [`postgres://u:${'Xy9%2F'.repeat(60)}@db/x`, `postgres://u:${M}@db/x`],
    [`"x\\n${'ghp'}_${'a1B2'.repeat(9)}"`, `"x\\n${M}"`],
    [`?x=y%20${'ghp'}_${'a1B2'.repeat(9)}`, `?x=y%20${M}`],
    [`${'hvs'}.CAESI${'a1B2'.repeat(6)}`, M],
    [`${'dckr'}_pat_${'a1B2'.repeat(6)}`, M],
    [`${'pypi'}-AgEIcHlwaS5vcmcCJDEyMzQ1Njc4`, M],
    [`${'glsa'}_${'a1B2'.repeat(8)}_12345678`, M],
    [`${'gsk'}_${'a1B2'.repeat(10)}`, M],
    [`${'ATATT'}3xFfGF0${'a1B2'.repeat(6)}`, M],
    [`${'shpss'}_${'ab12'.repeat(8)}`, M],
    [
      `https://api.telegram.org/bot123456789:${'AA'}F-${'a1B2'.repeat(8)}/send`,
      `https://api.telegram.org/bot123456789:${M}/send`,
    ],
    [`${'pi'}_${'a1B2'.repeat(6)}_secret_${'a1B2'.repeat(6)} x`, `${M} x`],
    [`${'sb'}_secret_${'a1B2'.repeat(8)}`, M],
    [`${'pscale'}_pw_${'a1B2'.repeat(8)}`, M],
    [`${'sntryu'}_${'a1b2'.repeat(16)}`, M],
    [`${'tskey'}-auth-${'a1B2'.repeat(5)}`, M],
    [`${'lin'}_api_${'a1B2'.repeat(10)}`, M],
    [`${'dapi'}${'a1b2'.repeat(8)}`, M],
    [`${'NRAK'}-${'A1B2'.repeat(6)}`, M],
    [`${'figd'}_${'a1B2'.repeat(10)}`, M],
    [`${'rubygems'}_${'a1b2'.repeat(12)}`, M],
    [`${'HRKU'}-${'a1b2'.repeat(9)}`, M],
    [`${'pplx'}-${'a1B2'.repeat(12)}`, M],
    [`${'xai'}-${'a1B2'.repeat(12)}`, M],
    [`${'ntn'}_${'a1B2'.repeat(12)}`, M],
    [`${'dp'}.pt.${'a1B2'.repeat(11)}`, M],
    ['/geocode/json?address=x&key=a8Kd93mXq02LpVzR7tYw', `/geocode/json?address=x&key=${M}`],
    [`${'gldt'}-${'a1B2'.repeat(6)} ${'glptt'}-${'a1b2'.repeat(10)}`, `${M} ${M}`],
    [`${'doo'}_v1_${'a1b2'.repeat(16)} ${'sbp'}_${'a1b2'.repeat(10)}`, `${M} ${M}`],
    [`${'r8'}_${'a1B2'.repeat(9)}x ${'fm2'}_${'a1B2'.repeat(12)}`, `${M} ${M}`],
    [`${'vercel'}_blob_rw_${'a1B2'.repeat(8)} ${'phx'}_${'a1B2'.repeat(10)}`, `${M} ${M}`],
    [`${'a1B2'.repeat(3)}c3.${'atlasv1'}.${'a1B2'.repeat(15)} ${'pul'}-${'a1b2'.repeat(10)}`, `${M} ${M}`],
    [`${'ops'}_eyJ${'a1B2'.repeat(12)} ${'CCIPAT'}_${'a1B2'.repeat(5)}_${'a1b2'.repeat(10)}`, `${M} ${M}`],
    [`${'lsv2'}_pt_${'a1b2'.repeat(8)}_a1b2c3d4e5 ${'nvapi'}-${'a1B2'.repeat(14)}`, `${M} ${M}`],
    [`${'ABSK'}${'a1B2'.repeat(20)} ${'AVNS'}_${'a1B2'.repeat(5)}`, `${M} ${M}`],
    [`${'xkeysib'}-${'a1b2'.repeat(16)}-${'a1B2'.repeat(4)} ${'secret'}_${'a1B2'.repeat(11)}`, `${M} ${M}`],
    [`${'sha256'}~${'a1B2'.repeat(10)}xyz`, M],
    [`${'access_token'}$production$a1b2$${'a1b2'.repeat(8)}`, M],
    [`values (7, $2y$10$${'a1B2'.repeat(13)}.)`, `values (7, ${M})`],
    ['$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG x', `${M} x`],
    ['pbkdf2_sha256$600000$abcdefghij$K8gqZmF0c2Rmc2Rmc2Rm= x', `${M} x`],
    ['scrypt:32768:8:1$abcdefghij$aabbccddeeff x', `${M} x`],
    [
      'https://x.webhook.office.com/webhookb2/1d@3f/IncomingWebhook/ab/1 x',
      `https://x.webhook.office.com/webhookb2/${M} x`,
    ],
    ['GET /callback?code=4/0AX4XfWjabcdefgh&state=x', `GET /callback?code=${M}&state=x`],
    ['state=x&code=4/0AX4XfWjabcdefgh', `state=x&code=${M}`],
    [
      'grant_type=authorization_code&code=4/0AX4XfWjabcdefgh&client_id=a',
      `grant_type=authorization_code&code=${M}&client_id=a`,
    ],
    ['https://discord.com/api/webhooks/123456/abcDEF_1', `https://discord.com/api/webhooks/123456/${M}`],
  ];
  for (const [given, expected] of table)
    it(JSON.stringify(given.slice(0, 60)), () => assert.equal(scrubber.text(given), expected));
});

describe('leaves', () => {
  for (const clean of [
    '<password/>',
    'Failed query: insert into "dogs" ("name") values ($1)\nparams: Rex',
    `insert into "dogs" ("name") values ('Rex')`,
    `select password from dogs where name in ('Rex') or name <> 'Ida'`,
    'insert into "users" ("name", "password") values ($1, $2)',
    '<input name="password" type="text">',
    '<auth><user>rex</user></auth>',
    'required: ["password", "email"]',
    "['x-api-key', 'content-type']",
    "['reset-password', 'profile'], redact: ['authorization', 'password']",
    '["x-api-key","content-type"]',
    "{ name: 'color', value: 'red' }",
    `secret 'db' not found in "secrets"`,
    'form-data; name="color"\r\n\r\nred\r\n--x',
    'Key (email)=(a@b) already exists.',
    'curl -u rex https://x:443/y',
    'postgres://localhost:5432 refused for rex@x',
    'see https://x.com: write to rex@x.com',
    'redis://cache:6379/0 and a@b',
    'rex@tcp(db:3306)/x',
    'discord.com/api/webhooks',
    'mysql is down, try -p',
    `Duplicate entry 'rex' for key 'users.name'`,
    'redis-cli -p 6379',
    'code=ECONNREFUSED_BY_THE_OTHER_SIDE',
    '?state=NY&code=23505',
    'at node:internal/crypto/pbkdf2:63:5, scrypt: failed',
    'costs $2a, DataPipe dapi_client_of_the_warehouse',
    'the_secret_of_life, client_secret_expired',
    'pul-up, fm2_radio, r8_engine, sha256~, AVNS_x, nvapi-client, secret_santa_2024, /a?key=settings-of-page-2',
    'docker login failed',
    'requirepass is not set',
    `{ name: 'get', args: [ 'auth' ] }`,
    'Expected password "',
  ])
    it(JSON.stringify(clean), () => assert.equal(scrubber.text(clean), clean));
});

describe('in tags', () => {
  it('masks what stands in a name: data can come in its place', () => {
    assert.deepEqual(scrubber.tags({ 'password=hunter2': 1, 'db.password': 'x', 'auth.method': 'sso', 'a=b': 1 }), {
      [`password=${M}`]: M,
      'db.password': M,
      'auth.method': 'sso',
      'a=b': 1,
    });
  });

  it('masks signatures of URLs, as the conventions of OpenTelemetry ask for', () => {
    assert.deepEqual(
      scrubber.tags({
        'url.query': 'AWSAccessKeyId=a&Signature=b&sig=c&X-Goog-Signature=d&x=1',
        'url.full': 'https://x/y?sig=a&x=1',
      }),
      {
        'url.query': `AWSAccessKeyId=${M}&Signature=${M}&sig=${M}&X-Goog-Signature=${M}&x=1`,
        'url.full': `https://x/y?sig=${M}&x=1`,
      },
    );
  });

  it('masks numbers that are cards, and values that stand beside their names', () => {
    assert.deepEqual(
      scrubber.tags({
        payment: 4111111111111111,
        order: 4111111111111112,
        list: [4111111111111111, 5],
        allowed: ['x-api-key', 'content-type'],
        headers: [
          { name: 'X-Api-Key', value: 'x' },
          { name: 'Accept', value: 'y' },
        ],
        rawHeaders: ['X-Api-Key', 'x', 'Accept', 'y'],
      }),
      {
        payment: M,
        order: 4111111111111112,
        list: [M, 5],
        allowed: ['x-api-key', 'content-type'],
        headers: [
          { name: 'X-Api-Key', value: M },
          { name: 'Accept', value: 'y' },
        ],
        rawHeaders: ['X-Api-Key', M, 'Accept', 'y'],
      },
    );
  });
});
