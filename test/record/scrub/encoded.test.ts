// Secrets in texts that were encoded on their way: URLs in JSON and in queries, markup and quotes as entities, YAML, PEM.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('masks', () => {
  const table: [string, string][] = [
    ['{"url":"postgres:\\/\\/u:a%2Fb@db\\/x"}', `{"url":"postgres:\\/\\/u:${M}@db\\/x"}`],
    ['dsn=postgres%3A%2F%2Fu%3Ahunter2%40db%2Fx&n=1', `dsn=postgres%3A%2F%2Fu%3A${M}%40db%2Fx&n=1`],
    ['postgres%253A%252F%252Fu%253Ahunter2%2540db', `postgres%253A%252F%252Fu%253A${M}%2540db`],
    [`https%3A%2F%2F${'a1b2'.repeat(6)}%40github.com`, `https%3A%2F%2F${M}%40github.com`],
    ['&lt;Password&gt;hunter2&lt;/Password&gt;', `&lt;Password&gt;${M}&lt;/Password&gt;`],
    [
      '&lt;a:Password Type=&quot;x&quot;&gt;abc&lt;/a:Password&gt;',
      `&lt;a:Password Type=&quot;x&quot;&gt;${M}&lt;/a:Password&gt;`,
    ],
    ['%3CPassword%3Ehunter2%3C%2FPassword%3E', `%3CPassword%3E${M}%3C%2FPassword%3E`],
    ['\\u003cPassword\\u003eabc\\u003c/Password\\u003e', `\\u003cPassword\\u003e${M}\\u003c/Password\\u003e`],
    [
      '\\u0022password\\u0022:\\u0022abc\\u0022,\\u0022n\\u0022:1',
      `\\u0022password\\u0022:\\u0022${M}\\u0022,\\u0022n\\u0022:1`,
    ],
    ['&#039;password&#039;: &#039;a b&#039;', `&#039;password&#039;: &#039;${M}&#039;`],
    ['%2522password%2522%253A%2522a%2522', `%2522password%2522%253A%2522${M}%2522`],
    ['"password":\r\n      "hunter2 and more', `"password":\r\n      "${M}`],
    ['password: |\n  hunter2\n\n  more\nnext: x', `password: |\n  ${M}\nnext: x`],
    ['a:\n- token: >-\n    hunter2\n    more\n  n: 1', `a:\n- token: >-\n    ${M}\n  n: 1`],
    ['k=-----BEGIN%20PRIVATE%20KEY-----%0AMII%0A-----END%20PRIVATE%20KEY-----&x=1', `k=${M}&x=1`],
    ['-----BEGIN+RSA+PRIVATE+KEY-----%0AMII%0A-----END+RSA+PRIVATE+KEY-----&x=1', `${M}&x=1`],
  ];
  for (const [given, expected] of table) it(JSON.stringify(given), () => assert.equal(scrubber.text(given), expected));
});

describe('leaves', () => {
  for (const clean of [
    'next=https%3A%2F%2Fx.com%2Fcb%3Femail%3Da%40b',
    'next=https%3A%2F%2Fx.com%3Femail%3Drexrexrexrexrex%40b',
    '{"url":"https:\\/\\/x.com:8080\\/y","m":"a@b"}',
    '&lt;auth&gt;&lt;user&gt;x&lt;/user&gt;',
    'Unexpected token: |\n  2 | foo',
    'password:\n  must be long',
    'invalid password:\n{ a: 1 }',
    '-----BEGIN%20PUBLIC%20KEY-----%0AMII',
  ])
    it(JSON.stringify(clean), () => assert.equal(scrubber.text(clean), clean));
});

it('a document over lines, cut anywhere, shows nothing of its secrets', () => {
  const document = {
    password: 'hunter2xyz "q" hunter2xyz',
    nested: { credentials: { a: 'hunter2xyz', b: ['hunter2xyz', { c: 'hunter2xyz' }] }, tokens: ['hunter2xyz'] },
    end: 1,
    auth: { x: 'hunter2xyz' },
  };
  for (const indent of [0, 2, '\t'])
    for (const before of ['', 'body: ']) {
      const text = before + JSON.stringify(document, null, indent);
      for (let end = 1; end <= text.length; end++)
        assert.ok(!scrubber.text(text.slice(0, end)).includes('hun'), text.slice(0, end));
    }
});
