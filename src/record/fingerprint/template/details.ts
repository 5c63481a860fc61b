// What drivers, mappers and HTTP clients append to what is wrong: the row at hand, the statement with its values, the answer
// of another service. A message in, the same without them out.

const MASKED = '<*>';

/** Postgres', on lines of their own, as its drivers print them, and SQLAlchemy's. */
const LINES = /\n\s{0,16}(?:DETAIL|HINT|CONTEXT|POSITION|LINE \d{1,9}):|\n\[SQL: |\n\(Background on this error at: /;
/** The same by pgjdbc, which has labels in the language of the application; the row's columns give them away. */
const LABELLED =
  /\n[ \t]{0,8}[^\s:]{1,32} ?: [^\n]{0,1024}\)=\(|\n {0,2}Detail: Failing row|\n {2}(?:Position|Where): /;
/** Laravel puts the values into the statement, without quotes. */
const STATEMENT = / \((?:Connection: [^()\n]{1,512}, )?SQL: /;
const PARAMETERS = /( with params )\[[^\n]{0,4096}\](?=:)/;
/** "Key (name)=(Rex)" */
const ROW_VALUE = /\)=\([^()\n]{0,512}/g;

/** Spring ("404 Not Found: "<html>…"") and Feign. */
const ANSWER =
  /^([45]\d\d(?: [A-Za-z][A-Za-z' -]{0,40})?) ?: ["[{<]|^(\[[45]\d\d[^\]\n]{0,64}\] during \[[A-Z]{1,8}\] to \[[^\]\s]{0,1024}\] \[[^\]\n]{1,256}\]): \[/;
/** Guzzle. */
const RESPONSE = '` response:\n';
const REQUEST_ID = /\b((?:Extended )?[Rr]equest ?[Ii][Dd])(: ?|=)[\w+/=.-]{6,256}/g;
const OBJECT = /\b(arn:aws[\w-]{0,8}:s3:::[\w.-]{1,63}\/)[^\s"'`,;)\]]{1,1024}/g;
const SESSION = /(:assumed-role\/[\w+=,.@-]{1,64}\/)[\w+=,.@-]{1,64}/g;

export function withoutDetails(text: string): string {
  let said = text;
  if (said.includes('\n')) said = upTo(upTo(said, LINES), LABELLED);
  if (said.includes('SQL: ')) said = upTo(said, STATEMENT);
  if (said.includes(' with params [')) said = said.replace(PARAMETERS, `$1${MASKED}`);
  if (said.includes(')=(')) said = said.replace(ROW_VALUE, `)=(${MASKED}`);
  // SQL Server.
  if (said.includes('duplicate key value is ('))
    said = said.replace(/(duplicate key value is )\([^\n]{0,512}?\)\./, `$1(${MASKED}).`);
  // Python's groups.
  if (said.includes(' sub-exception')) said = said.replace(/ \(\d{1,6} sub-exceptions?\)$/, '');
  if (said.startsWith('No query results for model ['))
    said = /^No query results for model \[[^\]\n]{1,256}\]/.exec(said)?.[0] ?? said;
  return withoutAnswer(said);
}

function withoutAnswer(text: string): string {
  // A look for a character is a tenth of a look for a pattern, here and below.
  const found = /[45[]/.test(text.charAt(0)) ? ANSWER.exec(text) : null;
  let said = found?.[1] ?? found?.[2] ?? text;
  const response = said.indexOf(RESPONSE);
  if (response >= 0) said = said.slice(0, response + RESPONSE.length - 2);
  // undici says which addresses it had tried, or only which host.
  if (said.includes('Connect Timeout Error (')) said = said.replace(/(Connect Timeout Error) \([^)\n]{1,1024}\)/, '$1');
  // How much had come when time was up.
  if (said.includes(' out of ')) said = said.replace(/ with -?\d{1,15} out of -?\d{1,15} bytes/, ' with 0 bytes');
  if (said.includes('equest')) said = said.replace(REQUEST_ID, `$1$2${MASKED}`);
  if (!said.includes('arn:aws')) return said;
  return said.replace(OBJECT, `$1${MASKED}`).replace(SESSION, `$1${MASKED}`);
}

function upTo(text: string, end: RegExp): string {
  const at = text.search(end);
  return at > 0 ? text.slice(0, at) : text;
}
