// Statements in front of what the server said of them (Knex, Objection, MikroORM 6), or alone (Drizzle): neither their values nor
// how many there are make another problem. Text in, the same with `<*>` for values out.

const MASKED = '<*>';

const BEGINS =
  /^\s{0,64}(?:(?:insert|insert ignore|replace) into|update [^']{1,256}? set|delete from|select|with [^']{1,256}? as|set|call)\s/i;
/** What servers say of a statement that begins with no such word. */
const REFUSED = /^(?:syntax error at or near|You have an error in your SQL syntax)/;
const SIGN = ' - ';
/** Of the statement: the words of the server have to stand in the template, too. */
const MAX_STATEMENT = 512;

const LITERAL = /'[^']{0,4096}'/g;
const ROWS = /(\bvalues\s{0,16})\([^()]{0,4096}\)(?:\s{0,16},\s{0,16}\([^()]{0,4096}\)){0,4096}/gi;
const FURTHER_ROWS = /(\bvalues\s{0,16}\([^()]{0,4096}\))(?:\s{0,16},\s{0,16}\([^()]{0,4096}\)){1,4096}/gi;
const LIST = /(\bin\s{0,16})\([\d$?<>*.,\s-]{1,4096}\)/gi;

/** A message that a statement begins; undefined where none does. */
export function statementMessage(given: string): string | undefined {
  if (!given.includes(SIGN)) return undefined;
  const text = given.replace(/\\./g, '');
  const at = endOfStatement(text);
  if (at < 0) return undefined;
  const said = text.slice(at + SIGN.length);
  if (!BEGINS.test(text) && !REFUSED.test(said)) return undefined;
  const statement = text
    .slice(0, at)
    .replace(LITERAL, MASKED)
    .replace(ROWS, `$1(${MASKED})`)
    .replace(LIST, `$1(${MASKED})`);
  return statement.slice(0, MAX_STATEMENT) + SIGN + said;
}

/** A statement whose values are elsewhere, however many there are. */
export function withoutFurtherValues(statement: string): string {
  return statement.replace(FURTHER_ROWS, '$1').replace(LIST, `$1(${MASKED})`);
}

/** The last sign that is in no literal: what the server says may have quotes that nothing closes. */
function endOfStatement(text: string): number {
  let found = -1;
  let sign = text.indexOf(SIGN);
  for (let at = 0; sign >= 0; ) {
    const quote = text.indexOf("'", at);
    if (quote < 0 || sign < quote) {
      found = sign;
      at = sign + SIGN.length;
    } else {
      const end = text.indexOf("'", quote + 1);
      if (end < 0) return found;
      at = end + 1;
    }
    if (sign < at) sign = text.indexOf(SIGN, at);
  }
  return found;
}
