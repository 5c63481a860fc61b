// The table of docs/postgres.md, against a server with a certificate of a CA of its own, for "localhost" alone.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { explainDatabaseError } from '../../src/cli/explain-error.ts';
import type { RowtraceError } from '../../src/errors.ts';
import { loadOptions } from '../../src/options/options.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { cliDir, runCli } from '../support/cli.ts';
import { folderFor } from '../support/folder.ts';
import { NEW_KEY, noOpenssl, openssl } from '../support/openssl.ts';
import { createCluster, launchPostgres } from '../support/postgres-server.ts';

/** A CA in `folder`, and what it signed for the server in `to`. */
function makeCertificates(folder: string, to: string): string {
  const [ca, caKey, cert, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key'), join(to, 'c.pem'), join(to, 'c.key')];
  openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-keyout', caKey, '-out', ca, '-subj', '/CN=kennel CA');
  const [request, names] = [join(folder, 'c.csr'), join(folder, 'names')];
  openssl('req', '-new', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=localhost');
  writeFileSync(names, 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', names];
  openssl('x509', '-req', '-in', request, '-out', cert, ...signed);
  return ca;
}

async function serverFor(t: TestContext): Promise<{ ca: string; port: number; password: string }> {
  const cluster = await createCluster();
  t.after(() => rmSync(cluster.dir, { recursive: true, force: true }));
  const ca = makeCertificates(folderFor(t), cluster.data);
  if (cluster.account)
    for (const file of ['c.pem', 'c.key'])
      chownSync(join(cluster.data, file), cluster.account.uid, cluster.account.gid);
  writeFileSync(join(cluster.data, 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
  const tls = { ssl: 'on', ssl_cert_file: 'c.pem', ssl_key_file: 'c.key', fsync: 'off' };
  const { child, url, port } = await launchPostgres(cluster, cluster.data, tls);
  t.after(async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  });
  return { ca, port, password: new URL(url).password };
}

test('a database URL says whom it trusts, as docs/postgres.md has it', { skip: noOpenssl }, async (t) => {
  const { ca, port, password } = await serverFor(t);
  const at = (host: string, query: string) => `postgres://postgres:${password}@${host}:${port}/postgres${query}`;
  const untrusted = /is not trusted, or not encrypted as it should be: .*\|Add sslrootcert=/;
  for (const [host, query, said] of [
    ['localhost', `?sslmode=verify-full&sslrootcert=${ca}`, /^encrypted$/],
    ['127.0.0.1', '?sslmode=no-verify', /^encrypted$/],
    ['127.0.0.1', '?uselibpqcompat=true&sslmode=require', /^encrypted$/],
    ['localhost', '?sslmode=verify-full', untrusted],
    // The certificate is checked, and the host name.
    ...['require', 'prefer', 'verify-ca'].flatMap(
      (mode) =>
        [
          ['localhost', `?sslmode=${mode}`, untrusted],
          ['127.0.0.1', `?sslmode=${mode}&sslrootcert=${ca}`, untrusted],
          ['localhost', `?sslmode=${mode}&sslrootcert=${ca}`, /^encrypted$/],
        ] as const,
    ),
    ['127.0.0.1', `?sslmode=verify-full&sslrootcert=${ca}`, untrusted],
    // A file that is not there is no network that is away.
    ['localhost', `?sslmode=verify-full&sslrootcert=${ca}.gone`, /not trusted.*open '.*ca\.pem\.gone'\.\|Add sslroot/],
    ['localhost', `?sslmode=verify-full&sslrootcert=${join(ca, '..')}`, untrusted],
    ['localhost', '', /refused the connection: .*no encryption\.\|.*add sslmode=verify-full/],
  ] as const)
    assert.match(await connectTo(t, at(host, query)), said, `${host}${query}`);

  const env = { ROWTRACE_DATABASE_URL: at('localhost', '?sslmode=verify-full') };
  const trusting = { dir: cliDir(t), env: { ...env, NODE_EXTRA_CA_CERTS: ca } };
  assert.equal((await runCli(t, ['migrate'], trusting)).code, 0);
  assert.match((await runCli(t, ['issues'], trusting)).stderr, /^rowtrace: no issues yet;/m);
});

/** What became of it: "encrypted", or message and fix. */
async function connectTo(t: TestContext, databaseUrl: string): Promise<string> {
  const db = openPostgres(databaseUrl);
  t.after(() => db.close());
  try {
    const [row] = await db.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return row!.ssl ? 'encrypted' : 'plain';
  } catch (error) {
    const { message, fix } = explainDatabaseError(error, loadOptions({ databaseUrl }, {})) as RowtraceError;
    return `${message}|${fix}`;
  }
}
