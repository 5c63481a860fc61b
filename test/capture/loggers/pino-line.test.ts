import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf } from '../../../src/capture/loggers/pino-line.ts';
import { processorMillis } from '../../support/processor-time.ts';

test('a line whose numbers were masked is read all the same', () => {
  const masked = '{"level":50,"card":****4,"text":"a \\"quote\\"","list":[****,true]}\n';
  assert.deepEqual(lineOf(masked), { level: 50, card: '****4', text: 'a "quote"', list: ['****', true] });
});

test('a line that was cut is no data, which takes no longer than its length', () => {
  for (const part of ['say \\"hi\\" ', '\\', '"', '****', '\\\n'])
    for (const start of ['{"level":30,"msg":"', '{"level":']) {
      const cut = start + part.repeat(400_000 / part.length);
      let line: unknown;
      const millis = processorMillis(() => {
        line = lineOf(cut);
      });
      assert.equal(line, undefined);
      // By the square the first of these took 100 s.
      assert.ok(millis < 1_000, `${JSON.stringify(start + part)}: ${millis} ms`);
    }
});
