// What is remembered must not show: whatever came before, a row has the key that it has where it is the first.

import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RowKey } from '../../../src/record/fingerprint/row-key.ts';
import type { ChainInput, FingerprintInput } from '../../../src/record/fingerprint/types.ts';

type FindRowKey = (input: FingerprintInput, options: object) => RowKey;

/** Modules that know nothing yet: what belongs to one that was asked for under a name of its own gets that name, too. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const fresh = context.parentURL === undefined ? '' : new URL(context.parentURL).search;
    return fresh.startsWith('?fresh') && specifier.startsWith('.') ? { ...found, url: found.url + fresh } : found;
  },
});
let processes = 0;
async function newProcess(): Promise<FindRowKey> {
  const file = new URL(`../../../src/record/fingerprint/row-key.ts?fresh=${processes++}`, import.meta.url);
  return (await import(file.href)).findRowKey;
}

/** Weighted towards what is kept: one line of message, a header that says the same, frames of V8. */
const often = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: rare });

const number = fc.constantFrom(
  '7',
  '404',
  '503',
  '123456',
  '1234567',
  '7654321',
  '8123456',
  '1764361234567',
  '0.1234567',
);
const words = often(
  fc.constantFrom(
    ...[
      'dog # is gone',
      'connect ECONNREFUSED 10.0.0.1:#',
      "ENOENT: no such file, open '/tmp/#'",
      'exit code #',
      'status #',
    ],
    ...['Maximum call stack size exceeded', 'SQLSTATE #', 'thread #', 'Traceback (most recent call last) #'],
  ),
  fc.constantFrom(
    ...['', '#', ' dog #', 'dog # ', 'first\nsecond #', '\nsecond #', 'first\n    at render (/srv/app/render.js:1:2)'],
    ...[
      'first\n    at pay (/srv/app/pay.js:1:2)',
      'dog\n    at f ()',
      '\'<\', "#" is not valid JSON',
      'Error: one\n    at pay',
    ],
  ),
);
const type = often(
  fc.constantFrom('Error', 'TypeError', 'Error1234567', 'Error7654321'),
  fc.constantFrom('ValidationError2', 'ECONNREFUSED', '23505', 'error', 't', ''),
);
const code = often(
  fc.constant(undefined),
  fc.constantFrom('', 'E_X', '23505', '1234567', '7654321', 'a\nb', 'a\nb\ns'),
);
const PLACES = [
  ...[
    'pay (/srv/app/pay.js:@)',
    'render (/srv/app/render.js:@)',
    'async next (/srv/app/next.js:@)',
    'a (/srv/a.ab12cd34.js:@)',
  ],
  ...['Pool.take (/srv/app/node_modules/pg/lib/client.js:@)', 'handle (/srv/app/node_modules/express/lib/layer.js:@)'],
  ...['next (node:net:@)', '/srv/app/tail.js:@', 't.n (/srv/dist/chunks/377.js:@)'],
];
const OTHER_LINES = [
  ...['    at REPL1:1:1', '    at REPL1', '    at f (:1:2)', '    at f ()', '    at f (:1:2)', '    at f ()', ''],
  ...['    at com.example.Shop.pay(Shop.java:17)', 'pay@https://x.io/main.js:1:2345', '#0 /srv/app.php(12): pay()'],
  ...['  File "/srv/app.py", line 3, in pay', '    ... 4 lines matching cause stack trace ...', "  code: 'E_X'"],
  ...['  [cause]: Error: inner 7654321', 'Caused by: Error: outer', 'goroutine 1 [running]:', '    at run (native)'],
];
const frame = fc
  .tuple(fc.constantFrom(...PLACES), fc.constantFrom('1:2', '1:160', '12:121', '3:90000'))
  .map(([place, at]) => `    at ${place.replace('@', at)}`);
const frames = often(
  fc.array(frame, { minLength: 1, maxLength: 3 }),
  fc.array(fc.oneof(frame, fc.constantFrom(...OTHER_LINES)), { maxLength: 4 }),
);
const header = often(fc.constant('given'), fc.constantFrom('bracket', 'plain', 'other', 'none'));

interface Parts {
  type: string;
  words: string;
  number: string;
  code: string | undefined;
  header: string;
  frames: string[];
}
const parts: fc.Arbitrary<Parts> = fc.record({ type, words, number, code, header, frames });

function errorOf(given: Parts): ChainInput {
  const { type: name, code: told } = given;
  const message = given.words.replaceAll('#', given.number);
  const headers: Record<string, string> = {
    given: `${name}: ${message}`,
    bracket: `${name} [${told}]: ${message}`,
    plain: `Error: ${message}`,
    other: 'RangeError: something else',
    none: '',
  };
  const stack = [headers[given.header]!, ...given.frames].join('\n');
  return { type: name, message, stack, ...(told === undefined ? {} : { code: told }) };
}

interface Row extends Parts {
  cause: Parts | undefined;
  member: Parts | undefined;
  service: string;
  language: string | undefined;
}
const row: fc.Arbitrary<Row> = fc
  .record({
    error: parts,
    cause: often(fc.constant(undefined), parts),
    member: often(fc.constant(undefined), parts),
    service: fc.constantFrom('s', 't', 'a\ns'),
    language: often(fc.constantFrom(undefined, 'nodejs'), fc.constantFrom('webjs', 'java', 'python')),
  })
  .map(({ error, ...place }) => ({ ...error, ...place }));

function inputOf({ cause, member, service, language, ...error }: Row): FingerprintInput {
  return {
    ...errorOf(error),
    service,
    ...(language === undefined ? {} : { language }),
    ...(cause === undefined ? {} : { cause: errorOf(cause) }),
    ...(member === undefined ? {} : { errors: [errorOf(member)] }),
  };
}

const FIELDS = [
  'type',
  'words',
  'number',
  'number',
  'code',
  'header',
  'frames',
  'cause',
  'member',
  'service',
  'language',
] as const;
/** A row and others that differ from it in one thing. */
const family = fc
  .tuple(row, fc.array(fc.tuple(row, fc.constantFrom(...FIELDS)), { minLength: 1, maxLength: 6 }))
  .map(([first, others]) => [first, ...others.map(([from, field]) => ({ ...first, [field]: from[field] }))]);
/** What is kept is known from the third time on. */
const arrivals = fc.array(family, { minLength: 1, maxLength: 8 }).chain((families) => {
  const inputs = families.flat().map(inputOf);
  const thrice = [0, 1, 2].flatMap(() => [...inputs.keys()]);
  const shuffled = fc.shuffledSubarray(thrice, { minLength: thrice.length });
  return fc.record({ inputs: fc.constant(inputs), orders: fc.tuple(shuffled, shuffled) });
});

test('a row has the same key in any order of arrivals, and each time', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async ({ inputs, orders }) => {
      const keys = new Map<number, RowKey>();
      for (const order of [...orders, orders[0].toReversed()]) {
        const findRowKey = await newProcess();
        for (const at of order) {
          const key = findRowKey(inputs[at]!, {});
          const before = keys.get(at);
          if (before === undefined) keys.set(at, key);
          else assert.deepEqual(key, before, JSON.stringify(inputs[at]));
        }
      }
    }),
    { numRuns: 60 },
  );
});
