// Secrets in statements: beside a column in whatever expression, in calls that take a key, among the values that a client
// lists beside its statement.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('masks', () => {
  const table: [string, string][] = [
    [`where lower(password) = 'abc' - x`, `where lower(password) = '${M}' - x`],
    [`where lower("u"."password") = lower('a''b') limit 1`, `where lower("u"."password") = lower(${M}) limit 1`],
    [
      `where trim(both from api_token) = 'abc' and name = 'Rex'`,
      `where trim(both from api_token) = '${M}' and name = 'Rex'`,
    ],
    [`where md5(password) = md5('abc') or n = 5`, `where md5(password) = md5(${M}) or n = 5`],
    [`where encode(token, 'hex') = 'abc'`, `where encode(token, 'hex') = '${M}'`],
    [`where token::text = 'abc'`, `where token::text = '${M}'`],
    [`where (token)::varchar <> 'abc'`, `where (token)::varchar <> '${M}'`],
    [`where token collate "C" = 'abc'`, `where token collate "C" = '${M}'`],
    [`where data #>> '{auth,password}' = 'abc'`, `where data #>> '{auth,password}' = '${M}'`],
    [`where json_extract(data, '$.password') = 'abc'`, `where json_extract(data, '$.password') = '${M}'`],
    [`where password ~ 'abc' or token !~* 'def'`, `where password ~ '${M}' or token !~* '${M}'`],
    [`where password is not distinct from 'abc'`, `where password is not distinct from '${M}'`],
    [`where password similar to 'abc'`, `where password similar to '${M}'`],
    [`where password = E'abc'`, `where password = E'${M}'`],
    [`where password <> N'abc'`, `where password <> N'${M}'`],
    [`where crypt('abc', password) = password`, `where crypt('${M}', password) = password`],
    [
      `update users set password = crypt('abc', gen_salt('bf')) where id = 5`,
      `update users set password = ${M} where id = 5`,
    ],
    [
      `update users set (name, password) = ('Rex', 'abc') where id = 5`,
      `update users set (name, password) = (${M}) where id = 5`,
    ],
    [
      `insert into users (name, password) select 'x', 'ab;c' where not exists (select 1) - no 'x'`,
      `insert into users (name, password) select '${M}', '${M}' where not exists (select 1) - no 'x'`,
    ],
    [`select crypt('abc', gen_salt('bf', 8))`, `select crypt('${M}', gen_salt('bf', 8))`],
    [`select pgp_sym_encrypt(card, 'abc') from t`, `select pgp_sym_encrypt(card, '${M}') from t`],
    [
      `select pgp_sym_decrypt(d::bytea, 'ab)c', 'x') from t where n = 'y'`,
      `select pgp_sym_decrypt(d::bytea, '${M}', '${M}') from t where n = 'y'`,
    ],
    [`select aes_decrypt(c, 'abc')`, `select aes_decrypt(c, '${M}')`],
    [`select hmac('data', 'abc', 'sha256')`, `select hmac('${M}', '${M}', '${M}')`],
    [`alter user rex password 'abc'`, `alter user rex password '${M}'`],
    [
      `create user mapping for rex server s options (user 'rex', password 'abc')`,
      `create user mapping for rex server s options (user 'rex', password '${M}')`,
    ],
    [`set local app.jwt_secret to 'abc'`, `set local app.jwt_secret to '${M}'`],
    [
      `select set_config('request.jwt.claims', '{"a":1}', true)`,
      `select set_config('request.jwt.claims', '${M}', true)`,
    ],
    [`set password for 'rex'@'%' = password('abc')`, `set password for 'rex'@'%' = password('${M}')`],
    // TypeORM 0.3, Drizzle's logger, Sequelize 6.
    [
      `query failed: INSERT INTO "user"("email", "password") VALUES ($1, $2) -- PARAMETERS: ["a@b.c","a]bc"]\nerror: x`,
      `query failed: INSERT INTO "user"("email", "password") VALUES ($1, $2) -- PARAMETERS: ${M}\nerror: x`,
    ],
    [
      `Query: update "users" set "password" = $1 -- params: ["abc"]`,
      `Query: update "users" set "password" = $1 -- params: ${M}`,
    ],
    [
      `Executing (default): INSERT INTO "Users" ("id","password") VALUES (DEFAULT,$1); "abc"\nx`,
      `Executing (default): INSERT INTO "Users" ("id","password") VALUES (DEFAULT,$1); ${M}\nx`,
    ],
  ];
  for (const [given, expected] of table) it(JSON.stringify(given), () => assert.equal(scrubber.text(given), expected));
});

