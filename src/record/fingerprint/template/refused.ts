// What a parser could not read, in the words of several languages: the value is what somebody sent, and may be any. A message
// in, the same with `<*>` for it out.

const MASKED = '<*>';

const HINT =
  /For input|could not|invalid (?:literal|value|input|start)|time data|was not |from String|at \[Source|unexpected token|same key|No enum|Invalid UUID|time string|\n\s{1,4}left: /;
const UNQUOTED = ['same key', 'No enum', 'Invalid UUID', 'time string', 'at [Source', 'left: '];
/** Java, Python, Ruby, asyncpg: the value stands last. */
const LAST =
  /\b(For input string: |with base \d{1,3}: |string to (?:float|int): |(?:Integer|Float)\(\): |query argument \$\d{1,5}: )(?:"[^"\n]{0,512}"|'[^'\n]{0,512}')/;
/** .NET, Java, Python, Jackson: the value stands before what is wrong with it. */
const FIRST =
  /\b(Text |[Ss]tring |time data |from String )(?:"[^"\n]{0,512}"|'[^'\n]{0,512}')(?= could not be parsed| was not | does not match|: not )/;
/** Jackson: the beginning of the text, and where in it. */
const SOURCE = /\s{1,4}at \[Source: [^\n]{0,4096}?; (?:line|byte offset): [^\]\n]{1,64}\]/;

export function withoutRefused(text: string): string {
  const quotes = text.includes('"') || text.includes("'");
  if (!quotes && !UNQUOTED.some((words) => text.includes(words))) return text;
  if (!HINT.test(text)) return text;
  // Ruby's JSON, long with the line of its own source that noticed.
  if (/^(?:\d{1,4}: )?unexpected token at '/.test(text)) return `unexpected token at ${MASKED}`;
  // Rust's assert_eq and assert_ne.
  const left = text.startsWith('assertion `') ? text.search(/\n\s{1,4}left: /) : -1;
  if (left > 0) return text.slice(0, left);
  return (
    text
      .replace(LAST, `$1${MASKED}`)
      .replace(FIRST, `$1${MASKED}`)
      .replace(SOURCE, '')
      // System.Text.Json.
      .replace(/^'.{1,8}' (?=is an invalid start of)/, `${MASKED} `)
      .replace(/(with the same key has already been added\. Key: ).{1,1024}$/, `$1${MASKED}`)
      .replace(/^(No enum constant (?:[\w$]{1,128}\.){1,16})[^.\n]{1,256}$/, `$1${MASKED}`)
      .replace(/^(Invalid UUID string: ).{1,1024}$/, `$1${MASKED}`)
      .replace(/(Failed to parse time string ).{1,1024}$/, `$1${MASKED}`)
  );
}
