// Where a generated file says its map is: `//# sourceMappingURL=` in its last lines. Bytes in; a data URL decoded, or the
// text of the URL, out. Only the end is looked at, since a bundle may hold the words in its strings.

const TAIL_BYTES = 4_096;
const MARK = 'sourceMappingURL=';
const LINE = /^\s*(?:\/\/|\/\*)[#@]\s*sourceMappingURL=([^\s'"*]+)\s*(?:\*\/)?\s*$/;

export function findMapUrl(generated: Buffer): string | undefined {
  const mark = generated.lastIndexOf(MARK);
  if (mark < 0) return undefined;
  const lineStart = generated.lastIndexOf(10, mark) + 1;
  const end = generated.indexOf(10, mark);
  const lineEnd = end < 0 ? generated.length : end;
  // Behind the line of the mark there may be an empty line or a licence, not another program.
  if (generated.length - lineEnd > TAIL_BYTES || mark - lineStart > 64) return undefined;
  const rest = generated.toString('utf8', lineEnd);
  if (!rest.split('\n').every((line) => /^\s*(?:$|\/\/|\/\*|\*)/.test(line))) return undefined;
  return LINE.exec(generated.toString('utf8', lineStart, lineEnd))?.[1];
}

/** The bytes of a `data:` URL; undefined where it is none. */
export function decodeDataUrl(url: string): Buffer | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  if (comma < 0 || comma > 256) return Buffer.alloc(0);
  const data = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(';base64') ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
}
