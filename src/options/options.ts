// Options: code > configuration file > environment > default; validated with the value given, frozen, printed with
// secrets masked. Only this room and cli/ take settings from process.env.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { RowtraceError } from '../errors.ts';
import { judgeKey } from '../record/scrub/keys.ts';
import { ownRequire } from '../util/own-files.ts';
import { DEFINITIONS, type Definition } from './definitions.ts';
import { workingFolder } from './launcher.ts';
import { meantText, unknownOption } from './unknown-names.ts';

type Definitions = typeof DEFINITIONS;
export type OptionName = keyof Definitions;

/** Every option with its value in force. */
export type Options = Readonly<{
  [Name in OptionName]: Definitions[Name] extends Definition<infer Value> ? Value : never;
}>;

export type OptionsInput = Partial<{ [Name in OptionName]: unknown }>;
type Environment = Readonly<Record<string, string | undefined>>;

const HIDDEN = '***';
/** For `new URL` whatever has a colon is a URL, as "user:password@host" is. */
const URL_BEGIN = /^[a-z][a-z0-9+.-]*:\/\//i;

const CONFIG_FILES = ['rowtrace.config.js', 'rowtrace.config.mjs', 'rowtrace.config.cjs', 'rowtrace.config.json'];

/**
 * Merges and validates the options.
 *
 * @param code options given in code; they win over everything else
 * @throws RowtraceError RT_OPTION_INVALID, RT_OPTION_UNKNOWN, RT_CONFIG_UNREADABLE
 */
export function loadOptions(
  code: OptionsInput = {},
  env: Environment = process.env,
  cwd = workingFolder(env),
): Options {
  const path = configFile(env, cwd);
  const file = path === undefined ? {} : (loadFile(path) as OptionsInput);
  for (const [given, where] of [[code, 'the code'] as const, [file, path] as const]) {
    const unknown = unknownOption(given);
    if (unknown) throw new RowtraceError('RT_OPTION_UNKNOWN', [`${unknown.name}${meantText(unknown)}`, where]);
  }
  const merged: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(DEFINITIONS) as [OptionName, Definition<unknown>][]) {
    const fromEnv = definition.env === undefined ? undefined : env[definition.env] || undefined;
    const given = code[name] ?? file[name] ?? fromEnv;
    if (given === undefined || given === null) {
      merged[name] = definition.default;
      continue;
    }
    const label = code[name] === undefined && file[name] === undefined ? definition.env! : name;
    merged[name] = parseOption(label, definition, given);
  }
  merged.dir = resolve(cwd, merged.dir as string);
  if (merged.userId === 'hash' && merged.userIdKey === undefined)
    throw new RowtraceError('RT_OPTION_INVALID', ['userId = "hash"', 'it needs userIdKey (ROWTRACE_USER_ID_KEY) too']);
  if (merged.endpoint !== undefined && merged.databaseUrl !== undefined)
    throw new RowtraceError('RT_OPTION_INVALID', [
      `endpoint = ${JSON.stringify(merged.endpoint)}`,
      'a database is configured, too (ROWTRACE_DATABASE_URL); rows can go to one of them only',
    ]);
  return Object.freeze(merged) as Options;
}

function parseOption(label: string, definition: Definition<unknown>, given: unknown): unknown {
  try {
    return definition.parse(given);
  } catch (error) {
    const secret = definition.secret ?? (typeof given === 'string' && /:.*@/s.test(given) ? 'url' : undefined);
    const shown =
      secret === undefined ? shownValue(given) : maskedValue(secret, typeof given === 'string' ? given : '');
    throw new RowtraceError('RT_OPTION_INVALID', [`${label} = ${shown}`, (error as Error).message]);
  }
}

/** What JSON cannot write (bigints, circular objects, getters that throw) as util.inspect does. */
function shownValue(given: unknown): string {
  try {
    return JSON.stringify(given) ?? inspect(given, { depth: 1 });
  } catch {
    return inspect(given, { depth: 1, breakLength: Number.POSITIVE_INFINITY }).slice(0, 1_000);
  }
}

/** ROWTRACE_CONFIG, or the first rowtrace.config.* in the working directory; an ES module gives its default export. */
function configFile(env: Environment, cwd: string): string | undefined {
  const named = env.ROWTRACE_CONFIG;
  return named ? resolve(cwd, named) : CONFIG_FILES.map((name) => join(cwd, name)).find((name) => existsSync(name));
}

/** What a configuration file exports or, as JSON, is. @throws RowtraceError RT_CONFIG_UNREADABLE */
export function loadFile(path: string): object {
  try {
    const loaded = ownRequire(resolve(path));
    const given: unknown = loaded?.default ?? loaded;
    if (!given || typeof given !== 'object') throw new Error('it exports no object');
    return given;
  } catch (error) {
    throw new RowtraceError('RT_CONFIG_UNREADABLE', [path, (error as Error).message], { cause: error });
  }
}

/** `postgres://user:secret@host/db` → `postgres://user:***@host/db`; anything that is no URL with `//` → `***`. */
export function maskSecret(value: string): string {
  if (!URL_BEGIN.test(value) || !URL.canParse(value)) return HIDDEN;
  const url = new URL(value);
  // The rest of a password with a raw / or #.
  if ((url.pathname + url.hash).includes('@')) return HIDDEN;
  if (url.password) url.password = HIDDEN;
  for (const key of [...url.searchParams.keys()])
    if (judgeKey(key) !== undefined || /pass|secret|key|token/i.test(key)) url.searchParams.set(key, HIDDEN);
  return url.toString();
}

function maskedValue(secret: 'whole' | 'url', value: string): string {
  return secret === 'url' ? maskSecret(value) : HIDDEN;
}

/** Options that differ from their defaults, secrets masked; for `doctor` and for debugging. */
export function describeOptions(options: Options): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(DEFINITIONS) as [OptionName, Definition<unknown>][]) {
    const value = options[name];
    if (value === undefined || value === definition.default) continue;
    shown[name] = definition.secret ? maskedValue(definition.secret, String(value)) : value;
  }
  return shown;
}

/** True when the application has a database of its own by the usual name; Rowtrace never uses it unasked. */
export function applicationHasDatabase(env: Environment = process.env): boolean {
  return Boolean(env.DATABASE_URL) && !env.ROWTRACE_DATABASE_URL;
}
