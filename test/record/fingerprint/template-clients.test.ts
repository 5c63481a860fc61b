// What drivers, clients and parsers say with the values at hand. Each template is that of all the messages below it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageTemplate } from '../../../src/fingerprint.ts';

const unique = 'duplicate key value violates unique constraint "dogs_name_key"';

const said: Record<string, Record<string, string[]>> = {
  'the details that a database adds': {
    [`ERROR: ${unique}`]: [
      `ERROR: ${unique}\n  Detail: Key (name)=(Rex) already exists.`,
      `ERROR: ${unique}\n  Detail: Key (name)=(Old Bello (2)) already exists.`,
      `ERROR:  ${unique}\nDETAIL:  Key (name, owner)=(rex, ann) already exists.\n`,
      `ERROR: ${unique}\nDetail: Key (name)=(Rex) already exists.`,
      `ERROR: ${unique}`,
    ],
    'ERROR: null value in column "name" violates not-null constraint': [
      'ERROR:  null value in column "name" violates not-null constraint\nDETAIL:  Failing row contains (17, null, red).\n',
      'ERROR: null value in column "name" violates not-null constraint\n  Detail: Failing row contains (null, blue).',
      'ERROR: null value in column "name" violates not-null constraint\nDetail: Failing row contains (null, blue).',
    ],
    'ERROR: llave duplicada viola restricción de unicidad «dogs_pkey»': [
      'ERROR: llave duplicada viola restricción de unicidad «dogs_pkey»\n  Detalle: Ya existe la llave (id)=(rex).',
      'ERROR: llave duplicada viola restricción de unicidad «dogs_pkey»\n  Detail: Ya existe la llave (id)=(bello).',
    ],
    [`23505: ${unique}`]: [
      `23505: ${unique}\n\nDETAIL: Key ("Name")=(Rex) already exists.`,
      `23505: ${unique}\n\nDETAIL: Detail redacted as it may contain sensitive data.`,
    ],
    'PG::UndefinedColumn: ERROR: column dogs.colour does not exist': [
      `PG::UndefinedColumn: ERROR:  column dogs.colour does not exist\nLINE 1: SELECT * FROM dogs WHERE name = 'Rex' AN...\n             ^`,
      `PG::UndefinedColumn: ERROR:  column dogs.colour does not exist\nLINE 1: SELECT * FROM dogs WHERE name = 'Bello the...\n             ^`,
    ],
    [`${unique} Key (name)=(<*>) already exists.`]: [
      `${unique} Key (name)=(Rex) already exists.`,
      `${unique} Key (name)=(Bello the dog) already exists.`,
    ],
    'Cannot insert duplicate key in dogs. The duplicate key value is (<*>).': [
      'Cannot insert duplicate key in dogs. The duplicate key value is (Rex).',
      'Cannot insert duplicate key in dogs. The duplicate key value is (Bello, ann).',
    ],
    'prepared statement <*> does not exist': [
      'prepared statement "S_17" does not exist',
      'prepared statement "s0" does not exist',
    ],
    'could not save': ['could not save\n\n[SQL: INSERT INTO dogs (name) VALUES (?)]', 'could not save'],
    'Request failed Detail: quota exceeded': ['Request failed\n  Detail: quota exceeded'],
  },
  'the statement that a mapper adds': {
    '(sqlite3.IntegrityError) UNIQUE constraint failed: dogs.name': [
      "(sqlite3.IntegrityError) UNIQUE constraint failed: dogs.name\n[SQL: INSERT INTO dogs (name) VALUES (?)]\n[parameters: ('Rex',)]",
      '(sqlite3.IntegrityError) UNIQUE constraint failed: dogs.name\n[SQL: INSERT INTO dogs (name) VALUES (?), (?)]',
      '(sqlite3.IntegrityError) UNIQUE constraint failed: dogs.name\n(Background on this error at: https://docs.example.org/e/17)',
    ],
    "SQLSTATE[42S02]: Table 'shop.dogs' doesn't exist": [
      "SQLSTATE[42S02]: Table 'shop.dogs' doesn't exist (SQL: select * from `dogs` where `name` = Rex limit 1)",
      "SQLSTATE[42S02]: Table 'shop.dogs' doesn't exist (Connection: mysql, SQL: select * from `dogs` where `name` = O'Neil)",
      "SQLSTATE[42S02]: Table 'shop.dogs' doesn't exist (Connection: mysql, Host: db1, Port: 3306, Database: shop, SQL: select 1)",
    ],
    "An exception occurred while executing 'INSERT INTO dogs VALUES (?, ?)' with params <*>: no such table": [
      `An exception occurred while executing 'INSERT INTO dogs VALUES (?, ?)' with params ["Rex", 3]:\n\nno such table`,
      `An exception occurred while executing 'INSERT INTO dogs VALUES (?, ?)' with params ["a", ["b"]]:\n\nno such table`,
    ],
    'No query results for model [Shop\\Dog]': [
      'No query results for model [Shop\\Dog] 17',
      'No query results for model [Shop\\Dog] rex-the-dog, bello',
      'No query results for model [Shop\\Dog].',
    ],
  },
  'the answer that a client adds': {
    '404 Not Found': [
      `404 Not Found: "{"error":"no dog rex"}"`,
      '404 Not Found: [no body]',
      '404 Not Found: "<html><body>bello</body></html>"',
    ],
    '[404 Not Found] during [GET] to [<*>] [Dogs#find(String)]': [
      '[404 Not Found] during [GET] to [http://dogs.example.org/17] [Dogs#find(String)]: [{"message":"no dog rex"}]',
      '[404 Not Found] during [GET] to [http://dogs.example.org/rex] [Dogs#find(String)]: [no such dog]',
    ],
    'Client error: `GET <*>` resulted in a `404 Not Found` response': [
      'Client error: `GET https://dogs.example.org/17` resulted in a `404 Not Found` response:\n{"message":"no dog"}',
      'Client error: `GET https://dogs.example.org/rex` resulted in a `404 Not Found` response:\n<html>\nrex\n</html>',
    ],
    'Access Denied (Service: S3, Status Code: 403, Request ID: <*>, Extended Request ID: <*>)': [
      'Access Denied (Service: S3, Status Code: 403, Request ID: G7WJJ5HW0BBZB1WR, Extended Request ID: ZsA/wC+Jk==)',
      'Access Denied (Service: S3, Status Code: 403, Request ID: QQQQQQQQAAAAAAAA, Extended Request ID: abcdef/gh+i=)',
    ],
    'no request id: not found': ['no request id: not found'],
    'not allowed: s3:GetObject on "arn:aws:s3:::dogs/<*>" by arn:aws:sts::<*>:assumed-role/api/<*>': [
      'not allowed: s3:GetObject on "arn:aws:s3:::dogs/rex/a.png" by arn:aws:sts::123456789012:assumed-role/api/worker',
      'not allowed: s3:GetObject on "arn:aws:s3:::dogs/bello.png" by arn:aws:sts::123456789012:assumed-role/api/ann',
    ],
    'Max retries exceeded with url: /dogs/<*>': [
      'Max retries exceeded with url: /dogs/17?x=1',
      'Max retries exceeded with url: /dogs/18',
    ],
    'No route matches [GET] "/dogs/<*>/edit"': [
      'No route matches [GET] "/dogs/17/edit"',
      'No route matches [GET] "/dogs/18/edit"',
    ],
    'cURL error <*>: Operation timed out after <*> with <*> received': [
      'cURL error 28: Operation timed out after 30001 milliseconds with 0 bytes received',
      'cURL error 28: Operation timed out after 10000 milliseconds with 12 out of 400 bytes received',
      'cURL error 28: Operation timed out after 10000 milliseconds with 12 out of -1 bytes received',
    ],
    'Connect Timeout Error': [
      'Connect Timeout Error (attempted address: dogs.example.org:443, timeout: 10000ms)',
      'Connect Timeout Error (attempted addresses: 10.0.0.1:443, 10.0.0.2:443, timeout: 10000ms)',
      'Connect Timeout Error',
    ],
    'Loading chunk <*> failed.': [
      'Loading chunk 17 failed.\n(error: https://dogs.example.org/17.8f3a.js)',
      'Loading chunk app/dogs/page failed.\n(missing: https://dogs.example.org/page-8f3a.js)',
    ],
    'Loading CSS chunk <*> failed.': ['Loading CSS chunk dogs failed.\n(/dogs.css)', 'Loading CSS chunk 5 failed.'],
  },
  'what a parser refused': {
    'For input string: <*>': ['For input string: "rex"', 'For input string: "12a"', 'For input string: ""'],
    'invalid literal for int() with base <*>': [
      "invalid literal for int() with base 10: 'rex'",
      "invalid literal for int() with base 10: ''",
    ],
    'could not convert string to float: <*>': [
      "could not convert string to float: 'rex'",
      "could not convert string to float: 'n/a'",
    ],
    "time data <*> does not match format '%Y-%m-%d'": [
      "time data 'yesterday' does not match format '%Y-%m-%d'",
      "time data '2024/01/02' does not match format '%Y-%m-%d'",
    ],
    'invalid value for Integer(): <*>': ['invalid value for Integer(): "rex"', 'invalid value for Integer(): "b"'],
    'The input string <*> was not in a correct format.': [
      "The input string 'rex' was not in a correct format.",
      "The input string '' was not in a correct format.",
    ],
    'String <*> was not recognized as a valid DateTime.': [
      "String 'rex' was not recognized as a valid DateTime.",
      "String '5' was not recognized as a valid DateTime.",
    ],
    'Text <*> could not be parsed at index <*>': [
      "Text 'rex' could not be parsed at index 0",
      "Text '2024-13' could not be parsed at index 5",
    ],
    'invalid input for query argument <*> (an integer is required)': [
      "invalid input for query argument $1: 'rex' (an integer is required)",
      "invalid input for query argument $1: 'b c' (an integer is required)",
    ],
    'Cannot deserialize value of type `int` from String <*>: not a valid `int` value (through reference chain: Dog["age"])':
      [
        'Cannot deserialize value of type `int` from String "rex": not a valid `int` value\n at [Source: (String)"{"age":"rex"}"; line: 1, column: 9] (through reference chain: Dog["age"])',
        'Cannot deserialize value of type `int` from String "b": not a valid `int` value\n at [Source: REDACTED (`X.Y` disabled); line: 3, column: 1] (through reference chain: Dog["age"])',
      ],
    'unexpected token at <*>': [
      "unexpected token at 'rex'",
      "unexpected token at '<html>\n<body>'",
      "783: unexpected token at '<html>'",
    ],
    '<*> is an invalid start of a value. Path: $ | LineNumber: <*> | BytePositionInLine: <*>.': [
      "'r' is an invalid start of a value. Path: $ | LineNumber: 0 | BytePositionInLine: 0.",
      "'<' is an invalid start of a value. Path: $ | LineNumber: 3 | BytePositionInLine: 12.",
    ],
    'An item with the same key has already been added. Key: <*>': [
      'An item with the same key has already been added. Key: rex',
      'An item with the same key has already been added. Key: [bello, 3]',
    ],
    'No enum constant shop.Colour.<*>': ['No enum constant shop.Colour.red', 'No enum constant shop.Colour.BLUE'],
    'Invalid UUID string: <*>': ['Invalid UUID string: rex', 'Invalid UUID string: 17'],
    'DateTime::__construct(): Failed to parse time string <*>': [
      'DateTime::__construct(): Failed to parse time string (rex) at position 0 (r): The timezone could not be found',
      'DateTime::__construct(): Failed to parse time string (no (17)) at position 4 (1): Unexpected character',
    ],
    'assertion `left == right` failed: two totals': [
      'assertion `left == right` failed: two totals\n  left: 1\n right: 2',
      'assertion `left == right` failed: two totals\n  left: "rex"\n right: "bello"',
    ],
  },
  'numbers and names that say what is wrong': {
    'Minified React error #418': [
      'Minified React error #418; visit https://reactjs.org/docs/error-decoder.html?invariant=418 for the full message',
      'Minified React error #418; visit https://react.dev/errors/418?args[]=HTML&args[]= for the full message',
    ],
    'Minified React error #185': ['Minified React error #185; visit https://react.dev/errors/185 for the full message'],
    '404 Client Error: Not Found for url: <*>': ['404 Client Error: Not Found for url: https://dogs.example.org/17'],
    '429 Rate limit reached': ['429 Rate limit reached'],
    '<*> dogs were lost': ['404 dogs were lost', '500 dogs were lost'],
    '(psycopg2.OperationalError) no connection': ['(psycopg2.OperationalError) no connection'],
    'no function clause matching in Shop.Cart.total/1': ['no function clause matching in Shop.Cart.total/1'],
    'dial tcp <*>:5432: connect: connection refused': [
      'dial tcp 10.0.0.4:5432: connect: connection refused',
      'dial tcp [::1]:5432: connect: connection refused',
      'dial tcp [2600:1f18::5]:5432: connect: connection refused',
    ],
    'connection to server at "<*>" (<*>), port 5432 failed: Connection refused': [
      'connection to server at "db1.internal" (10.0.0.4), port 5432 failed: Connection refused',
      'connection to server at "db2.internal" (10.0.0.9), port 5432 failed: Connection refused',
    ],
    'Connection refused for "localhost" port 6379': ['Connection refused for "localhost" port 6379'],
    "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.dogs' doesn't exist": [
      "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.dogs' doesn't exist",
    ],
    'SQLSTATE[HY000] [2002] Connection refused': ['SQLSTATE[HY000] [2002] Connection refused'],
    'relation "dogs" does not exist (SQLSTATE 42P01)': ['relation "dogs" does not exist (SQLSTATE 42P01)'],
    'connected from port <*>': ['connected from port 51234', 'connected from port 40001'],
    'there is no port <*> in ship <*>': ['there is no port 17 in ship 5', 'there is no port 18 in ship 5'],
    'dial tcp <*>:6379: connect: connection refused': ['dial tcp 10.0.0.4:6379: connect: connection refused'],
    'read tcp <*>-><*>:5432: i/o timeout': [
      'read tcp 10.0.0.4:53122->10.0.0.7:5432: i/o timeout',
      'read tcp 10.0.0.9:41002->10.0.1.7:5432: i/o timeout',
    ],
    'dial tcp: lookup cache.internal on <*>: no such host': [
      'dial tcp: lookup cache.internal on 10.0.0.2:53: no such host',
      'dial tcp: lookup cache.internal on [fd00::2]:53: no such host',
    ],
    'dogs.example.org: Name or service not known': ['dogs.example.org: Name or service not known'],
    'Could not resolve host: dogs.example.org': ['Could not resolve host: dogs.example.org'],
    'Name or service not known (dogs.example.org:443)': ['Name or service not known (dogs.example.org:443)'],
    'Connection refused (<*>)': ['Connection refused (10.0.0.7:443)', 'Connection refused (dogs.example.org:443)'],
  },
};

for (const [subject, templates] of Object.entries(said))
  describe(`template without ${subject}`.replace('without numbers', 'with numbers'), () => {
    for (const [template, messages] of Object.entries(templates))
      for (const message of messages)
        it(JSON.stringify(message), () => assert.equal(messageTemplate(message), template));
  });
