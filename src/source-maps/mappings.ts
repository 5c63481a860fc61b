// The "mappings" of a source map as flat integer arrays: 20 bytes a segment outside the JavaScript heap, where an array a
// segment (as @jridgewell/trace-mapping keeps them, which the tests compare with) takes some 100 inside it.
// Base64 VLQ bytes in, sorted segments out. One pass; what is no base64 digit is passed over (`\/`, as PHP writes a slash in JSON).

const DIGITS = new Int8Array(256).fill(-1);
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  DIGITS[char.charCodeAt(0)] = value;

const COMMA = 44;
const SEMICOLON = 59;
export const BYTES_A_SEGMENT = 20;

export interface Mappings {
  /** Index of the first segment of each generated line; one more than there are lines. */
  lineStarts: Int32Array;
  /** Generated column. */
  columns: Int32Array;
  /** Original place; source and name are -1 where there is none. */
  sources: Int32Array;
  lines: Int32Array;
  sourceColumns: Int32Array;
  names: Int32Array;
}

/** How many segments and lines the text may hold, for the limits: counted before anything is allocated. */
export function measureMappings(text: Uint8Array): { segments: number; lines: number } {
  let commas = 0;
  let lines = 1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === COMMA) commas++;
    else if (text[i] === SEMICOLON) lines++;
  }
  return { segments: commas + lines, lines };
}

export function decodeMappings(text: Uint8Array): Mappings {
  const { segments, lines: lineCount } = measureMappings(text);
  const lineStarts = new Int32Array(lineCount + 1);
  const columns = new Int32Array(segments);
  const sources = new Int32Array(segments).fill(-1);
  const lines = new Int32Array(segments);
  const sourceColumns = new Int32Array(segments);
  const names = new Int32Array(segments).fill(-1);
  // Running values: column, source, line, source column, name.
  const state = [0, 0, 0, 0, 0];
  let count = 0;
  let line = 0;
  let field = 0;
  let value = 0;
  let shift = 0;

  for (let i = 0; i <= text.length; i++) {
    const byte = i < text.length ? text[i]! : SEMICOLON;
    if (byte !== COMMA && byte !== SEMICOLON) {
      const digit = DIGITS[byte]!;
      if (digit < 0 || shift > 30) continue;
      value |= (digit & 31) << shift;
      shift += 5;
      if ((digit & 32) !== 0) continue;
      if (field < 5) state[field] = (state[field]! + (value & 1 ? -(value >>> 1) : value >>> 1)) | 0;
      field++;
      value = shift = 0;
      continue;
    }
    if (field > 0) {
      columns[count] = state[0]!;
      if (field >= 4) {
        sources[count] = state[1]!;
        lines[count] = state[2]!;
        sourceColumns[count] = state[3]!;
      }
      if (field >= 5) names[count] = state[4]!;
      count++;
    }
    field = value = shift = 0;
    if (byte === COMMA) continue;
    lineStarts[++line] = count;
    state[0] = 0;
  }
  const decoded = { lineStarts, columns, sources, lines, sourceColumns, names };
  sortLines(decoded);
  return decoded;
}

/** The last segment of the line that begins at or before the column; -1 where there is none. */
export function segmentAt(map: Mappings, line: number, column: number): number {
  if (line < 0 || line >= map.lineStarts.length - 1) return -1;
  const first = map.lineStarts[line]!;
  let low = first;
  let high = map.lineStarts[line + 1]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (map.columns[middle]! <= column) low = middle + 1;
    else high = middle;
  }
  return low > first ? low - 1 : -1;
}

/** Segments of a line are in order as a rule; a generator that wrote them otherwise is put right. */
function sortLines(map: Mappings): void {
  for (let line = 0; line + 1 < map.lineStarts.length; line++) {
    const from = map.lineStarts[line]!;
    const to = map.lineStarts[line + 1]!;
    let sorted = true;
    for (let i = from + 1; i < to && sorted; i++) sorted = map.columns[i - 1]! <= map.columns[i]!;
    if (sorted) continue;
    const order = Array.from({ length: to - from }, (_, i) => from + i);
    const { columns } = map;
    order.sort((a, b) => columns[a]! - columns[b]! || a - b);
    for (const array of [map.columns, map.sources, map.lines, map.sourceColumns, map.names])
      array.set(
        Int32Array.from(order, (i) => array[i]!),
        from,
      );
  }
}
