// Pages of other origins: those that are listed may send, all others are told nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { parseOrigins } from '../../src/cli/arguments.ts';
import { cliDir, eventually, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { logs, record } from '../support/otlp.ts';
import { receiverFor } from '../support/receiver.ts';

const LISTED = 'https://app.example';

/** As a browser sends it: fetch of Node takes no origin. */
async function send(url: string, method: string, headers: Record<string, string>, body = ''): Promise<IncomingMessage> {
  const sent = request(url, { method, headers }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  await text(response);
  return response;
}

const cors = ({ headers }: IncomingMessage) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'vary' || name.startsWith('access-control-')));

const preflight = (origin: string) => ({
  origin,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type,x-api-key',
});

test('pages of a listed origin may send, those of others are told nothing', async (t) => {
  const receiver = await receiverFor(t, {}, { corsAllowedOrigins: new Set([LISTED]) });
  const url = `${receiver.url}/v1/logs`;
  const asked = await send(url, 'OPTIONS', preflight(LISTED));
  assert.equal(asked.statusCode, 200);
  assert.deepEqual(cors(asked), {
    vary: 'origin',
    'access-control-allow-origin': LISTED,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, content-encoding, authorization, x-api-key',
    'access-control-max-age': '7200',
  });
  const body = JSON.stringify(logs([record('from a page')]));
  const json = { 'content-type': 'application/json' };
  const taken = await send(url, 'POST', { ...json, origin: LISTED }, body);
  assert.equal(taken.statusCode, 200);
  const answered = {
    vary: 'origin',
    'access-control-allow-origin': LISTED,
    'access-control-expose-headers': 'retry-after',
  };
  assert.deepEqual(cors(taken), answered);
  await receiver.rows(1);
  // Without the headers a page cannot tell a refusal from a network that is away.
  const refused = await send(url, 'POST', { ...json, origin: LISTED }, '{');
  assert.equal(refused.statusCode, 400);
  assert.deepEqual(cors(refused), answered);
  for (const origin of ['https://app.example.evil', 'http://app.example', 'null'])
    assert.deepEqual(cors(await send(url, 'OPTIONS', preflight(origin))), { vary: 'origin' }, origin);
});

test('rowtrace serve --cors-allowed-origins says whose pages may send', async (t) => {
  const { url: database } = await databaseFor(t);
  const serve = ['serve', '--port', '0', '--cors-allowed-origins', `http://127.0.0.1:5173,${LISTED}`];
  const receiver = startCli(t, serve, { dir: cliDir(t), env: { ROWTRACE_DATABASE_URL: database } });
  const url = await eventually(() => /http:\/\/[\d.]+:\d+/.exec(receiver.stdout)?.[0]);
  const asked = await send(`${url}/v1/logs`, 'OPTIONS', preflight(LISTED));
  assert.equal(asked.headers['access-control-allow-origin'], LISTED);
});

test('without a list no origin is allowed, and nothing is said of it', async (t) => {
  const receiver = await receiverFor(t);
  const asked = await send(`${receiver.url}/v1/logs`, 'OPTIONS', preflight(LISTED));
  assert.equal(asked.statusCode, 405);
  assert.deepEqual(cors(asked), {});
});

test('origins are named as browsers do', () => {
  assert.deepEqual([...parseOrigins('https://app.example, http://127.0.0.1:5173')], [LISTED, 'http://127.0.0.1:5173']);
  for (const wrong of [
    '*',
    'app.example',
    'https://app.example/',
    'https://app.example:443',
    'HTTPS://app.example',
    '',
  ])
    assert.throws(() => parseOrigins(wrong), /Expected origins like https/, wrong);
});
