import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

describe('secrets by shape', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'a'.repeat(43)}`;
  const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow'.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  const table: [string, string][] = [
    [`sent ${jwt} to`, `sent ${M} to`],
    [`Bearer ${'ab1'.repeat(9)} x`, `Bearer ${M} x`],
    [`basic dXNlcjpwYXNzd29yZA== x`, `basic ${M} x`],
    [`key ${pem} end`, `key ${M} end`],
    ['pem cut -----BEGIN PRIVATE KEY-----\nMIIEow', `pem cut ${M}`],
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
  ])
    it(`leaves ${JSON.stringify(clean)}`, () => assert.equal(scrubber.text(clean), clean));
});

describe('secrets by key in tags', () => {
  it('masks by name in any case, with any separators, nested, and keeps the harmless', () => {
    const tags = {
      Password: 'x',
      'X-API-Key': 'x',
      clientSecret: 'x',
      db: { mysql_pwd: 'x', list: [{ privateKey: 'x' }] },
      session: 'x',
      otp: 123456,
      credentials: { user: 'x' },
      author: 'a',
      authority: 'a',
      token_count: 5,
      'gen_ai.usage.input_tokens': 12,
      'session.id': 's',
      empty_password: '',
    };
    assert.deepEqual(scrubber.tags(tags), {
      Password: M,
      'X-API-Key': M,
      clientSecret: M,
      db: { mysql_pwd: M, list: [{ privateKey: M }] },
      session: M,
      otp: M,
      credentials: M,
      author: 'a',
      authority: 'a',
      token_count: 5,
      'gen_ai.usage.input_tokens': 12,
      'session.id': 's',
      empty_password: '',
    });
  });

  it('reads JSON inside a text', () => {
    assert.deepEqual(scrubber.tags({ body: '{"a":{"password":"x"},"b":[1]}' }), {
      body: `{"a":{"password":"${M}"},"b":[1]}`,
    });
  });

  it('survives hostile values', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const tags = Object.defineProperty({ cycle, big: 1n, fn() {}, ['__proto__x']: 1 }, 'bad', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    assert.deepEqual(scrubber.tags(tags), {
      cycle: { self: '[circular]' },
      big: '1',
      fn: '[function]',
      __proto__x: 1,
      bad: '[unreadable]',
    });
    const own = scrubber.tags(JSON.parse('{"__proto__":{"password":"x"}}'));
    assert.deepEqual(Object.keys(own), ['__proto__']);
  });
});

describe('own rules', () => {
  it('masks own keys in tags and in text', () => {
    const own = createScrubber({ keys: ['chip_number'] });
    assert.deepEqual(own.tags({ chipNumber: 5, dogChipNumber: 'x' }), { chipNumber: M, dogChipNumber: M });
    assert.equal(own.text('chip-number=985 x'), `chip-number=${M} x`);
  });

  it('masks own patterns, with or without the g flag', () => {
    const own = createScrubber({ patterns: [/PAT-\d+/, /zz+/g] });
    assert.equal(own.text('PAT-1 PAT-22 zzz'), `${M} ${M} ${M}`);
  });

  it('calls the own function last, with the key, and masks the whole value when it throws or gives no text', () => {
    const own = createScrubber({ custom: (value, key) => `${key}:${value}` });
    assert.deepEqual(own.tags({ a: 'password=x' }), { a: `a:password=${M}` });
    const throwing = createScrubber({
      custom: () => {
        throw new Error('no');
      },
    });
    assert.equal(throwing.text('fine'), M);
    assert.deepEqual(throwing.tags({ a: 'fine', n: 1 }), { a: M, n: 1 });
    assert.equal(createScrubber({ custom: () => undefined as unknown as string }).text('fine'), M);
  });
});

describe('the scrubber on any text', () => {
  it('never throws, and changes nothing more when repeated', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'password',
        'token',
        '=',
        ':',
        '"',
        "'",
        '\\',
        '{',
        '[',
        '://',
        '@',
        'Bearer ',
        'eyJ',
        '.',
        ' ',
        '\n',
        '%3D',
        '4111 1111 1111 1111',
        'cookie',
        '-----BEGIN PRIVATE KEY-----',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const once = scrubber.text(pieces.join(''));
        assert.equal(typeof once, 'string');
        assert.equal(scrubber.text(once).length <= once.length + 40, true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to the length of hostile text', () => {
    for (const unit of [
      'password',
      'token=',
      '"token":"',
      'token:{',
      'eyJ',
      'eyJaaaaaaaaa.',
      '://a:',
      '://',
      '4 ',
      '4111',
      'bearer ',
      'sk-',
      '-----BEGIN ',
      '\\"key\\":\\"',
      '=',
      'auth: [',
      'cookie:',
      ' ',
      'key%3D',
      'x@',
      'hooks.slack.com/',
    ])
      assertLinear(unit);
  });
});

/** Twice the text, four times the time, from 50 ms on: a quadratic rule takes seconds, noise on a busy machine does not. */
function assertLinear(unit: string): void {
  const time = (size: number) => {
    const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      scrubber.text(text);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  time(32_768);
  const [half, whole] = [time(32_768), time(65_536)];
  assert.ok(whole < Math.max(half * 4, 50), `${JSON.stringify(unit)}: ${half.toFixed(2)} ms → ${whole.toFixed(2)} ms`);
}
