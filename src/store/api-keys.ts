// The api_keys table: keys of those who may send to a receiver.

import type { Db } from './db.ts';
import { quoteName } from './identifiers.ts';

export interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  services: string[] | null;
  created_at: Date;
  revoked_at: Date | null;
  last_used_at: Date | null;
}

/** @param key its digest is the SHA-256 of the key, hex */
export async function insertApiKey(
  db: Db,
  schema: string,
  key: Pick<ApiKey, 'id' | 'name' | 'scopes' | 'services'> & { digest: string },
): Promise<void> {
  await db.query(
    `insert into ${quoteName(schema)}.api_keys (id, name, digest, scopes, services)
     values ($1, $2, $3, $4::text[], $5::text[])`,
    [key.id, key.name, key.digest, key.scopes, key.services],
  );
}

export function listApiKeys(db: Db, schema: string): Promise<ApiKey[]> {
  return db.query<ApiKey>(
    `select id, name, scopes, services, created_at, revoked_at, last_used_at
     from ${quoteName(schema)}.api_keys order by created_at, id`,
  );
}

/** Those that are not revoked, with their digests. */
export function activeApiKeys(
  db: Db,
  schema: string,
): Promise<(Pick<ApiKey, 'id' | 'scopes' | 'services'> & { digest: string })[]> {
  return db.query(`select id, digest, scopes, services from ${quoteName(schema)}.api_keys where revoked_at is null`);
}

/** @returns false where there is no such key, or it was revoked before */
export async function revokeApiKey(db: Db, schema: string, id: string): Promise<boolean> {
  const revoked = await db.query(
    `update ${quoteName(schema)}.api_keys set revoked_at = now() where id = $1 and revoked_at is null returning id`,
    [id],
  );
  return revoked.length > 0;
}

export async function noteApiKeyUsed(db: Db, schema: string, id: string): Promise<void> {
  await db.query(`update ${quoteName(schema)}.api_keys set last_used_at = now() where id = $1`, [id]);
}
