// Masks passwords in URLs, in DSNs of Go drivers, and of logins in front of a host with its port. Text in, text out.

import { MASK } from './mask.ts';
import { stickyEnd } from './spans.ts';

const AUTHORITY_REACH = 1_024;
/** Their URLs have no @ behind the host, and people forget to encode the password. */
const SERVERS =
  /(?:postgres(?:ql)?|cockroachdb|mysqlx?|mariadb|mssql|sqlserver|oracle|clickhouse|mongodb(?:\+srv)?|rediss?|amqps?|nats|kafka|ldaps?|smtps?)$/i;
const DSN = /@(?:tcp|unix)6?\(/g;
const DSN_REACH = 128;

/** `postgres://user:secret@host` → `postgres://user:[scrubbed]@host`; a long user without password is a token. */
export function maskAuthorities(text: string): string {
  let result = '';
  let done = 0;
  let nextSign = -1;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', Math.max(done, at + 3))) {
    const start = at + 3;
    if (nextSign < start) nextSign = text.indexOf('@', start);
    if (nextSign < 0) break;
    if (nextSign - start > AUTHORITY_REACH) continue;
    const [colon, sign] = scanAuthority(text, start);
    if (sign < 0) continue;
    const from = colon >= 0 ? colon + 1 : start;
    if (colon < 0 && sign - start < 20) continue;
    if (sign <= from || text.startsWith(MASK, from)) continue;
    result += text.slice(done, from) + MASK;
    done = sign;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** [first colon, last @] of the authority; a password may hold a raw `/`, `?` or `#`, a port may not. */
function scanAuthority(text: string, start: number): [number, number] {
  const limit = Math.min(text.length, start + AUTHORITY_REACH);
  const isServer = SERVERS.test(text.slice(Math.max(0, start - 16), start - 3));
  let colon = -1;
  let sign = -1;
  let slash = false;
  let port = true;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 60 || code === 62 || code === 10 || code === 13) break;
    // An apostrophe is not encoded.
    if (code === 39 && colon >= 0 && !port && !slash && sign < 0 && /[\w%]/.test(text[at + 1] ?? '')) continue;
    if (code <= 32 || code === 34 || code === 39 || code === 96) {
      // Within the password of a server it goes on, where a word does.
      if (!isServer || sign >= 0 || colon < 0 || port || slash || !/[\w!$%^*.-]/.test(text[at + 1] ?? '')) break;
    } else if (code === 64) {
      sign = at;
      if (slash) break;
    } else if (code === 47 || code === 63 || code === 35) {
      if (sign >= 0 || colon < 0 || (port && !isServer)) break;
      slash = true;
    } else if (code === 58) {
      if (colon < 0) colon = at;
    } else if (colon >= 0 && (code < 48 || code > 57)) port = false;
  }
  return colon > sign ? [-1, sign] : [colon, sign];
}

/** `root:secret@tcp(db:3306)/app` */
export function maskDsns(text: string): string {
  let result = '';
  let done = 0;
  for (const { index } of text.matchAll(DSN)) {
    let colon = -1;
    for (let at = index - 1; at >= Math.max(done, index - DSN_REACH); at--) {
      const code = text.charCodeAt(at);
      if (code <= 32 || code === 34 || code === 39 || code === 96) break;
      if (code === 58) colon = at;
    }
    if (colon < 0 || colon + 1 >= index || text.startsWith(MASK, colon + 1)) continue;
    result += text.slice(done, colon + 1) + MASK;
    done = index;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** With a port: "to:rex@acme.com" is an address. A place in a file (`f@x.js:1:2`) goes on behind it. */
const HOST_PORT =
  /@(?!sha\d)(?:[a-z][a-z\d-]{0,62}(?:\.[a-z\d-]{1,62}){0,8}|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]{2,45}\]):\d{2,5}(?![\w.-]|:\d)/iy;
const USER = /(?:^|[\s"'`=(,])([a-z][\w.-]{0,63})$/i;
/** `postgres//rex:secret@db`, `//rex:secret@db`: "Invalid URL" shows what it was given. */
const BROKEN_URL = /(?:^|[^:])\/\/[\w.%-]{1,63}$/;
const USER_REACH = 66;
const PASSWORD_REACH = 128;
/** By code, since packages of pnpm have an @ in each frame (`.pnpm/next@14.2.3_react@18`). */
const ENDS_PASSWORD = new Uint8Array(128);
for (const char of ' \t\r\n"\'`:/<>()[]{},;=&?#|@') ENDS_PASSWORD[char.charCodeAt(0)] = 1;
/** What stands in front of a name, not of a password. */
const LABEL =
  /^(?:sips?|xmpp|ssh|s?ftp|scp|git|npm|mailto|e?-?mail|from|to|cc|bcc|user(?:name)?|login|account|node|host)$/i;

/** `rex:secret@proxy.corp:8080` */
export function maskLogins(text: string): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let colon = at - 1;
    const floor = Math.max(done, at - PASSWORD_REACH);
    while (colon > floor && ENDS_PASSWORD[text.charCodeAt(colon)] !== 1) colon--;
    if (text.charCodeAt(colon) !== 58 || colon === at - 1) continue;
    const before = text.slice(Math.max(done, colon - USER_REACH), colon);
    const user = stickyEnd(HOST_PORT, text, at) < 0 ? undefined : USER.exec(before)?.[1];
    if ((user === undefined || LABEL.test(user)) && !(BROKEN_URL.test(before) && /\w/.test(text[at + 1] ?? '')))
      continue;
    result += text.slice(done, colon + 1) + MASK;
    done = at;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** `postgres:\/\/user:secret@host` in JSON of PHP. */
const ESCAPED = /(:(?:\\{1,4}\/){2})([^\s"'<>\\/?#:@]{0,128}:)?([^\s"'<>\\/?#]{1,512})(?=@)/g;
/** `postgres%3A%2F%2Fuser%3Asecret%40host` in a query, also encoded twice. */
const ENCODED =
  /(%(?:25)?3a(?:%(?:25)?2f){2})((?:(?!%(?:25)?3a)[^\s"'<>&\\/?#:@]){0,128}%(?:25)?3a)?((?:(?!%(?:25)?2f)[^\s"'<>&\\/?#]){1,512})(?=%(?:25)?40)/gi;

export function maskEncodedUrls(text: string): string {
  return text.replace(ESCAPED, maskUser).replace(ENCODED, maskUser);
}

function maskUser(all: string, sign: string, user: string | undefined, secret: string): string {
  // A long user is a token; a host with an address in its query is none.
  const isToken = secret.length >= 20 && !/%(?:25)?(?:3f|3d|26|23)/i.test(secret);
  return secret === MASK || (user === undefined && !isToken) ? all : sign + (user ?? '') + MASK;
}
