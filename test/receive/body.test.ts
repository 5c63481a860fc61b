// Compressed bodies that go on behind their end: nobody listens there any more, and nothing may come of it.

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readBody } from '../../src/receive/http/body.ts';
import { Budget } from '../../src/receive/http/budget.ts';

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((later) => setTimeout(later, 1));
};

/** A request whose pieces come one by one, each when what can be read of the one before was. */
function requestOf(pieces: readonly (Buffer | string)[]): IncomingMessage {
  const body = Readable.from(
    (async function* () {
      for (const piece of pieces) {
        yield Buffer.from(piece as string);
        await turns(20);
      }
    })(),
  );
  return Object.assign(body, { headers: { 'content-encoding': 'gzip' }, complete: true }) as unknown as IncomingMessage;
}

const whole = gzipSync('hello');
const zeros = Buffer.alloc(8);
for (const [name, pieces] of Object.entries({
  'zeros and garbage in one piece': [Buffer.concat([whole, zeros, Buffer.from('garbage!')]), 'garbage!', 'garbage!'],
  'zeros, then garbage, in pieces': [whole, zeros, zeros, 'garbage!', 'garbage!', 'x'.repeat(100_000)],
  'a second member behind zeros': [whole, zeros, gzipSync('more'), 'garbage!'],
}))
  test(`${name}: read to its end, or refused, and its share of the budget is free again`, async () => {
    const budget = new Budget(1_000_000);
    const share = budget.open();
    const read = await readBody(requestOf(pieces), 1_000_000, share).then(
      ({ bytes }) => bytes.toString(),
      (error: Error) => error.message,
    );
    assert.match(read, /^hello|cannot be decompressed/);
    share.release();
    assert.equal(budget.taken, 0);
    // What is wrong behind the end would come now, as an uncaught exception.
    await turns(200);
  });
