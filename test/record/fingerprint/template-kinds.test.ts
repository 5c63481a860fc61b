import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageTemplate } from '../../../src/fingerprint.ts';

/** One table a kind of variable part: what is given, and its template. */
const kinds: Record<string, [string, string][]> = {
  email: [
    ['no inbox for bob@corp.io', 'no inbox for <*>'],
    ['sent <ann@example.org>', 'sent <<*>>'],
    ['ann+tag.x@mail.example.co.uk bounced', '<*> bounced'],
  ],
  url: [
    ['see https://x.test/a?b=c#d', 'see <*>'],
    ['amqps://u@h:5671/v refused', '<*> refused'],
    ['(wss://live.example.com/socket)', '(<*>)'],
  ],
  'host and port': [
    ['peer db-2.prod.internal:6432 left', 'peer <*> left'],
    ['cannot reach api.example.com', 'cannot reach <*>'],
    ['cannot reach api.example.com.au', 'cannot reach <*>'],
    ['rhost=c-24-98-1.dsl.example.nl gone', 'rhost=<*> gone'],
    ['put to assets.s3.amazonaws.com failed', 'put to <*> failed'],
    ['app.s3.upload is not a function', 'app.s3.upload is not a function'],
    ['order.items.id is undefined', 'order.items.id is undefined'],
    ['java.net.SocketTimeoutException: Read timed out', 'java.net.SocketTimeoutException: Read timed out'],
    ['cart.js:12 is broken', 'cart.js:<*> is broken'],
  ],
  'hardware address': [
    ['BSSID 5c:50:15:36:bc:03 lost', 'BSSID <*> lost'],
    ['chip FF:F2:9F:16:EA:AD:BC:DE', 'chip <*>'],
  ],
  'ip address': [
    ['from 10.0.0.1', 'from <*>'],
    ['from 10.0.0.1 () at 5', 'from <*> at <*>'],
    ['from fe80::1%eth0', 'from <*>'],
    ['::ffff:10.0.0.1 denied', '<*> denied'],
  ],
  'uuid and hash': [
    ['row 3f0e2c1a-9b7d-4e6f-8a5b-1c2d3e4f5a6b', 'row <*>'],
    ['etag d41d8cd98f00b204e9800998ecf8427e', 'etag <*>'],
    ['trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'trace <*>'],
  ],
  'date and time': [
    ['since 2024-05-01', 'since <*>'],
    ['since 2024-05-01 10:00:00,123', 'since <*>'],
    ['at Sat Jul  9 22:53:22 2005', 'at <*>'],
    ['at 9 Jul 2005 22:53:22 GMT', 'at <*>'],
    ['lifetime 00:01:17', 'lifetime <*>'],
  ],
  'name of a setting': [
    ['AUTH0_DOMAIN is not set', 'AUTH0_DOMAIN is not set'],
    ['missing S3_BUCKET, OAUTH2_CLIENT_ID', 'missing S3_BUCKET, OAUTH2_CLIENT_ID'],
    ['batch A7F3_QX2 of ORDER_17 and 4X_TEN', 'batch <*> of ORDER_<*> and <*>'],
    ['API_KEY_2 is not set', 'API_<*> is not set'],
  ],
  'duration and size': [
    ['after 5m0s', 'after <*>'],
    ['lifetime <1 sec', 'lifetime <*>'],
    ['1190 bytes (1.16 KB) sent', '<*> sent'],
    ['heap 1.5 GiB of 2 GiB', 'heap <*> of <*>'],
  ],
  number: [
    ['62500 rows', '<*> rows'],
    ['job(33139) lost', 'job(<*>) lost'],
    ['ratio 3e-5', 'ratio <*>'],
    ['offset -17', 'offset <*>'],
    ['0xDEADBEEF', '<*>'],
    ['1,234,567 of 2,000', '<*> of <*>'],
  ],
  'error code': [
    ['E11000 duplicate key', 'E11000 duplicate key'],
    ['23505: duplicate key', '23505: duplicate key'],
    ['duplicate key (SQLSTATE 23505)', 'duplicate key (SQLSTATE 23505)'],
    ['SQLSTATE[42P01]: no table', 'SQLSTATE[42P01]: no table'],
    ['error TS2304: no name', 'error TS2304: no name'],
  ],
  'status and port that tell': [
    ['Response code 503', 'Response code 503'],
    ['404 Not Found', '404 Not Found'],
    ['connect ETIMEDOUT 10.0.0.9:6379', 'connect ETIMEDOUT <*>:6379'],
    ['exited with code 1', 'exited with code 1'],
  ],
  path: [
    ['cannot open /var/lib/app/state.db', 'cannot open state.db'],
    ['cannot open C:\\data\\state.db', 'cannot open state.db'],
    ["Cannot find module '@scope/pkg'", "Cannot find module '@scope/pkg'"],
  ],
  assignment: [
    ['logname= uid=0 euid=0', 'logname= uid=<*> euid=<*>'],
    ['a = 5 and state=closed', 'a = <*> and state=closed'],
    ['{"id":"x","ok":true}', '{"id":<*>,"ok":<*>}'],
  ],
  'quoted identifier': [
    ['column "price" of relation "items" is missing', 'column "price" of relation "items" is missing'],
    ["Unknown field 'sku2'", "Unknown field 'sku2'"],
    ["No order 'A-1042'", "No order '<*>'"],
  ],
  'compound id': [
    ['package KB29~31bf3856~amd64~~6.1.1.2 is stale', 'package <*> is stale'],
    ['blk_-69522958684', 'blk_<*>'],
  ],
  person: [
    ['permission denied for user alice', 'permission denied for user <*>'],
    ['Invalid user admin from 10.0.0.1', 'Invalid user <*> from <*>'],
    ['user joe not found', 'user joe not found'],
    ['no settings for user profile', 'no settings for user profile'],
    ['Invalid user input', 'Invalid user input'],
    ['Invalid user credentials', 'Invalid user credentials'],
    ['redirected to login page', 'redirected to login page'],
    ['password authentication failed for user "app"', 'password authentication failed for user "app"'],
  ],
};

for (const [kind, table] of Object.entries(kinds))
  describe(`messageTemplate masks or keeps: ${kind}`, () => {
    for (const [given, expected] of table)
      it(JSON.stringify(given), () => assert.equal(messageTemplate(given), expected));
  });
