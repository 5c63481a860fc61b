// One wording for what Ruby says differently from version to version, and for what Ruby, Elixir and .NET say with the values at
// hand: of which they are says what is wrong, and the values do not. A message in, all of it, or one made for the purpose, out.

const CANDIDATE = /^(?:undefined |private |protected |super: |uninit|can't modify |no |key [:"]|protocol )/;
const NO_METHOD =
  /^((?:undefined (?:local variable or )?method|(?:private|protected) method|super: no superclass method) )[`']([^`'\n]{1,256})'( called)? for ([^\n]{1,1024})/;
const KIND = /^([A-Z]\w{0,128}(?:::[A-Z]\w{0,128}){0,16}):(Class|Module)$/;
const INSTANCE = /^(?:#<|an instance of )([A-Z]\w{0,128}(?:::[A-Z]\w{0,128}){0,16})/;
const PRINTED = /[^:]:([A-Z]\w{0,128}(?:::[A-Z]\w{0,128}){0,16})$/;
/** MatchError, CaseClauseError and their like. */
const NO_CLAUSE =
  /^no (?:match of right hand side value|(?:case|try|else|with) clause matching|function clause matching in [^\n:]{1,256}):(?=\s)/;
const NO_KEY = /^(key (?::[^\s]{1,256}|"[^"\n]{1,256}") not found in:)\s{1,16}(nil\b)?/;
const NO_PROTOCOL = /^(protocol [\w.]{1,256} not implemented for )([^\n]{1,2048})/;

export function languageWording(text: string): string {
  if (!CANDIDATE.test(text)) return text;
  const method = NO_METHOD.exec(text);
  // Behind the first line stand hints and, since Ruby 3.1, the line of the source.
  if (method !== null) return `${method[1]}'${method[2]}'${method[3] ?? ''} for ${receiverOf(method[4]!)}`;
  const constant =
    /^uninitialized constant [\w:]{1,256}/.exec(text) ?? /^can't modify frozen [\w:#<>]{1,256}(?=: )/.exec(text);
  if (constant !== null) return constant[0];
  const clause = NO_CLAUSE.exec(text);
  if (clause !== null) return `${clause[0]} <*>`;
  const key = NO_KEY.exec(text);
  if (key !== null) return `${key[1]} ${key[2] ?? '<*>'}`;
  const protocol = NO_PROTOCOL.exec(text);
  if (protocol === null) return text;
  // Elixir 1.18 says the type alone, and the value on lines of its own.
  const type = / of type ([\w.]{0,256}\w)/.exec(protocol[2]!)?.[1] ?? /^[\w.]{0,256}\w/.exec(protocol[2]!)?.[0] ?? '';
  return `${protocol[1]}${type}`;
}

/** Until Ruby 3.3 the receiver was printed, with its class: `"ann":String`, `#<Cart:0x00007f76>`, `nil:NilClass`. */
function receiverOf(written: string): string {
  const plain = /^(?:nil|true|false|main)\b/.exec(written);
  if (plain !== null) return plain[0];
  const itself = KIND.exec(written);
  if (itself !== null) return `${itself[2]!.toLowerCase()} ${itself[1]}`;
  const name = INSTANCE.exec(written)?.[1] ?? PRINTED.exec(written)?.[1];
  return name === undefined ? written : `an instance of ${name}`;
}

/**
 * .NET's AggregateException and Task.WhenAll: "One or more errors occurred. (no dog <*>) (no dog <*>)". How many failed, and
 * which first, is a matter of time.
 */
export function withoutRepeatedMembers(template: string): string {
  const lead = 'One or more errors occurred. (';
  if (!template.startsWith(lead) || !template.endsWith(')')) return template;
  const members = new Set(template.slice(lead.length, -1).split(') ('));
  return `${lead}${[...members].sort().join(') (')})`;
}