describe('values beside a statement that names a secret', () => {
  const clients: Record<string, object> = {
    TypeORM: { query: 'INSERT INTO "user"("email", "password") VALUES ($1, $2)', parameters: ['a@b.c', 'hunter2'] },
    pg: { text: 'update users set password = $1 where id = $2', values: ['hunter2', 5] },
    Knex: { sql: 'insert into users (name, password) values (?, ?)', bindings: ['rex', 'hunter2'] },
    'Knex, before it': { bindings: ['rex', 'hunter2'], sql: 'insert into users (name, password) values (?, ?)' },
    Prisma: { query: 'SELECT 1 FROM "User" WHERE "apiToken" = $1', params: ['hunter2'] },
    'names it last': { sql: `select '${'x'.repeat(300)}' from users where token = ?`, params: ['hunter2'] },
  };
  for (const [title, error] of Object.entries(clients))
    it(title, () => {
      const forms = {
        tags: JSON.stringify(scrubber.tags({ error })),
        JSON: scrubber.text(JSON.stringify({ errors: [error] })),
        'JSON in a text': scrubber.text(`refused: ${JSON.stringify(error)}`),
        inspect: scrubber.text(`refused: ${inspect([error], { depth: 9 })}`),
      };
      for (const [form, masked] of Object.entries(forms)) {
        assert.ok(!masked.includes('hunter2'), `${form}: ${masked}`);
        assert.ok(masked.includes(M) && /insert|update|select/i.test(masked), `${form}: ${masked}`);
      }
    });

  it('in attributes of OpenTelemetry', () => {
    assert.deepEqual(
      scrubber.tags({
        'db.query.text': 'update users set password = $1 where id = $2',
        'db.query.parameter.0': 'hunter2',
        'db.postgresql.values': ['hunter2', '5'],
      }),
      {
        'db.query.text': 'update users set password = $1 where id = $2',
        'db.query.parameter.0': M,
        'db.postgresql.values': M,
      },
    );
  });
});

describe('leaves', () => {
  for (const clean of [
    `where lower(name) = 'rex' and password is null`,
    `where password_changed_at < now() - interval '1 day'`,
    `where token_type = 'bearer' and upper(primary_key) = 'X'`,
    `select coalesce(token, 'none'), encode(id, 'hex') from sessions where kind = 'a'`,
    `select * from users where length(password) < 8`,
    `Unknown column 'token' in 'field list'`,
    `if (typeof(token) === 'string') {`,
    `insert into dogs (name, author) select 'Rex', 'Ida'`,
    `update dogs set (name, breed) = ('Rex', 'Pug')`,
    `set local app.mode to 'fast', set_config('app.mode', 'fast', true)`,
    `decrypt failed, crypt(password) has no 1`,
    `query failed: SELECT "User"."id" FROM "user" WHERE "User"."id" = $1 -- PARAMETERS: [5]`,
    `Executing (default): SELECT "id" FROM "Dogs" WHERE "id" = $1; "5"`,
    `invalid password, params: [ 5 ]`,
    inspect({ sql: 'select name from dogs where id = ?', values: ['Rex', 5] }),
    JSON.stringify({ text: 'reset the password', values: ['Rex'] }),
  ])
    it(JSON.stringify(clean), () => assert.equal(scrubber.text(clean), clean));

  it('in tags', () => {
    const tags = { a: { text: 'select name from dogs', values: ['Rex'] }, b: { query: 'my password', params: ['x'] } };
    assert.deepEqual(scrubber.tags(tags), tags);
  });
});
