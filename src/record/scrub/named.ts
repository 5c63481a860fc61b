// Values whose name stands beside them: `{ path: 'password', value: 'x' }`. Which members of an object are name and value:
// headers and settings (name, key + value; AWS tags in capitals), express-validator (path or param), class-validator
// (property), Mongoose, Sequelize and yup (path), Joi (label, key), FluentValidation (PropertyName, AttemptedValue), Spring
// (field, rejectedValue), Hibernate (propertyPath, invalidValue), pydantic and zod (loc or path + input), valibot (received),
// ajv (instancePath + data), ioredis (the command auth and its args), clients of databases (a statement + what it was given).

import { peek } from '../thrown.ts';

const NAMES = 'name|key|label|header|path|loc|(?:property|field|param|parameter|attribute)(?:_?name|_?path)?';
const POINTERS = '(?:instance|data)path';
const VALUES = '(?:(?:input|attempted|rejected|invalid|original|string)_?)?value';

export const NAME_LABEL = `(?:${NAMES}|${POINTERS})`;
export const VALUE_LABEL = `(?:${VALUES}|input|received|data|args)`;

const IS_NAME = new RegExp(`^${NAME_LABEL}$`, 'i');
const IS_VALUE = new RegExp(`^${VALUE_LABEL}$`, 'i');
const IS_PLAIN_VALUE = new RegExp(`^${VALUES}$`, 'i');
const IS_STATEMENT = /^(?:sql|query|text|statement|db\.statement|db\.query\.text)$/i;
const IS_BINDS =
  /^(?:parameters|params|bindings|binds|values|db\.(?:postgresql|mysql)\.values|db\.query\.parameter\.\w{1,64})$/i;
const STATEMENT = /^\s{0,64}(?:insert|update|select|delete|replace|merge|call|exec|with|alter|create)\s/i;
const STATEMENT_REACH = 8_192;
const IS_POINTER = new RegExp(`^${POINTERS}$`, 'i');
/** What zod says it received. */
const TYPE = /^(?:undefined|null|string|number|nan|boolean|object|array|date|map|set|function|symbol|bigint|integer)$/i;

type Kind = 'name' | 'value' | 'other';
/** Looked up: every key of every JSON is asked for. */
const kinds = new Map<string, Kind>();

function kindOf(label: string): Kind {
  const known = kinds.get(label);
  if (known !== undefined) return known;
  const kind =
    IS_NAME.test(label) || IS_STATEMENT.test(label)
      ? 'name'
      : IS_VALUE.test(label) || IS_BINDS.test(label)
        ? 'value'
        : 'other';
  // Bounded, since keys may be data.
  if (kinds.size >= 2_000) kinds.clear();
  if (label.length <= 256) kinds.set(label, kind);
  return kind;
}

export function isNameLabel(label: string): boolean {
  return kindOf(label) === 'name';
}

export function isValueLabel(label: string): boolean {
  return kindOf(label) === 'value';
}

/** Whether what stands under `valueLabel` is the value of what `name` says under `nameLabel`. */
export function isNamedBy(nameLabel: string, name: string, valueLabel: string, value: unknown): boolean {
  if (IS_STATEMENT.test(nameLabel) || IS_BINDS.test(valueLabel))
    return IS_STATEMENT.test(nameLabel) && IS_BINDS.test(valueLabel);
  // A path of the file system or of a URL; `/password` is one of JSON Patch.
  if (/^path$/i.test(nameLabel) && name.includes('/', 1)) return false;
  if (IS_PLAIN_VALUE.test(valueLabel)) return true;
  if (/^args$/i.test(valueLabel)) return /^name$/i.test(nameLabel) && /^auth$/i.test(name);
  if (/^data$/i.test(valueLabel)) return IS_POINTER.test(nameLabel);
  if (!/^(?:path|loc)$/i.test(nameLabel)) return false;
  return !(/^received$/i.test(valueLabel) && typeof value === 'string' && TYPE.test(value));
}

type IsSecret = (name: string, value: unknown) => boolean;

/** What is named under a label: of a statement its columns that are secret for some value, as each value asks for all of them. */
export function namesUnder(label: string, name: string, isSecret: IsSecret): [label: string, name: string][] {
  if (!IS_STATEMENT.test(label)) return [[label, name]];
  if (!STATEMENT.test(name)) return [];
  const columns = [...new Set(namesOfStatement(name.slice(0, STATEMENT_REACH)))];
  return columns.filter((column) => isSecret(column, '?')).map((column) => [label, column]);
}

export function namesOfStatement(statement: string): string[] {
  return statement.match(/[A-Za-z_]\w{0,127}/g) ?? [];
}

/** The names in an object: texts, and of lists (`loc: ['body', 'password']`) the last text. Asks for nothing else in it. */
export function namesIn(holder: object, isSecret: IsSecret): [label: string, name: string][] {
  try {
    return Object.keys(holder).flatMap((label): [string, string][] => {
      if (!isNameLabel(label)) return [];
      const value = peek(holder, label);
      const name: unknown = Array.isArray(value) ? value.findLast(isText) : value;
      return isText(name) ? namesUnder(label, name, isSecret) : [];
    });
  } catch {
    return [];
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
