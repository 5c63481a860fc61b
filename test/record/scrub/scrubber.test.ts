import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';
import { processorMillis } from '../../support/processor-time.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

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
      authorized: true,
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
      authorized: true,
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

  it('masks own keys of any language and of any length, in tags and in text', () => {
    for (const [key, name, other] of [
      ['motdepassé', 'motDePassé', 'motdepass'],
      ['Schlüssel', 'ersatz-SCHLÜSSEL', 'schlosser'],
      ['пароль', 'Новый_Пароль', 'порог'],
      ['密码', '新密码', '号码'],
      ['pw', 'db_pw', 'p_w2'],
      ['ID', 'id', 'i'],
      ['x', 'x', 'y'],
    ] as const) {
      const own = createScrubber({ keys: [key] });
      assert.deepEqual(own.tags({ [name]: 'v', [other]: 'v' }), { [name]: M, [other]: key === 'pw' ? M : 'v' }, key);
      for (const [before, behind] of [
        ['', '=v'],
        ['a: 1, ', ': v, b'],
        ['{"', '":"v"} b'],
      ] as const)
        assert.equal(own.text(before + name + behind), (before + name + behind).replace(/v(?=\W|$)/, M), key);
      if (key !== 'pw') assert.equal(own.text(`${other}=v`), `${other}=v`, key);
    }
  });

  it('masks own patterns, with or without the g flag', () => {
    const own = createScrubber({ patterns: [/PAT-\d+/, /zz+/g] });
    assert.equal(own.text('PAT-1 PAT-22 zzz'), `${M} ${M} ${M}`);
    assert.deepEqual(own.tags({ 'PAT-1': new Map([['zz', 1]]) }), { [M]: { [M]: 1 } });
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
      'eyJaaaaaaaaa..',
      '\\"key\\":\\"',
      '=',
      'auth: [',
      'cookie:',
      ' ',
      'key%3D',
      'x@',
      'hooks.slack.com/',
      'auth: ',
      'password=(',
      'password: (',
      'authorization: is a ',
      'authorization: x="',
      '"x-key", "accept" ',
      "password='\\'",
      'password=a,',
      'password=a&',
      'Cookie: a="',
      'authorization: a=\\"',
      '<token>',
      '<token ',
      "token: 'a' +\n ",
      'name="token"\r\n\r\nform-data',
      'curl -u a:',
      'mysql -p',
      'PDO->__construct(',
      'identified with x ',
      'Key (token)=(',
      'a:@tcp(',
      '12345678:AA',
      'postgres://a:b ',
      '"x-key", "',
      '--token ',
      '{"token":',
      '["x-key",',
      'reset/',
      'reset/a',
      'verify/a1',
      'a:b@',
      'a:b@c:80 ',
      '@c:80',
      'kty d:',
      'password=a;',
      'password=a<b',
      'password=a>b',
      ';password=a b',
      "password='a'\\''",
      'auth={',
      'auth: Set(2) {',
      'auth: <Buffer 0a',
      '[ "--password=',
      ', "DB_PASSWORD=',
      "https://a:b'c",
      'iban: DE89 3704 ',
      '"token" with value "',
      'Variable "$token" got invalid value ',
      'invalid value "x" at "',
      'Key (lower(token',
      'token a8Kd93mXq02LpVzR7tYw',
      'token ',
      "'curl', '-u', 'a",
      "'mysql', ",
      "mongo', '-p",
      'sqlcmd -P ',
      'rabbitmqctl add_user a ',
      'cannot represent value: 1',
      'token must be a `x` type, but the final value was: `',
      '` is not a valid enum value for path `token',
      '//a:b@',
      'token\u001b[3',
      'token: \u001b[32m',
      'auth: [\u001b[32m',
      '"token" [1, ',
      '"x-key"\\x1B[32m',
      "lower(password)) = '",
      "password, 'a' ",
      "token, '",
      'insert into a (password) select ',
      "insert into a (password) select '",
      "crypt('",
      "crypt(a, 'x', ",
      'select token values: [',
      'Executing (default): insert token; "',
      'set (token) = (',
    ])
      assertLinear(unit);
  });
});

/** Twice the text, four times the time, from 50 ms on: a quadratic rule takes seconds, noise on a busy machine does not. */
function assertLinear(unit: string): void {
  const time = (size: number) => {
    const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
    return processorMillis(() => scrubber.text(text), 5);
  };
  time(32_768);
  const [half, whole] = [time(32_768), time(65_536)];
  assert.ok(whole < Math.max(half * 4, 50), `${JSON.stringify(unit)}: ${half.toFixed(2)} ms → ${whole.toFixed(2)} ms`);
}
