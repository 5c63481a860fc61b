// Numbers that name a bug rather than a value: HTTP status, exit codes, service ports of a refused connection, error
// codes, and words that happen to hold digits. They are hidden from the masks, and restored afterwards.

/**
 * Private-use code points for the digits 0 to 9, then `.` and `/`; a message that holds them already loses its looks only.
 */
const FIRST = 0xe100;
const HIDDEN = '0123456789./';

export function hide(text: string): string {
  return text.replace(/[\d./]/g, (char) => String.fromCharCode(FIRST + HIDDEN.indexOf(char)));
}

export function restore(text: string): string {
  return text.replace(/[\ue100-\ue10b]/g, (char) => HIDDEN.charAt(char.charCodeAt(0) - FIRST));
}

const WORDS =
  /\b(?:utf-?(?:8|16|32)(?:le|be)?|sha-?(?:1|256|384|512)|md5|base(?:32|58|64)(?:url)?|s3|ec2|ipv[46]|http\/?[123](?:\.[01])?(?= |$)|h[23]|oauth2?|x509|x86_64|x64|arm64|aarch64|win32|i18n|l10n|k8s|e2e|es(?:5|6|20\d\d)|u?int(?:8|16|32|64)(?:array)?|float(?:32|64)(?:array)?|latin1|iso-8859-\d{1,2}|aes-?(?:128|192|256)(?:-(?:cbc|gcm|ctr))?|rs256|hs256|es256|ed25519|secp256k1|tlsv1(?:\.[0-3])?|sqlite3|neo4j|web3|auth0|oauth1|mp[34]|h264|int[248]|float[48]|v8|md4|pkcs(?:1|7|8|12)|ucs-?2|2fa|psycopg[23]|urllib3|mysql2|boto3|jinja2|httplib2|pg8000|log4j2?)\b/gi;
