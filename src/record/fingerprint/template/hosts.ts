// Addresses in a message: hosts, IPv4, IPv6 and hardware addresses, each with its port. Text in, text with masks out. A host
// is told from a property path or a Java package by its last label, and by digits where that label is an ordinary word.
// (U+E100 to U+E109 are digits that keep.ts has hidden: `s3` in a host is no word to keep.)

const STAR = '<*>';
const IPV4 = /(?:::ffff:)?\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:\/\d{1,2})?(?::\d{1,5})?\b/g;
const IPV6 =
  /\[?(?<![\w:.])(?=[0-9a-f:]{0,40}::|(?:[0-9a-f]{1,4}:){3})[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}(?:%\w{1,16})?(?:\](?::\d{1,5})?(?!\w)|(?::\d{1,5})?(?![\w:]))/gi;
/** MAC addresses, and longer ones of the same make; some have no digit in an octet. */
const HARDWARE = /\b[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5,15}\b(?!:)/gi;
const HOST_PORT =
  /\b(?:localhost|[a-z0-9](?:[a-z0-9\ue100-\ue109-]{0,62})(?:\.[a-z0-9\ue100-\ue109-]{1,63}){1,8}):\d{1,5}\b/gi;
const HOST =
  /(?<![\w/\\.-])[a-z0-9](?:[a-z0-9\ue100-\ue109-]{0,62})(?:\.[a-z0-9\ue100-\ue109-]{1,63}){0,7}\.(?:com|org|net|io|edu|gov|internal|local|localdomain|lan|corp|cloud|arpa)(?:\.[a-z]{2})?\b(?!-?\w|\.[a-z]|\()/gi;
/** `c-24-98-1.dsl.example.nl`: providers' names for addresses. Two letters are a country or a property, so digits decide. */
const DOTTED = /(?<![\w/\\.-])[\w-]{1,63}(?:\.[\w-]{1,63}){2,8}(?![\w(./-])/g;
const COUNTRY = /\.(?:[a-z]{2}|info|biz|xyz)$/;
/** Endings of files and names of properties that are two letters long, too: `v10.build.ts`, `order-2.items.id`. */
const NO_COUNTRY =
  /\.(?:js|ts|py|rb|go|rs|cs|sh|md|so|gz|bz|xz|cc|hs|vb|ps|pm|ml|kt|jl|ex|db|id|of|is|to|at|in|do|no|me|my)$/;

export function maskHosts(text: string): string {
  let said = text;
  const digits = /\d/.test(said);
  if (digits && said.includes('.')) said = said.replace(DOTTED, (found) => (isNumbered(found) ? STAR : found));
  if (digits) said = said.replace(IPV4, STAR);
  if (said.includes(':')) said = said.replace(HARDWARE, STAR).replace(IPV6, maskIpv6).replace(HOST_PORT, maskHost);
  return said.includes('.') ? said.replace(HOST, STAR) : said;
}

function isNumbered(found: string): boolean {
  return /\d/.test(found) && /-|\d\d/.test(found) && COUNTRY.test(found) && !NO_COUNTRY.test(found);
}

/** `cart.js:12` is a place in a file. */
function maskHost(found: string): string {
  return /\.(?:[cm]?[jt]sx?|json|vue|svelte|html?|py|rb|go|java|php|rs|cs):\d+$/i.test(found) ? found : STAR;
}

/** `Fee::add` is no address; a colon before a kept port is not part of one. */
function maskIpv6(found: string): string {
  if (!/\d/.test(found) && !/^:{2,3}$/.test(found)) return found;
  return /[^:]:$|^:::$/.test(found) ? `${STAR}:` : STAR;
}
