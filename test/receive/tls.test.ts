// HTTPS with certificate files: what a sender with the certificate sends is stored; files that do not fit are refused at the
// start with the way out; whoever speaks something else is cut off, and the receiver goes on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { cliDir, eventually, runCli, startCli } from '../support/cli.ts';
import { databaseFor } from '../support/database.ts';
import { folderFor } from '../support/folder.ts';
import { until } from '../support/journals.ts';
import { NEW_KEY, noOpenssl, openssl } from '../support/openssl.ts';
import { receiverFor } from '../support/receiver.ts';
import { slowServer } from '../support/slow-server.ts';

/** A certificate for 127.0.0.1, signed by itself, as files. */
function certificateFor(t: TestContext): { cert: string; key: string } {
  const folder = folderFor(t);
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const name = ['-subj', '/CN=rowtrace', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, ...name);
  return { cert, key };
}

function post(url: string, options: object, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asking = request(`${url}/api/v1/ingest`, { method: 'POST', headers, ...options }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

test('rowtrace serve with a certificate takes data over HTTPS from whoever trusts it', {
  skip: noOpenssl,
}, async (t) => {
  const { cert, key } = certificateFor(t);
  const { url: database, db } = await databaseFor(t);
  const receiver = startCli(t, ['serve', '--port', '0', '--tls-cert', cert, '--tls-key', key], {
    dir: cliDir(t),
    env: { ROWTRACE_DATABASE_URL: database },
  });
  const url = await eventually(() => /https:\/\/[\d.]+:\d+/.exec(receiver.stdout)?.[0]);
  const body = JSON.stringify({ message: 'over TLS' });
  await assert.rejects(post(url, {}, body), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(await post(url, { ca: readFileSync(cert) }, body), 200);
  await until('the row', async () => (await db.query('select from rowtrace.error_logs')).length === 1);
});

test('certificate files that cannot be used are told at the start, with the files and the way out', {
  skip: noOpenssl,
}, async (t) => {
  const [mine, other] = [certificateFor(t), certificateFor(t)];
  const garbage = join(folderFor(t), 'garbage.pem');
  writeFileSync(garbage, 'no certificate');
  const dir = cliDir(t);
  for (const [cert, key, why] of [
    [mine.cert, other.key, /key values mismatch/],
    [garbage, mine.key, /no start line|PEM|wrong tag/i],
    [mine.key, mine.cert, /no start line|PEM|unsupported|DECODER/i],
    [join(dir, 'absent.pem'), mine.key, /ENOENT/],
  ] as const) {
    const { code, stderr } = await runCli(t, ['serve', '--port', '0', '--tls-cert', cert, '--tls-key', key], { dir });
    assert.equal(code, 2, stderr);
    assert.match(stderr, why);
    assert.ok(stderr.includes(cert) && stderr.includes(key), stderr);
    assert.match(stderr, /private key that belongs to it/);
    assert.doesNotMatch(stderr, /PRIVATE KEY-----|\n\s+at /);
  }
  const alone = await runCli(t, ['serve', '--port', '0', '--tls-cert', mine.cert], { dir });
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--tls-cert and --tls-key go together/);
});

test('plain HTTP to the HTTPS port, TLS older than 1.2 and noise are cut off, and others are served', {
  skip: noOpenssl,
}, async (t) => {
  const files = certificateFor(t);
  const [cert, key] = [readFileSync(files.cert), readFileSync(files.key)];
  const receiver = await receiverFor(t, {}, { tls: { cert, key } });
  for (const said of [
    'POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}',
    '\0'.repeat(100),
    '\x16\x03',
  ]) {
    const socket = connect(receiver.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.on('error', () => {});
    socket.end(said);
    await once(socket, 'close');
    assert.doesNotMatch(heard, /HTTP\/1\.1 200/);
  }
  const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const handshake = (options: ConnectionOptions) =>
    new Promise<string | null>((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port: receiver.port, ca: cert, ...options }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', reject);
    });
  await assert.rejects(handshake(old), { code: /ALERT_PROTOCOL_VERSION/ });
  assert.equal(await handshake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  const url = `https://127.0.0.1:${receiver.port}`;
  assert.equal(await post(url, { ca: cert }, JSON.stringify({ message: 'served' })), 200);
  assert.equal((await receiver.rows(1)).length, 1);
});

test('HTTPS to a plain HTTP port fails at the sender, and others are served', async (t) => {
  const receiver = await receiverFor(t);
  await assert.rejects(post(`https://127.0.0.1:${receiver.port}`, {}, '{}'), { code: /EPROTO|ECONNRESET|ERR_SSL/ });
  assert.equal(
    (await receiver.post('/api/v1/ingest', '{"message":"x"}', { 'content-type': 'application/json' })).status,
    200,
  );
});

test('a connection that never begins its handshake does not hold a stop up; a request under way is answered', {
  skip: noOpenssl,
}, async (t) => {
  const { cert, key } = certificateFor(t);
  const tls = { cert: readFileSync(cert), key: readFileSync(key) };
  const server = await slowServer('/api/v1/ingest', 'POST', { tls });
  const silent = connect(server.port, '127.0.0.1').on('error', () => {});
  t.after(() => silent.destroy());
  await once(silent, 'connect');
  const under = post(`https://127.0.0.1:${server.port}`, { ca: readFileSync(cert) }, '{}');
  await server.asked;
  const late = new Promise((resolve) => setTimeout(resolve, 8_000, 'late').unref());
  const closed = server.close(60_000).then(() => 'closed');
  server.answer();
  assert.equal(await under, 200);
  assert.equal(await Promise.race([closed, late]), 'closed');
});
