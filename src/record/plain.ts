// Turns anything an application may have put into an attribute into bounded plain JSON data: cycles, throwing getters,
// BigInt, functions, Maps, Buffers, hostile keys. Object in, new object out; never throws, never calls toJSON.

export interface PlainRules {
  /** Most own keys of one object. */
  keys: number;
  depth: number;
  /** Most items of one array, Set or Map. */
  items: number;
  /** Most code units of keys and texts in all; what comes later is left out. */
  total: number;
  key?: (key: string) => string;
  text?: (text: string, key: string | undefined) => string;
  /** Asked before a value is looked at; a text returned replaces it. */
  replace?: (key: string, value: unknown, holder: object) => string | undefined;
  /** The same for an item of a list, by the one before it. */
  replaceItem?: (before: unknown, item: unknown) => string | undefined;
}

interface Walk {
  rules: PlainRules;
  left: number;
  /** The objects around the one that is looked at. */
  around: object[];
}

/** What each value takes of the total, a text's own length aside: so a list of nulls has an end, too. */
const VALUE_COST = 4;

/** What is left out is counted in this key of the outermost object. */
const CUT_KEY = 'rowtrace.tags_cut';

export function plain(value: unknown, rules: PlainRules): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  const walk: Walk = { rules, left: rules.total, around: [] };
  if (typeof value !== 'object' || isHolderSafe(value)) return { value: plainValue(value, undefined, walk, 1) };
  const result = plainObject(value, walk, 0);
  return result.left > 0 ? setOwn(result.target, CUT_KEY, result.left) : result.target;
}

/** Sets an own property whatever its name, so that `__proto__` stays data. */
export function setOwn<T extends object>(target: T, key: string, value: unknown): T {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else (target as Record<string, unknown>)[key] = value;
  return target;
}

/** Values that stand for something else than their own keys. */
function isHolder(value: object): boolean {
  return (
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    [Map, Set, Date, RegExp, URL, Error, ArrayBuffer, Promise, WeakMap, WeakSet].some((type) => value instanceof type)
  );
}

/** A revoked proxy throws on every question; it is read as an object without keys. */
function isHolderSafe(value: object): boolean {
  try {
    return Object.getPrototypeOf(value) !== Object.prototype && isHolder(value);
  } catch {
    return false;
  }
}

function plainObject(value: object, walk: Walk, depth: number): { target: Record<string, unknown>; left: number } {
  const target: Record<string, unknown> = {};
  let keys: string[];
  try {
    keys = Object.keys(value);
  } catch {
    return { target, left: 0 };
  }
  let kept = 0;
  let left = 0;
  walk.around.push(value);
  for (const key of keys) {
    if (kept >= walk.rules.keys || walk.left <= 0) {
      left = keys.length - kept;
      break;
    }
    let item: unknown;
    try {
      item = (value as Record<string, unknown>)[key];
    } catch {
      item = '[unreadable]';
    }
    if (item === undefined) {
      kept++;
      continue;
    }
    const name = walk.rules.key ? walk.rules.key(key) : key;
    walk.left -= name.length;
    const replaced = walk.rules.replace?.(key, item, value);
    setOwn(target, name, replaced ?? plainValue(item, key, walk, depth + 1));
    kept++;
  }
  walk.around.pop();
  return { target, left };
}

function plainValue(value: unknown, key: string | undefined, walk: Walk, depth: number): unknown {
  walk.left -= VALUE_COST;
  switch (typeof value) {
    case 'string':
      return plainText(value, key, walk);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return plainText(String(value), key, walk);
    case 'symbol':
      return plainText(String(value), key, walk);
    case 'function':
      return '[function]';
    case 'undefined':
      return null;
  }
  if (value === null) return null;
  try {
    return plainHolder(value as object, key, walk, depth);
  } catch {
    return '[unreadable]';
  }
}

function plainText(text: string, key: string | undefined, walk: Walk): string {
  if (walk.left <= 0) return '';
  const done = walk.rules.text ? walk.rules.text(text, key) : text;
  // A text that would burst the total is shortened to what is left, with the mark of the text rule gone: say so instead.
  const fits = done.length <= walk.left ? done : `${done.slice(0, walk.left).toWellFormed()}…[cut]`;
  walk.left -= fits.length;
  return fits;
}

function plainHolder(value: object, key: string | undefined, walk: Walk, depth: number): unknown {
  if (walk.around.includes(value)) return '[circular]';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp || value instanceof URL) return plainText(String(value), key, walk);
  if (ArrayBuffer.isView(value)) return `[${value.constructor.name} ${value.byteLength} bytes]`;
  if (value instanceof ArrayBuffer) return `[ArrayBuffer ${value.byteLength} bytes]`;
  if (value instanceof Error) return plainText(`${value.name}: ${value.message}`, key, walk);
  if (depth > walk.rules.depth) return Array.isArray(value) ? '[array]' : '[object]';
  if (Array.isArray(value)) return plainItems(value, value.length, key, walk, depth);
  if (value instanceof Set) return plainItems(value, value.size, key, walk, depth);
  if (value instanceof Map) {
    const entries: Record<string, unknown> = Object.create(null);
    let taken = 0;
    for (const [name, item] of value) {
      if (taken++ >= walk.rules.keys) break;
      entries[typeof name === 'symbol' ? 'symbol' : String(name)] = item;
    }
    return plainObject(entries, walk, depth).target;
  }
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet)
    return `[${value.constructor.name}]`;
  return plainObject(value, walk, depth).target;
}

function plainItems(
  items: Iterable<unknown> & object,
  size: number,
  key: string | undefined,
  walk: Walk,
  depth: number,
) {
  const list: unknown[] = [];
  let before: unknown;
  walk.around.push(items);
  try {
    for (const item of items) {
      if (list.length >= walk.rules.items || walk.left <= 0) {
        list.push(`…[cut ${size - list.length}]`);
        break;
      }
      list.push(walk.rules.replaceItem?.(before, item) ?? plainValue(item, key, walk, depth + 1));
      before = item;
    }
  } finally {
    walk.around.pop();
  }
  return list;
}
