// Canonical type and code. What the carrier calls the type, the code it gave and the stack's header in; class name and
// code out. OpenTelemetry for Node sends `code` as exception.type where there is one (sdk-trace Span.recordException), so
// a type that looks like a code gives way to the class in the header.

import type { Header } from './header.ts';

const UPPER_CODE = /^(?=.*[_\d]|E[A-Z]{3})[A-Z0-9][A-Z0-9_.-]+$/;
const LOWER_CODE = /^[a-z0-9]+(?:[_/-][a-z0-9]+)+$/;
/** Names that say no more than "an error". One or two letters are what a minifier left of a class. */
const GENERIC = /^(?:|[Ee]rror|Object|DOMException|[Uu]nknown|[A-Za-z_$]{1,2})$/;

/** ECONNREFUSED, ERR_INVALID_ARG_TYPE, P2002, 23505, 20, auth/invalid-email, card_declined. */
export function isCode(text: string): boolean {
  return text.length <= 128 && (/^\d+$/.test(text) || UPPER_CODE.test(text) || LOWER_CODE.test(text));
}

export function canonicalType(
  givenType: string,
  givenCode: string | undefined,
  header: Header | undefined,
): { type: string; code: string | undefined } {
  const given = givenType.trim();
  const coded = isCode(given);
  let code = givenCode || (coded && !/^\d{1,2}$/.test(given) ? given : undefined);
  let fromHeader = header?.name ?? '';
  if (header?.bracket !== undefined) {
    if (isCode(header.bracket)) code ??= header.bracket;
    else if (isGeneric(fromHeader)) fromHeader = header.bracket;
  }
  const own = splitBracket(given);
  if (own.code !== undefined) code ??= own.code;
  const chosen = coded || isGeneric(own.type) ? (isGeneric(fromHeader) ? '' : fromHeader) : own.type;
  if (chosen !== '') return { type: clean(chosen), code };
  return { type: given === '' && header === undefined && !code ? '' : 'Error', code };
}

function isGeneric(name: string): boolean {
  return GENERIC.test(name);
}

/** "Error [X]", "X [Error]", "DOMException [X]" and "TypeError [ERR_X]" given as a type. */
function splitBracket(given: string): { type: string; code: string | undefined } {
  const open = given.indexOf(' [');
  if (open < 0 || !given.endsWith(']')) return { type: given, code: undefined };
  const name = given.slice(0, open);
  const bracket = given.slice(open + 2, -1);
  if (isCode(bracket)) return { type: name, code: bracket };
  return { type: isGeneric(name) ? bracket : name, code: undefined };
}

/**
 * Bundlers rename classes that clash: TypeError2, ValidationError$1, _HttpError. Classes without a name have an address in
 * Ruby (#<Class:0x00007f76>) and a place in PHP (Exception@anonymous /app/shop.php:38$0).
 */
function clean(name: string): string {
  if (name.startsWith('#<Class:0x')) return '#<Class>';
  const nameless = name.indexOf('@anonymous');
  if (nameless > 0) return name.slice(0, nameless + 10);
  const bare = name.replace(/\$\d{1,9}$/, '').replace(/^_+(?=[A-Z])/, '');
  return /(?:Error|Exception)\d{1,3}$/.test(bare) ? bare.replace(/\d{1,3}$/, '') : bare;
}
