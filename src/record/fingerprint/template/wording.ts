// One wording for what V8 and Node say differently from version to version. A message in, the newest wording out, or one
// made for the purpose where the newest has values in it. Each rule says between which versions the wording changed.

const HINT =
  /Cannot (?:read|set) prop|Cannot destructure|JSON|headers after|Path must be|Received |getaddrinfo |listen E|E[A-Z]{3,16} |is not valid|Local \(|can't access prop|\(evaluating '|Can't find variable|\. \(In '|NetworkError when|dynamically imported|^Importing a module script|strconv\.[A-Z]|parsing time "|invalid character '/;

export function engineWording(text: string): string {
  if (!HINT.test(text)) return bundlerWording(text);
  let said = text;
  // V8 9.3 (Node 16.9).
  said = said.replace(
    /Cannot (read|set) property '([^'\n]{0,256})' of (undefined|null)/,
    (_, verb, name, of) => `Cannot ${verb} properties of ${of} (${verb === 'read' ? 'reading' : 'setting'} '${name}')`,
  );
  // V8 8.0 (Node 14) named what was destructured.
  said = said.replace(
    /Cannot destructure property [`']([^`'\n]{1,256})[`'] of .{1,512}$/,
    "Cannot destructure property '$1'",
  );
  if (said.includes('JSON')) said = jsonWording(said);
  // Node 11.
  said = said.replace(
    /Can't set headers after they are sent\.?/,
    'Cannot set headers after they are sent to the client',
  );
  // Node 10; and Node 13 left "type" out before undefined and null.
  said = said.replace('Path must be a string. Received', 'The "path" argument must be of type string. Received');
  said = said.replace(/Received type (undefined|null)\b/, 'Received $1');
  said = said.replace(/Received (type \w{1,32}) \(.{0,512}\)$/, 'Received $1');
  return connectionWording(bundlerWording(browserWording(goWording(said))));
}

/**
 * JSON.parse: until V8 11.4 (Node 20) it named a token and a position, then it quoted the text. Where parsing stopped
 * depends on what the other side sent, so it is no part of the bug; that the text ended too early is.
 */
function jsonWording(text: string): string {
  const ended =
    /Unexpected end of JSON input|Unterminated string in JSON(?: at position \d{1,9})?|JSON Parse error: (?:Unexpected EOF|Unterminated string)|JSON\.parse: (?:unexpected end of data|end of data|unterminated string)[^\n]{0,80}? of the JSON data/.exec(
      text,
    );
  const wrong = ended ?? WRONG_JSON.exec(text);
  if (wrong === null) return text;
  const tail = text.slice(wrong.index + wrong[0].length).replace(/^ \(line \d{1,9} column \d{1,9}\)/, '');
  return `${text.slice(0, wrong.index)}${ended ? 'Unexpected end of JSON input' : 'Unexpected token in JSON'}${tail}`;
}

const WRONG_JSON =
  /Unexpected (?:token .{1,8}?|string|number) in JSON at position \d{1,9}|(?:Unexpected token '.{1,8}?', )?(?:\.\.\.)?".{0,64}"(?:\.\.\. ?| )is not valid JSON|(?:Expected|Bad|Unexpected|No|Exponent|Invalid)[^\n"]{1,80} in JSON at position \d{1,9}|Unexpected non-whitespace character after JSON(?: data)? at position \d{1,9}|JSON Parse error: [^\n]{1,80}|JSON\.parse: [^\n]{1,120}? of the JSON data/s;

function connectionWording(text: string): string {
  return (
    text
      // Node 12 appended the host and port again.
      .replace(/(getaddrinfo [A-Z_]{3,16} (\S{1,255})) \2(?::\d{1,5})?/, '$1')
      // Node 12.
      .replace(/(listen E[A-Z]{3,16}): (?:address already in use|permission denied|address not available)/, '$1')
      .replace(/ - Local \([^)\n]{1,64}\)/, '')
  );
}

/** Go quotes what it could not parse, in JSON the character at which it stopped: what the other side sent. */
function goWording(text: string): string {
  return text
    .replace(/(strconv\.[A-Z]\w{1,32}: parsing |parsing time )"[^"\n]{0,512}"/g, '$1<*>')
    .replace(/invalid character '(?:\\.{1,8}|[^'\n]{1,4})'/, 'invalid character <*>');
}

/** Firefox and Safari name the same property reads, calls and failed loads in their own words. */
function browserWording(text: string): string {
  const read = (name: string, of: string) => `Cannot read properties of ${of} (reading '${name}')`;
  return text
    .replace(
      /can't access property (?:"([^"\n]{1,256})"|(\d{1,9})), .{1,256}? is (undefined|null)\b/,
      (_, name, index, of) => read(name ?? index, of),
    )
    .replace(
      /(undefined|null) is not an object \(evaluating '(?:[^'\n]{0,256}[.\]])?([\w$]{1,128})'\)/,
      (_, of, name) => read(name, of),
    )
    .replace(/Can't find variable: ([\w$]{1,128})/, '$1 is not defined')
    .replace(/( is not a (?:function|constructor))\. \(In '.{0,512}$/, '$1')
    .replace(/^NetworkError when attempting to fetch resource\.$/, 'Failed to fetch')
    .replace(/^error loading dynamically imported module(?=: )/, 'Failed to fetch dynamically imported module')
    .replace(/^Importing a module script failed\.$/, 'Failed to fetch dynamically imported module: <*>');
}

/** Of one deploy any chunk may be missing; production builds say the number of their words. */
function bundlerWording(text: string): string {
  if (!text.startsWith('Loading ') && !text.startsWith('Minified ')) return text;
  return text
    .replace(
      /^Loading (CSS )?chunk \S{1,256} failed\b[^\n]{0,1024}$/,
      (_, css = '') => `Loading ${css}chunk <*> failed.`,
    )
    .replace(/^(Minified [A-Z]\w{0,31} error #\d{1,6}); [^\n]{0,1024}$/, '$1');
}
