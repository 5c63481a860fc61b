import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fingerprint, messageTemplate } from '../../../src/fingerprint.ts';
import { processorMillis } from '../../support/processor-time.ts';

/** Beginnings, middles and ends of everything that a parser or a mask looks for. */
const piece = fc.oneof(
  fc.constantFrom(
    ...[
      '\n    at ',
      '\n\tat ',
      '\n',
      ' ',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '<',
      '>',
      ':',
      '::',
      '/',
      '\\',
      '@',
      '=',
      '"',
      "'",
      '`',
    ],
    ...[
      '\n  File "',
      '", line 1, in ',
      'Traceback (most recent call last):',
      '\n  +-+---------------- 1 ----------------\n    | ',
    ],
    ...[
      '\nCaused by: ',
      '\n\tSuppressed: ',
      '\n\t... 2 more',
      '$$Lambda$',
      'lambda$',
      ' in ',
      ':line 4',
      '\n ---> ',
      '<>c__DisplayClass',
      '>b__0',
    ],
    ...[
      '\ngoroutine 1 [running]:\n',
      '\n\t/app/a.go:1 +0x1',
      'main.(*A).b(',
      '\n\tfrom ',
      ":in `a'",
      '\n#0 /a.php(1): A->b()',
      '\nNext ',
      '{closure:',
    ],
    ...[
      '\nstack backtrace:\n   0: ',
      '\n             at ./a.rs:1:1',
      '\nCaused by:\n    0: ',
      "thread 'main' panicked at ",
      ' as ',
      '::{{closure}}',
    ],
    ...[
      'a@https://b/c.js:1:2\n',
      'async*',
      '/<@',
      ' > eval',
      'Error: ',
      'E',
      'EEE ',
      'status ',
      'connect E',
      'getaddrinfo ',
      'for user ',
    ],
    ...[
      'Jan ',
      '1.2.',
      '12:',
      '0x',
      'a-',
      'a.',
      '.com',
      '~',
      '%',
      '\x1b[',
      '"code":',
      '"path":[',
      "can't access property ",
      'Received type a (',
    ],
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 4 }),
  fc.nat(99_999).map(String),
);
const unit = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('') || 'a');
const language = fc.constantFrom(undefined, 'nodejs', 'webjs', 'python', 'java', 'go', 'dotnet', 'ruby', 'php', 'rust');

/** Twice the text may take a little over twice as long. Below 60 ms a busy machine measures itself. */
function assertLinear(made: string, work: (text: string) => void): void {
  const text = (size: number) => made.repeat(Math.ceil(size / made.length)).slice(0, size);
  const whole = processorMillis(() => work(text(65_536)));
  if (whole < 60) return;
  // A busy machine is slow once, a quadratic rule each time.
  const attempts = [1, 2, 3].map(() => [
    processorMillis(() => work(text(32_768)), 2),
    processorMillis(() => work(text(65_536)), 2),
  ]) as [number, number][];
  const grows = attempts.every(([a, b]) => b > Math.max(a * 3.2, 150) || b > 2_000);
  assert.ok(!grows, `${JSON.stringify(made)}: ${attempts.map(([a, b]) => `${a.toFixed(0)} → ${b.toFixed(0)} ms`)}`);
}

describe('from 32 KiB to 64 KiB time grows with the length, whatever is repeated', () => {
  it('for stacks of every language', () => {
    fc.assert(
      fc.property(unit, language, (made, spoken) => {
        assertLinear(made, (stack) => fingerprint({ type: 'Error', message: 'x', stack, language: spoken }));
      }),
      { numRuns: 300 },
    );
  });

  it('for messages', () => {
    fc.assert(
      fc.property(unit, (made) => assertLinear(made, messageTemplate)),
      { numRuns: 300 },
    );
  });
});
