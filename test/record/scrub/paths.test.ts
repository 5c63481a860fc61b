// Tokens in paths that a mail led to, and logins in front of a host: neither has a name in front of it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScrubber } from '../../../src/record/scrub/scrubber.ts';

const scrubber = createScrubber();
const M = '[scrubbed]';
const HEX = '2062bc729e2bbacf254183ed1856c8579d537218';
const RANDOM = 'kQ3v-Zr81xLmT_9aWfUe2sYbN0pGhJdC5oRiEt7uVwX';
const UUID = '3f2504e0-4f89-11d3-9a0c-0305e82c3301';
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'aB3'.repeat(140)}`;

describe('masks tokens in paths', () => {
  const table: [string, string][] = [
    [`GET /reset-password/${HEX} 404`, `GET /reset-password/${M} 404`],
    [`https://x.io/resetPassword/${RANDOM}?a=1`, `https://x.io/resetPassword/${M}?a=1`],
    [`/password/reset/${HEX}${HEX.slice(0, 24)}`, `/password/reset/${M}`],
    [`/reset/Mg/cdk5ug-${HEX.slice(0, 32)}/`, `/reset/Mg/${M}/`],
    [`/reset-password/507f1f77bcf86cd799439011/${JWT}`, `/reset-password/${M}/${M}`],
    [`/reset/rex@x.io/${RANDOM}`, `/reset/rex@x.io/${M}`],
    [`/forgot-password/${UUID}`, `/forgot-password/${M}`],
    [`/recover/${RANDOM}`, `/recover/${M}`],
    [`/auth/magic-link/V1StGXR8_Z5jdHi6B-myT`, `/auth/magic-link/${M}`],
    [`/verify/${HEX}`, `/verify/${M}`],
    [`/verify/${JWT}`, `/verify/${M}`],
    [`/users/verify-email/${RANDOM}`, `/users/verify-email/${M}`],
    [`/email/verify/17/${HEX}`, `/email/verify/17/${M}`],
    [`/confirm/${RANDOM}`, `/confirm/${M}`],
    [`/activate/Mg/${HEX}`, `/activate/Mg/${M}`],
    [`/invite/${HEX}/accept`, `/invite/${M}/accept`],
    [`Route GET:/Reset-Password/${HEX} not found`, `Route GET:/Reset-Password/${M} not found`],
    [`{"url":"/verify/${HEX}","n":1}`, `{"url":"/verify/${M}","n":1}`],
  ];
  for (const [given, expected] of table) it(given.slice(0, 60), () => assert.equal(scrubber.text(given), expected));

  it('in tags', () => {
    assert.deepEqual(scrubber.tags({ 'url.path': `/verify/${HEX}` }), { 'url.path': `/verify/${M}` });
  });
});

describe('leaves paths without one', () => {
  for (const clean of [
    '/reset-password/:token',
    '/reset/507f1f77bcf8/settings',
    '/help/reset/2024-how-to-reset-a-router-in-10-minutes',
    `/orders/confirm/${UUID}`,
    '/verify/order-2024-11-28-berlin-branch-office-17',
    `/presets/${HEX} /preset/${HEX}`,
    `/orders/${HEX}`,
    '    at Page (https://x.io/_next/static/chunks/app/reset-password/page-3f2504e04f8911d3.js:1:2345)',
    '    at verify (/app/src/auth/verify/verification-of-1000-tokens.ts:3:9)',
  ])
    it(clean.slice(0, 60), () => assert.equal(scrubber.text(clean), clean));
});

describe('masks logins in front of a host and its port', () => {
  for (const [given, expected] of [
    ['proxy rex:hunter2@proxy.corp:8080 refused', `proxy rex:${M}@proxy.corp:8080 refused`],
    ['connect guest:guest@rabbit:5672/vhost', `connect guest:${M}@rabbit:5672/vhost`],
    ['root:a!b$c@10.0.0.1:3306', `root:${M}@10.0.0.1:3306`],
    ['"rex:x@[::1]:5432", "tom:y@db:5432"', `"rex:${M}@[::1]:5432", "tom:${M}@db:5432"`],
    [`input: 'postgres//rex:hunter2@db'`, `input: 'postgres//rex:${M}@db'`],
    ['//rex:hunter2@db/x', `//rex:${M}@db/x`],
    ['proxy=rex:hunter2@proxy.corp:8080', `proxy=rex:${M}@proxy.corp:8080`],
  ] as const)
    it(given, () => assert.equal(scrubber.text(given), expected));
});

describe('leaves what may be an address or a place', () => {
  for (const clean of [
    'to:rex@acme.com',
    'email:rex@acme.com:25',
    'sip:alice@atlanta.com:5060',
    'git@github.com:acme/shop.git',
    'ssh rex@host:22',
    'nginx:1.25@sha256:40',
    'at:next@app.js:12:5',
    'image: repo:tag@sha256:4c0fab2c',
    '12:30:05 rex@host:22',
    '    at f (/app/node_modules/.pnpm/next@14.2.3_react@18.3.1/node_modules/next/dist/server.js:10:5)',
  ])
    it(clean, () => assert.equal(scrubber.text(clean), clean));
});
