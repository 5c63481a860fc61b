// One source map, read for lookups: bytes of a .map file in, original places and source texts out. Indexed maps (sections,
// as Turbopack writes them) are a list of maps with an offset each. Throws on what is no map; limits are said as such.

import { eachElement, eachMember, parseRange } from './json-members.ts';
import { BYTES_A_SEGMENT, decodeMappings, type Mappings, measureMappings, segmentAt } from './mappings.ts';

const MAX_SECTIONS = 10_000;

export class MapTooLargeError extends Error {}

export interface OriginalPlace {
  /** As written in the map, below its sourceRoot. */
  source: string;
  sourceRoot: string;
  /** From 0. */
  line: number;
  column: number;
  name: string | undefined;
  /** The segment begins exactly at the column that was asked for. */
  exact: boolean;
  /** Text of the original file, where the map holds it. */
  content: () => string | undefined;
}

interface Section {
  line: number;
  column: number;
  mappings: Mappings;
  sources: readonly unknown[];
  sourceRoot: string;
  names: readonly unknown[];
  /** The array "sourcesContent" as it stands in the map, and byte ranges in it: two numbers a source. */
  texts: Buffer;
  ranges: Int32Array;
  /** The text that was read last; the frames of a stack ask for the same again and again. Free to go at any time. */
  last: WeakRef<{ index: number; text: string }> | undefined;
}

const UNKNOWN = {
  mappings: decodeMappings(Buffer.alloc(0)),
  sources: [],
  sourceRoot: '',
  names: [],
  texts: Buffer.alloc(0),
  ranges: new Int32Array(0),
} satisfies Omit<Section, 'line' | 'column' | 'last'>;

export class SourceMap {
  /** Held outside the JavaScript heap, but for names and paths. */
  sizeBytes = 0;
  readonly #sections: Section[] = [];

  /** @throws SyntaxError, MapTooLargeError */
  constructor(json: Buffer, maxBytes: number) {
    // `)]}'` in the first line keeps browsers from running a map as a script.
    this.#read(json, json[0] === 41 ? json.indexOf(10) + 1 : 0, { line: 0, column: 0 }, maxBytes);
  }

  /** Line and column of the generated file, both from 0. */
  lookup(line: number, column: number): OriginalPlace | undefined {
    const section = this.#sections.findLast((one) => one.line < line || (one.line === line && one.column <= column));
    if (section === undefined) return undefined;
    const own = line === section.line ? column - section.column : column;
    const { mappings, sources, names, sourceRoot } = section;
    const at = segmentAt(mappings, line - section.line, own);
    if (at < 0) return undefined;
    const index = mappings.sources[at]!;
    const source = sources[index];
    if (typeof source !== 'string') return undefined;
    const name = names[mappings.names[at]!];
    return {
      source,
      sourceRoot,
      line: mappings.lines[at]!,
      column: mappings.sourceColumns[at]!,
      name: typeof name === 'string' && name !== '' ? name : undefined,
      exact: mappings.columns[at] === own,
      content: () => contentOf(section, index),
    };
  }

  /** `offset`: that of a section; none in a section, since sections do not nest. */
  #read(json: Buffer, at: number, offset: { line: number; column: number }, maxBytes: number, nested = false): void {
    const found = new Map<string, [number, number]>();
    eachMember(json, at, (from, to, key) => found.set(key, [from, to]));
    const sections = found.get('sections');
    if (sections !== undefined && !nested) {
      eachElement(json, sections[0], (from) => this.#readSection(json, from, maxBytes));
      return;
    }
    const mappings = found.get('mappings');
    if (mappings === undefined) throw new SyntaxError('no mappings');
    // Decoded where it lies: the one escape that such a text may have is passed over.
    const text = json.subarray(mappings[0] + 1, mappings[1] - 1);
    const { segments, lines } = measureMappings(text);
    this.sizeBytes += segments * BYTES_A_SEGMENT + lines * 4;
    const read = (key: string): unknown => {
      const range = found.get(key);
      this.sizeBytes += range === undefined ? 0 : (range[1] - range[0]) * 2;
      return range === undefined ? undefined : parseRange(json, range[0], range[1]);
    };
    const names = read('names');
    const sources = read('sources');
    const sourceRoot = read('sourceRoot');
    if (this.sizeBytes > maxBytes) throw new MapTooLargeError(`${this.sizeBytes} bytes`);
    const count = Array.isArray(sources) ? sources.length : 0;
    const contents = readContents(json, found.get('sourcesContent'), count, maxBytes - this.sizeBytes);
    this.sizeBytes += contents.texts.length + contents.ranges.byteLength;
    this.#sections.push({
      ...offset,
      mappings: decodeMappings(text),
      sources: Array.isArray(sources) ? sources : [],
      sourceRoot: typeof sourceRoot === 'string' ? sourceRoot : '',
      names: Array.isArray(names) ? names : [],
      ...contents,
      last: undefined,
    });
  }

  #readSection(json: Buffer, at: number, maxBytes: number): void {
    if (this.#sections.length >= MAX_SECTIONS) throw new MapTooLargeError('sections');
    let offset: { line?: unknown; column?: unknown } = {};
    let map = -1;
    eachMember(json, at, (from, to, key) => {
      if (key === 'offset') offset = parseRange(json, from, to) as typeof offset;
      if (key === 'map') map = from;
    });
    const start = { line: Number(offset.line), column: Number(offset.column) };
    if (map >= 0) this.#read(json, map, start, maxBytes, true);
    // It names its map by an address: its part of the file is not known, and the section before must not answer for it.
    else this.#sections.push({ ...start, ...UNKNOWN, last: undefined });
  }
}

/** Copied, so that the rest of the map's bytes can go; left out where there is no room. */
function readContents(json: Buffer, range: [number, number] | undefined, count: number, room: number) {
  const none = { texts: Buffer.alloc(0), ranges: new Int32Array(0) };
  if (range === undefined || json[range[0]] !== 91 || range[1] - range[0] + count * 8 > room) return none;
  const ranges = new Int32Array(count * 2);
  let at = 0;
  eachElement(json, range[0], (from, to) => {
    if (json[from] === 34 && at < ranges.length) ranges.set([from - range[0], to - range[0]], at);
    at += 2;
  });
  return { texts: Buffer.from(json.subarray(range[0], range[1])), ranges };
}

function contentOf(section: Section, index: number): string | undefined {
  const { texts, ranges } = section;
  const to = ranges[index * 2 + 1];
  if (to === undefined || to === 0) return undefined;
  const last = section.last?.deref();
  if (last?.index === index) return last.text;
  const text = parseRange(texts, ranges[index * 2]!, to) as string;
  section.last = new WeakRef({ index, text });
  return text;
}
