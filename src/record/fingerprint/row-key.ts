// The key of a row, remembered: the same bug comes again and again, with other numbers in its message. An exception in, what
// its row needs of the key out, the same that findKey says. Remembered is only what cannot differ by a number: one plain
// error with its class in front of its message, at frames that were read before.

import { type FoundKey, findKey } from './fingerprint.ts';
import { isReadAsV8 } from './languages/index.ts';
import { knownPlace } from './parse-v8.ts';
import { withoutLongNumbers } from './template/message-template.ts';
import type { FingerprintInput, FingerprintOptions } from './types.ts';

export type RowKey = Pick<FoundKey, 'fingerprint' | 'version' | 'type' | 'code' | 'template' | 'title' | 'culprit'>;

const MAX_KEYS = 2_048;
const MAX_MESSAGE = 512;
/** By all that the key is made of. */
const known = new Map<string, RowKey>();

export function findRowKey(input: FingerprintInput, options: FingerprintOptions): RowKey {
  const name = nameOf(input, options);
  const found = name === undefined ? undefined : known.get(name);
  if (found !== undefined) return found;
  const { fingerprint, version, type, code, template, title, culprit } = findKey(input, options);
  const key = { fingerprint, version, type, code, template, title, culprit };
  if (name === undefined) return key;
  if (known.size >= MAX_KEYS) known.clear();
  known.set(name, key);
  return key;
}

/** Undefined where the key has to be made. Of an operator's rules any may look at any number of the message. */
function nameOf(input: FingerprintInput, { rules }: FingerprintOptions): string | undefined {
  const { type, code, message, stack, service = '', language, cause, errors, override, template } = input;
  if (!type || !message || !stack || message.length > MAX_MESSAGE || !/^[A-Za-z_$][\w$.]{0,127}$/.test(type))
    return undefined;
  if (cause || errors?.length || override || template || (rules && rules.length > 0)) return undefined;
  const place = knownPlace(stack);
  // A class of which the header says otherwise is told by rules of its own (canonicalType).
  if (place === undefined || !isTitle(place.header, type, message) || !isReadAsV8(stack, language)) return undefined;
  // Told apart whatever lines the last two have; the others have one each.
  return `${place.number}\n${type}\n${withoutLongNumbers(message)}\n${code?.length}\n${code ?? ''}\n${service}`;
}

/** `type: message` */
function isTitle(header: string, type: string, message: string): boolean {
  const { length } = type;
  return (
    header.length === length + 2 + message.length &&
    header.startsWith(type) &&
    header.startsWith(': ', length) &&
    header.endsWith(message)
  );
}
