// Names and templates are made of values, too: they are scrubbed and cut like everything else before they reach a journal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counters } from '../../src/receive/counters.ts';
import { decode } from '../../src/receive/decode/decode.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { mapRules } from '../support/map-rules.ts';
import { attributes, logs, record, span, traces } from '../support/otlp.ts';

const SECRET = 'postgres://app:hunter2@db/x password=hunter2';
const LONG = 'x'.repeat(300_000);

async function factsOf(signal: 'traces' | 'logs', body: object): Promise<string> {
  let written = '';
  const store = {
    write: async (packs: object[]) => {
      written += JSON.stringify(packs);
    },
    fill: () => 0,
    isStuck: () => false,
  };
  const receiver = new Receiver({ process: 'p', rules: mapRules(), store, counters: new Counters() });
  const { groups } = decode(signal, 'json', Buffer.from(JSON.stringify(body)));
  await receiver.accept(signal, groups as never);
  return written;
}

const log = (value: string) =>
  logs([
    record('broken', {
      attributes: attributes({
        '{OriginalFormat}': `login ${value}`,
        'code.function.name': value,
        'logger.name': value,
        'session.id': value,
        'user.id': value,
        'exception.type': value,
        'rowtrace.fingerprint': value,
      }),
    }),
  ]);

const request = (value: string) =>
  traces([
    span('1', {
      kind: 2,
      status: { code: 2 },
      attributes: attributes({
        'http.request.method': 'GET',
        'http.route': value,
        'http.response.status_code': 500,
        'request.id': value,
        'session.id': value,
        'enduser.id': value,
        'error.type': value,
      }),
    }),
    span('2', { name: value, status: { code: 2 }, parentSpanId: '1'.repeat(16) }),
  ]);

test('secrets in templates, names of functions, modules, routes and spans', async () => {
  for (const written of [await factsOf('logs', log(SECRET)), await factsOf('traces', request(SECRET))]) {
    assert.match(written, /scrubbed/);
    assert.doesNotMatch(written, /hunter2/);
  }
});

test('a name of 300,000 characters leaves a fact that a line of the journal holds', async () => {
  for (const written of [await factsOf('logs', log(LONG)), await factsOf('traces', request(LONG))])
    assert.ok(written.length < 60_000, String(written.length));
});
