// `rowtrace keys`: who may send to a receiver. A key is shown once, when it is made.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { RowtraceError } from '../../errors.ts';
import { loadOptions } from '../../options/options.ts';
import { makeKey } from '../../receive/keys/api-key.ts';
import { type ApiKey, insertApiKey, listApiKeys, revokeApiKey } from '../../store/api-keys.ts';
import type { Db } from '../../store/db.ts';
import { type DatabaseFlags, examples, onDatabase } from '../arguments.ts';
import { withDatabase } from '../open-database.ts';
import { safeJson } from '../output/escape.ts';
import { ago, shortTime } from '../output/format.ts';
import { type Column, renderTable } from '../output/table.ts';
import { note, print, terminalOf } from '../output/terminal.ts';

const SCOPES = ['ingest', 'read'];

export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description('make, list and revoke keys of those who may send to `rowtrace serve`');
  const create = keys
    .command('create')
    .description('make a key and show it, this once')
    .argument('<name>', 'what it is for', parseName)
    .addOption(
      new Option('--scope <scopes>', 'ingest (may send), read (may ask), or both')
        .argParser(parseScopes)
        .default(['ingest'], 'ingest'),
    )
    .option('--service <names>', 'service names it may send for (default: all)', parseNames);
  examples(
    onDatabase(create),
    'rowtrace keys create "the shop"',
    'rowtrace keys create "cron jobs" --service backup,reports',
  );
  create.action(runCreate);
  const list = keys.command('list').description('list the keys, without the keys themselves');
  examples(onDatabase(list), 'rowtrace keys list');
  list.action(runList);
  const revoke = keys
    .command('revoke')
    .description('revoke a key; receivers refuse it within seconds')
    .argument('<id>', 'as `rowtrace keys list` shows it');
  examples(onDatabase(revoke), 'rowtrace keys revoke k3x7q2ab');
  revoke.action(runRevoke);
}

async function runCreate(name: string, flags: DatabaseFlags & { scope: string[]; service?: string[] }): Promise<void> {
  const options = loadOptions({ dir: flags.dir });
  const { key, id, digest } = makeKey();
  const services = flags.service ?? null;
  // The first thing that is done where a receiver is set up.
  const insert = (db: Db) => insertApiKey(db, options.schema, { id, name, digest, scopes: flags.scope, services });
  await withDatabase(options, insert, true);
  if (flags.json) return print(safeJson({ id, name, scopes: flags.scope, services, key }, 2));
  print(key);
  note('keep it: it is stored nowhere and cannot be shown again. Send it as X-API-Key, or as Authorization: Bearer');
}

async function runList({ dir, json }: DatabaseFlags): Promise<void> {
  const options = loadOptions({ dir });
  const keys = await withDatabase(options, (db) => listApiKeys(db, options.schema));
  if (json) return print(safeJson(keys, 2));
  if (keys.length === 0) return note('there are no keys; make one with: rowtrace keys create <name>');
  print(renderTable(keys, COLUMNS, terminalOf()));
}

async function runRevoke(given: string, { dir, json }: DatabaseFlags): Promise<void> {
  const options = loadOptions({ dir });
  const id = given.replace(/^rt_/, '').slice(0, 8);
  const revoked = await withDatabase(options, (db) => revokeApiKey(db, options.schema, id));
  if (!revoked) throw new RowtraceError('RT_KEY_NOT_FOUND', [id]);
  print(json ? safeJson({ id, revoked }, 2) : `Key ${id} is revoked.`);
}

const COLUMNS: Column<ApiKey>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, min: 8 },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(', ') },
  { title: 'SERVICES', value: ({ services }) => services?.join(', ') ?? 'all', min: 8 },
  { title: 'CREATED', value: ({ created_at }) => shortTime(created_at), drop: 1 },
  { title: 'USED', value: ({ last_used_at }) => (last_used_at ? ago(last_used_at) : 'never'), drop: 2 },
  { title: 'STATE', value: ({ revoked_at }) => (revoked_at ? 'revoked' : 'good') },
];

function parseName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a name that says what the key is for.');
  return text;
}

function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Expected names, separated by commas.');
  return names;
}

function parseScopes(text: string): string[] {
  const scopes = parseNames(text);
  if (!scopes.every((scope) => SCOPES.includes(scope)))
    throw new InvalidArgumentError(`Expected ${SCOPES.join(' or ')}, or both separated by a comma.`);
  return scopes;
}