const STATUS =
  /\b(?:status(?:[ _-]?code)?|http(?:\/\d(?:\.\d)?)?|response(?: code| status)?|statusCode|responded(?: with)?|returned|error)[ :="'(]{1,4}[1-5]\d\d\b/gi;
const REASON =
  /\b[45]\d\d(?=:? ?\(?(?:Client Error|Server Error|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Method Not|Not Acceptable|Request Timeout|Conflict|Gone|Length Required|Precondition|Payload Too|Unsupported Media|I'm a|Unprocessable|Locked|Too Many|Request Header|Internal Server|Not Implemented|Bad Gateway|Service Unavailable|Gateway Time))/gi;
/** At the begin, as the clients of many services put it: "429 Rate limit reached". */
const LEADING_STATUS = /^[45]\d\d(?= [A-Z][a-z]|$)/;
const EXIT =
  /\b(?:exit(?:ed)?(?: with)?(?: exit)?(?: code| status)?|code|status|errno|signal):? -?\d{1,3}\b(?![.\w])/gi;
/**
 * E11000, P2002, ORA-00942, TS2304 at the begin of a message, behind "error", or in brackets; 42P01 and 23505 (SQLSTATE)
 * there too, where more than five digits says that it is one: "62500 rows" and "job(33139)" are numbers.
 */
const ERROR_CODE =
  /(?:^|[[(]|\b(?:error|code):? ?\[?)(?:[A-Z]{1,6}-?\d{3,6}|(?=\d{1,4}[A-Z])\d[0-9A-Z]{4})(?=[\])]|[: ]|$)/g;
const SQL_STATE = /\b(?:error|code|sqlstate)(?:: ?|[ =])?[[(]?\d{5}(?=[\]): ]|$)|^\d{5}(?=:|$)/gi;
/** With MySQL's own number, as PDO puts it: "SQLSTATE[HY000] [2002] …", "SQLSTATE[42S02]: Table not found: 1146 …". */
const NAMED_STATE = /\bSQLSTATE[ [][0-9A-Z]{5}(?![0-9A-Za-z])(?:\] \[\d{4,5}\]|\]: [A-Za-z ]{1,64}: \d{1,5}(?!\d))?/g;
/** A port of a connection or listen error below 10000, or well known, names the service; others are ephemeral. */
const PORT =
  /\b((?:connect|listen|bind|read|write|accept) E[A-Z]{3,16} (?:[\w.:[\]-]{0,255}?)):(\d{1,4}|11211|15672|2[67]379|26257|2701[789]|[12]9092|33060|50051|61616)(?!\d)(?=$|[\s,)])/g;
/** The same of Go, which names the near end of a connection first. */
const GO_PORT =
  /\b((?:dial|read|write) (?:tcp|udp)[46]? [\w.:[\]>-]{1,255}?):(\d{1,4}|11211|15672|2[67]379|26257|2701[789]|[12]9092|33060|50051|61616)(?=: )/g;
/** And of libpq and Ruby: "…, port 5432 failed: Connection refused". */
const NAMED_PORT = /\bport (?:\d{1,4}|11211|15672|2[67]379|26257|2701[789]|[12]9092|33060|50051|61616)(?![\d.,:]?\d)/g;
/** The name that could not be resolved is the bug, when it is a name (no digits, no made-up label): Node, Go, curl, Java, .NET. */
const RESOLVED =
  /\b(?:getaddrinfo|query[A-Z]\w{0,10}) [A-Z_]{3,16} [A-Za-z.-]{1,255}(?=$|[\s,;)])|\blookup [A-Za-z.-]{1,255}(?= on |: )|\bresolve host: [A-Za-z.-]{1,255}(?=$|[\s(])|^[A-Za-z.-]{1,255}(?=: (?:Name or service not known|nodename nor servname|Temporary failure in name))|\bnot known \([A-Za-z.-]{1,255}:\d{1,5}\)/;
const RESOLVING = [
  'getaddrinfo ',
  'query',
  'lookup ',
  'resolve host',
  'not known',
  'nodename nor',
  'Temporary failure in',
];
/** An error of React's production build and of those that do the same. */
const MINIFIED = /\bMinified [A-Z]\w{0,31} error #\d{1,6}\b/;
/** Functions of Elixir are told by how much they take, too: Shop.Cart.total/1. */
const ARITY =
  /(?<![\w./])(?:[A-Z]\w{0,63}(?:\.[A-Z]\w{0,63}){0,8}|:[a-z]\w{0,63})\.[a-z_]\w{0,63}[!?]?\/\d{1,2}(?![\w./-])/g;
/** "users2" in quotes is a name; "8f3a11" is a value. */
const QUOTED_NAME = /(["'`])([A-Za-z_$][A-Za-z_$.]{1,60}\d{1,2}(?:\(\))?)\1/g;

/** Names of settings: AUTH0_DOMAIN, S3_BUCKET, DB2_URL. One that ends in digits may be an id. */
const SETTING = /(?<![\w$-])(?:[A-Z]{1,16}\d{0,2}_){1,8}(?:[A-Z]{3,32}|ID|DB)(?![\w$-])/g;

export function keepMeaningfulNumbers(text: string): string {
  let said = text;
  const resolved = RESOLVING.some((word) => said.includes(word)) ? RESOLVED.exec(said) : null;
  // Dots are what the host pattern goes by.
  if (resolved) said = said.replace(resolved[0], hide(resolved[0]));
  if (!/\d/.test(said)) return said;
  if (said.includes(':')) said = said.replace(PORT, (_, before: string, port: string) => `${before}:${hide(port)}`);
  if (said.includes(' tcp ') || said.includes(' udp '))
    said = said.replace(GO_PORT, (_, before: string, port: string) => `${before}:${hide(port)}`);
  if (said.includes('port ') && /connect|refused/i.test(said)) said = said.replace(NAMED_PORT, hide);
  if (said.includes('/') && /[a-z!?]\/\d/.test(said)) said = said.replace(ARITY, hide);
  if (said.includes('SQLSTATE')) said = said.replace(NAMED_STATE, hide);
  if (/^[45]/.test(said)) said = said.replace(LEADING_STATUS, hide);
  if (said.includes('Minified ')) said = said.replace(MINIFIED, hide);
  said = said.replace(STATUS, hideNumber).replace(REASON, hide).replace(EXIT, hideNumber);
  said = said.replace(ERROR_CODE, hide).replace(SQL_STATE, hide).replace(WORDS, hide);
  if (said.includes('_')) said = said.replace(SETTING, hide);
  return /["'`]/.test(said) ? said.replace(QUOTED_NAME, hide) : said;
}

/** Hides the last number of a match only ("HTTP/1.1 404": the version is hidden as a word, if at all). */
function hideNumber(found: string): string {
  return found.replace(/\d{1,9}$/, hide);
}
