// Values that stand beside the names of their fields, as validators, headers and settings have them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';
import { processorMillis } from '../../support/processor-time.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';

/** Each holds the secret "hunter2" under the name of a secret, and nothing else to mask. */
const VALIDATORS: Record<string, object> = {
  'express-validator': { type: 'field', value: 'hunter2', msg: 'Invalid value', path: 'password', location: 'body' },
  'class-validator': { target: { value: 'y' }, value: 'hunter2', property: 'password', constraints: { min: 'short' } },
  pydantic: { type: 'too_short', loc: ['body', 'password'], msg: 'too short', input: 'hunter2', ctx: { min: 8 } },
  zod: { code: 'too_small', minimum: 8, input: 'hunter2', path: ['user', 'password'], message: 'Too small' },
  valibot: { kind: 'schema', received: '"hunter2"', path: 'password' },
  joi: { message: 'short', context: { label: 'password', value: 'hunter2' } },
  yup: { value: 'hunter2', path: 'user[0].password', originalValue: 'hunter2' },
  ajv: { instancePath: '/user/password', keyword: 'minLength', params: { limit: 8 }, data: 'hunter2' },
  FluentValidation: { PropertyName: 'Password', ErrorMessage: 'short', AttemptedValue: 'hunter2' },
  Spring: { field: 'password', rejectedValue: 'hunter2', bindingFailure: false },
  Hibernate: { invalidValue: 'hunter2', propertyPath: 'create.password' },
  'name behind value': { value: 'hunter2', name: 'password' },
  'tags of AWS': { Key: 'password', Value: 'hunter2' },
  'a value of many parts': { value: { a: ['hunter2'], b: { c: 'hunter2' } }, path: 'password', x: 1 },
};

describe('validators', () => {
  for (const [title, error] of Object.entries(VALIDATORS))
    it(title, () => {
      const forms = {
        tags: JSON.stringify(scrubber.tags({ error })),
        JSON: scrubber.text(JSON.stringify({ errors: [error] })),
        'JSON in a text': scrubber.text(`refused: ${JSON.stringify(error)}`),
        'JSON over lines': scrubber.text(`refused: ${JSON.stringify(error, null, 2)}`),
        'JSON in JSON': scrubber.text(`refused: ${JSON.stringify(JSON.stringify(error))}`),
        inspect: scrubber.text(`refused: ${inspect([error], { depth: 9 })}`),
      };
      for (const [form, masked] of Object.entries(forms)) {
        assert.ok(!masked.includes('hunter2'), `${form}: ${masked}`);
        assert.ok(masked.includes(M) && /password/i.test(masked), `${form}: ${masked}`);
      }
    });
});

describe('masks', () => {
  const table: [string, string][] = [
    [
      `[{'loc': ('body', 'password'), 'msg': 'short', 'input': 'hunter2'}]`,
      `[{'loc': ('body', 'password'), 'msg': 'short', 'input': '${M}'}]`,
    ],
    ['[{Key:color Value:red} {Key:password Value:hunter2}]', `[{Key:color Value:red} {Key:password Value:${M}}]`],
    ['NameValuePair[name=password, value=hunter2]', `NameValuePair[name=password, value=${M}]`],
    ['name=color, value=red, name=password, value=hunter2', `name=color, value=red, name=password, value=${M}`],
    [
      '- name: COLOR\n  value: red\n- name: DB_PASSWORD\n  value: hunter2\n- name: X\n  value: y',
      `- name: COLOR\n  value: red\n- name: DB_PASSWORD\n  value: ${M}\n- name: X\n  value: y`,
    ],
    [
      `[ { value: 'red', name: 'color' }, { value: 'x', name: 'password' } ]`,
      `[ { value: 'red', name: 'color' }, { value: '${M}', name: 'password' } ]`,
    ],
    [
      `on field 'password': rejected value [hunter2]; codes [Size]`,
      `on field 'password': rejected value [${M}]; codes [Size]`,
    ],
    [
      `1 error\npassword\n  Too short [type=too_short, input_value='hunter2', input_type=str]\n`,
      `1 error\npassword\n  Too short [type=too_short, input_value=${M}, input_type=str]\n`,
    ],
    [
      'ValidationError: password: Path `password` (`hunter2`) is shorter than 8.',
      `ValidationError: password: Path \`password\` (\`${M}\`) is shorter than 8.`,
    ],
    [
      `Cast to string failed for value "{ a: 'hunter2' }" (type Object) at path "password"`,
      `Cast to string failed for value ${M} (type Object) at path "password"`,
    ],
    [
      'User validation failed: password: Validator failed for path `password` with value `hunter2`, name: x',
      `User validation failed: password: Validator failed for path \`password\` with value \`${M}\`, name: x`,
    ],
    // Joi 17 and 18.
    [
      `"user.password" with value "hun"ter2" fails to match the required pattern: /^[a-z]$/`,
      `"user.password" with value "${M}" fails to match the required pattern: /^[a-z]$/`,
    ],
    // graphql-js 16.
    [
      `Variable "$password" got invalid value "hun\\"ter2"; Int cannot represent non-integer value`,
      `Variable "$password" got invalid value "${M}"; Int cannot represent non-integer value`,
    ],
    [
      `Variable "$password" got invalid value 12345678; String cannot represent`,
      `Variable "$password" got invalid value ${M}; String cannot represent`,
    ],
    [
      `Variable "$input" got invalid value "hunter2" at "input.password"; Int cannot represent`,
      `Variable "$input" got invalid value ${M} at "input.password"; Int cannot represent`,
    ],
    // graphql-js 17, and what 16 says behind the value.
    [
      `Variable "$password" has invalid value: Int cannot represent non-integer value: "hunter2"`,
      `Variable "$password" has invalid value: Int cannot represent non-integer value: "${M}"`,
    ],
    [
      `Variable "$input" has invalid value at .password: Int cannot represent non-integer value: "hunter2"`,
      `Variable "$input" has invalid value at .password: Int cannot represent non-integer value: "${M}"`,
    ],
    [
      `Variable "$password" got invalid value "hunter2"; Int cannot represent non-integer value: "hunter2"`,
      `Variable "$password" got invalid value "${M}"; Int cannot represent non-integer value: "${M}"`,
    ],
    // The stack of the same error has no variable.
    [
      `GraphQLError: String cannot represent a non string value: 12345678`,
      `GraphQLError: String cannot represent a non string value: ${M}`,
    ],
    // yup 1.
    [
      'password must be a `number` type, but the final value was: `NaN` (cast from the value `"hunter2"`).',
      `password must be a \`number\` type, but the final value was: \`${M}`,
    ],
    // Mongoose 8 and 9.
    ['Path `password` is invalid (hun)ter2).', `Path \`password\` is invalid (${M}).`],
    [
      '`hunter2` is not a valid enum value for path `apiKey`.',
      `\`${M}\` is not a valid enum value for path \`apiKey\`.`,
    ],
    [
      `{ stringValue: '"hunter2"', kind: 'Number', value: 'hunter2', path: 'pin' }`,
      `{ stringValue: '${M}', kind: 'Number', value: '${M}', path: 'pin' }`,
    ],
    [`Invalid value "hunter2" for field "password"`, `Invalid value ${M} for field "password"`],
    [`invalid value 'hunter2' for 'password', short`, `invalid value ${M} for 'password', short`],
    ['Key (lower(token::text), n)=(hunter2, 1) already exists.', `Key (lower(token::text), n)=(${M}) already exists.`],
    [`[{"op":"replace","path":"/password","value":"x"}]`, `[{"op":"replace","path":"/password","value":"${M}"}]`],
  ];
  for (const [given, expected] of table) it(JSON.stringify(given), () => assert.equal(scrubber.text(given), expected));

  it('own keys', () => {
    const own = createScrubber({ keys: ['chip'] });
    assert.equal(own.text(`x { value: 'v1', name: 'chipNumber' }`), `x { value: '${M}', name: 'chipNumber' }`);
    assert.deepEqual(own.tags({ a: { value: 5, path: ['chip'] } }), { a: { value: M, path: ['chip'] } });
  });
});

