import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { messageTemplate } from '../../../src/fingerprint.ts';

const masked: Record<string, [string, string][]> = {
  'addresses and urls': [
    ['mail to ann.lee+x@example.co.uk failed', 'mail to <*> failed'],
    ['GET https://api.example.com/v1/x?id=3 timed out', 'GET <*> timed out'],
    ['tcp://10.0.0.1:80 down', '<*> down'],
    ['from 10.1.2.3:51512 to 192.168.0.1/24', 'from <*> to <*>'],
    ['peer [2600:1f18::5]:8080 gone', 'peer <*> gone'],
    ['certificate of api-7c9f.eu-west-1.internal:8443 expired', 'certificate of <*> expired'],
    ['Fee::add() failed', 'Fee::add() failed'],
  ],
  'ids, numbers, times': [
    ['user 3f0e2c1a-9b7d-4e6f-8a5b-1c2d3e4f5a6b is gone', 'user <*> is gone'],
    ['order-17 and cus_NffrFeUfNV2Hib', 'order-<*> and cus_<*>'],
    ['4,150,908 rows in 12.5 s', '<*> rows in <*>'],
    ['$950.00 and $1,200.00 are too much', '<*> and <*> are too much'],
    ['the balance is -12', 'the balance is <*>'],
    ['the balance is -1,200', 'the balance is <*>'],
    ['due 9:30 AM, not 5 PM', 'due <*>, not <*>'],
    ['booked for 11/29/2026, 2:00:00\u202fPM', 'booked for <*>'],
    ['ABC-123456: no stock', 'ABC-123456: no stock'],
    ['ABC-1234567: no stock', 'ABC-<*>: no stock'],
    ['trace 12345678-1234-1234-1234-123456789012, file-1234567890.png', 'trace <*>, file-<*>.png'],
    ['took 200 ms', 'took <*>'],
    ['took 1.2s', 'took <*>'],
    ['ids 1, 2, 3', 'ids <*>'],
    ['at 2024-05-01T10:00:00.123Z', 'at <*>'],
    ['on Mon, 01 Jan 2024 10:00:00 GMT', 'on <*>'],
    ['on Mon Jan 01 2024 10:00:00 GMT+0100 (Central European Standard Time)', 'on <*>'],
    ['pointer 0x7fbb00112233', 'pointer <*>'],
    ['commit 9fceb02d0ae598e95dc970b74767f19372d61af8', 'commit <*>'],
    ['\x1b[31mred 5\x1b[0m', 'red <*>'],
  ],
  'paths and assignments': [
    [
      "ENOENT: no such file or directory, open '/srv/a/keys.json'",
      "ENOENT: no such file or directory, open 'keys.json'",
    ],
    [
      "ENOENT: no such file or directory, open 'C:\\My App\\keys.json'",
      "ENOENT: no such file or directory, open 'keys.json'",
    ],
    ['cannot read /tmp/upload-8f3a.png now', 'cannot read upload-<*>.png now'],
    ['Cannot GET /api/users/123?x=1', 'Cannot GET /api/users/<*>'],
    ['GET /orders/17 503 in 88ms', 'GET /orders/<*> 503 in <*>'],
    ["SELECT * FROM t WHERE id = 991 AND name = 'joe'", 'SELECT * FROM t WHERE id = <*> AND name = <*>'],
    ['failed id=8f3a user="Ann Lee" status=timeout', 'failed id=<*> user=<*> status=timeout'],
    ['{"id":123,"city":"Rome"}', '{"id":<*>,"city":<*>}'],
  ],
  'what stays': [
    ['Request failed with status code 404', 'Request failed with status code 404'],
    ['HTTP/1.1 502 Bad Gateway', 'HTTP/1.1 502 Bad Gateway'],
    ['worker exited with code 137', 'worker exited with code 137'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED <*>:5432'],
    ['connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED <*>:5432'],
    ['connect ECONNREFUSED 127.0.0.1:54321', 'connect ECONNREFUSED <*>'],
    ['getaddrinfo ENOTFOUND cms.internal', 'getaddrinfo ENOTFOUND cms.internal'],
    ['relation "users" does not exist', 'relation "users" does not exist'],
    ["Cannot find module './config/ssl'", "Cannot find module './config/ssl'"],
    ['cannot decode utf-8 with sha256 or base64', 'cannot decode utf-8 with sha256 or base64'],
    ['ORA-00942: table or view does not exist', 'ORA-00942: table or view does not exist'],
    ['Job email:send#8842 failed', 'Job email:send#<*> failed'],
  ],
  'wordings of engines': [
    ["Cannot read property 'x' of undefined", "Cannot read properties of undefined (reading 'x')"],
    ["Cannot set property 'x' of null", "Cannot set properties of null (setting 'x')"],
    ['Unexpected token < in JSON at position 0', 'Unexpected token in JSON'],
    ['Unexpected token \'<\', "<!DOCTYPE "... is not valid JSON', 'Unexpected token in JSON'],
    ['API error: "undefined" is not valid JSON', 'API error: Unexpected token in JSON'],
    ['Unterminated string in JSON at position 17 (line 1 column 18)', 'Unexpected end of JSON input'],
    ['listen EADDRINUSE: address already in use :::3000', 'listen EADDRINUSE <*>:3000'],
    ['listen EADDRINUSE :::3000', 'listen EADDRINUSE <*>:3000'],
  ],
  'messages of libraries': [
    ['[{"code":"too_small","path":["items",3,"qty"],"message":"x"}]', 'too_small at items.*.qty'],
    ['[{"code":"too_small","minimum":1,"path":["items",3,"qty"],"mess…[cut 99]', 'too_small at items.*.qty'],
    [
      '\nInvalid `prisma.user.create()` invocation:\n\n\nUnique constraint failed on the fields: (`email`)',
      'Invalid `prisma.user.create()`: Unique constraint failed on the fields: (`email`)',
    ],
    // MikroORM 7.2, Drizzle 0.45.
    [
      'duplicate key in "dogs_name_key"\n - detail: Key (name)=(Carla) already exists.',
      'duplicate key in "dogs_name_key"',
    ],
    [
      'Failed query: insert into `posts` (`id`, `title`) values (default, ?)\nparams: Carla,5000',
      'Failed query: insert into `posts` (`id`, `title`) values (default, ?)',
    ],
    // grpc-js 1.14: which parts there are is a matter of milliseconds.
    ['4 DEADLINE_EXCEEDED: Deadline exceeded', '<*> DEADLINE_EXCEEDED: Deadline exceeded'],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded at the vet', '<*> DEADLINE_EXCEEDED: Deadline exceeded at the vet'],
    [
      '4 DEADLINE_EXCEEDED: Deadline exceeded after 0.301s,remote_addr=127.0.0.1:45537',
      '<*> DEADLINE_EXCEEDED: Deadline exceeded',
    ],
    [
      'no dogs: 4 DEADLINE_EXCEEDED: Deadline exceeded after 0.289s,name resolution: 0.001s,wait_for_ready,Waiting for LB pick',
      'no dogs: <*> DEADLINE_EXCEEDED: Deadline exceeded',
    ],
    [
      'Failed query: insert into `a` (`b`) values (default, ?), (default, ?) where `c` in (?, ?)\nparams: 1,2',
      'Failed query: insert into `a` (`b`) values (default, ?) where `c` in (<*>)',
    ],
    // Knex 3.3 and Objection 3.1 with mysql2 and pg, MikroORM 6.6.
    [
      "insert into `posts` (`title`, `dog`) values ('it\\'s - Carla', NULL), ('Rex', 802) - Column 'dog' can't be null",
      "insert into `posts` (`title`, `dog`) values (<*>) - Column 'dog' can't be null",
    ],
    [
      'insert into "posts" ("title", "dog") values ($1, $2), ($3, $4) - null value in column "dog"',
      'insert into "posts" ("title", "dog") values (<*>) - null value in column "dog"',
    ],
    [
      "update `dogs` set `name` = 'Ida' where `id` in (1, 2) - Deadlock found; try again",
      'update `dogs` set `name` = <*> where `id` in (<*>) - Deadlock found; try again',
    ],
    [
      "select pg_sleep(1), 'Ida'::text\nfrom dogs\nwhere name <> 'Rex' - canceling statement due to statement timeout",
      'select pg_sleep(<*>), <*>::text from dogs where name <> <*> - canceling statement due to statement timeout',
    ],
    [
      `selct 'Carla' from dogs - syntax error at or near "selct"`,
      'selct <*> from dogs - syntax error at or near "selct"',
    ],
    [
      `select "d".* from "dogs" as "d" where "d"."id" = 'Ida' - invalid input syntax for type integer: "Ida"\n - detail: 'Ida'`,
      'select "d".* from "dogs" as "d" where "d"."id" = <*> - invalid input syntax for type integer: <*>',
    ],
    ["update of 'users' - not done for 'Carla'", "update of 'users' - not done for 'Carla'"],
    // mysql2 on MariaDB 10.11, MikroORM 7.2, mongoose 9.12.
    [
      "check the manual for the right syntax to use near 'selct 'Carla' from dogs where age = 5' at line 1",
      'check the manual for the right syntax to use near <*>',
    ],
    ["User not found ({ email: 'Carla', status: 'open' })", "User not found ({ email: <*>, status: 'open' })"],
    [
      'Path `email` (`Carla`, length 5) is shorter than the minimum allowed length (10).',
      'Path `email` (<*>, length <*>) is shorter than the minimum allowed length (<*>).',
    ],
    ['`purple` is not a valid enum value for path `kind`.', '<*> is not a valid enum value for path `kind`.'],
    ["Cannot find module 'x'\nRequire stack:\n- /app/a.js", "Cannot find module 'x'"],
    ['/srv/views/index.ejs:5\n 4| <b>\n >> 5| <%= x %>\n\nx is not defined', 'x is not defined'],
    [
      'E11000 duplicate key error collection: shop.users index: email dup key: { email: "a@b.c" }',
      'E11000 duplicate key error collection: shop.users index: email dup key: { <*> }',
    ],
    [
      'Cast to ObjectId failed for value "abc" (type string) at path "_id" for model "User"',
      'Cast to ObjectId failed for value <*> (type string) at path "_id" for model "User"',
    ],
  ],
};

for (const [kind, table] of Object.entries(masked))
  describe(`messageTemplate: ${kind}`, () => {
    for (const [given, expected] of table)
      it(JSON.stringify(given), () => assert.equal(messageTemplate(given), expected));
  });

describe('messageTemplate', () => {
  it('gives at most 1 KiB of well-formed text for any text, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 4_000 }), (text) => {
        const template = messageTemplate(text);
        assert.ok(template.length <= 1_024 && template.isWellFormed());
      }),
    );
  });

  it('does not depend on the value of a number, a UUID or an address', () => {
    const value = fc.oneof(
      fc.nat().map(String),
      fc.uuid(),
      fc.ipV4(),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        assert.equal(
          messageTemplate(`item ${a} is locked by another worker`),
          messageTemplate(`item ${b} is locked by another worker`),
        );
      }),
    );
  });
});