describe('leaves', () => {
  for (const clean of [
    inspect({ name: 'send-password-reset', data: { id: 4 } }),
    inspect({ path: 'password', value: null }),
    JSON.stringify([{ code: 'invalid_type', expected: 'string', received: 'undefined', path: ['password'] }], null, 2),
    `refused: ${JSON.stringify([{ received: 'undefined', path: ['password'], message: 'Required' }], null, 2)}`,
    '- name: DB_PASSWORD\n  valueFrom: {x: 1}\n- name: X\n  value: blue',
    `on field 'age': rejected value [x]; codes [Size]`,
    'Path `name` (`x`) is shorter',
    'Cast to Number failed for value "x" (type string) at path "age"',
    `'password': must be at least 8 characters`,
    `"name" with value "Rex" fails to match the required pattern: /x/`,
    `Variable "$id" got invalid value "abc"; Int cannot represent`,
    `Variable "$input" got invalid value "abc" at "input.age"; Int cannot represent`,
    `Invalid value "red" for field "color"`,
    `Variable "$id" got invalid value "abc"; Int cannot represent non-integer value: "abc"`,
    'age must be a `number` type, but the final value was: `NaN` (cast from the value `"x"`).',
    'Path `name` is invalid (x).',
    '`x` is not a valid enum value for path `color`.',
    'password: ValidatorError: Path `password` is required.',
    'Key (lower(email))=(a@b) already exists.',
    JSON.stringify({ path: '/api/token', value: 'x' }),
    `{ type: 'Property', key: { type: 'Identifier', name: 'password' }, value: { type: 'Literal' } }`,
  ])
    it(JSON.stringify(clean), () => assert.equal(scrubber.text(clean), clean));

  it('in tags what is named by a file or a URL', () => {
    const tags = { a: { path: '/api/token', value: 'x' }, b: { value: 'x', name: 'color' } };
    assert.deepEqual(scrubber.tags(tags), tags);
  });
});

it('names and values over and over cost no more than a few times what names alone do', () => {
  const cost = (unit: string) => {
    const text = unit.repeat(Math.ceil(98_304 / unit.length));
    return processorMillis(() => scrubber.text(text), 2);
  };
  cost('name: token\n');
  const alone = cost('name: token\n');
  for (const unit of ['{name:"token"}value:1,', 'name:(token)data:', `"value":"x"loc: ('body', 'password'),@tcp(`]) {
    const both = cost(unit);
    assert.ok(both < alone * 10, `${unit}: ${both.toFixed(0)} ms, names alone ${alone.toFixed(0)} ms`);
  }
});

it('a value is found before its name, past the names in it', () => {
  const inner = "{ path: 'token', value: 'y' }";
  const masked = scrubber.text(`refused { value: 'hunter2', inner: [${inner}, ${inner}, ${inner}], path: 'password' }`);
  assert.equal(masked.includes('hunter2'), false, masked);
});

it('in tags, with a getter beside it that throws; getters of other names are asked once', () => {
  let asked = 0;
  const field = {
    path: 'password',
    value: 'hunter2',
    get kind() {
      asked++;
      throw new Error('not loaded');
    },
  };
  assert.deepEqual(scrubber.tags({ field }), { field: { path: 'password', value: M, kind: '[unreadable]' } });
  assert.equal(asked, 1);
});
