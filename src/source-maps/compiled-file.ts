// One generated file with its map: a place in it in, the original place and function name out.

import type { FrameLine } from './frame-line.ts';
import { originalName } from './function-name.ts';
import { LIMITS } from './limits.ts';
import { nameOfFunction, wordAt } from './original-text.ts';
import { Scopes } from './scopes.ts';
import type { OriginalPlace, SourceMap } from './source-map.ts';
import { originalPath } from './source-path.ts';

/** A line of minified code is longer than this on average. */
const MINIFIED_LINE = 200;

export interface MappedPlace {
  path: string;
  /** Both from 1. */
  line: number;
  column: number;
  called: string | undefined;
  content: () => string | undefined;
}

export class CompiledFile {
  readonly sizeBytes: number;
  readonly #map: SourceMap;
  readonly #mapFile: string;
  readonly #isMinified: boolean;
  /** None where the file is too large. */
  readonly #names: { lineStarts: Int32Array; scopes: Scopes } | undefined;
  readonly #paths = new Map<string, string>();

  constructor(generated: Buffer, map: SourceMap, mapFile: string) {
    this.#map = map;
    this.#mapFile = mapFile;
    this.#isMinified = isMinified(generated);
    let size = map.sizeBytes;
    if (generated.length <= LIMITS.scopesBytes) {
      const text = generated.toString('utf8');
      this.#names = { lineStarts: lineStartsOf(text), scopes: new Scopes(text) };
      size += this.#names.lineStarts.byteLength + this.#names.scopes.sizeBytes;
    }
    this.sizeBytes = size;
  }

  map({ line, column, called }: FrameLine): MappedPlace | undefined {
    const place = this.#map.lookup(line - 1, column - 1);
    if (place === undefined) return undefined;
    return {
      path: this.#pathOf(place),
      line: place.line + 1,
      column: place.column + 1,
      called: this.#nameOf(called, line, column),
      content: place.content,
    };
  }

  #nameOf(called: string | undefined, line: number, column: number): string | undefined {
    if (this.#names === undefined)
      return originalName(called, [], this.#isMinified, { name: () => undefined, unnamed: () => undefined });
    const { lineStarts, scopes } = this.#names;
    const offset = (lineStarts[line - 1] ?? Number.MAX_SAFE_INTEGER) + column - 1;
    return originalName(called, [...scopes.around(offset)], this.#isMinified, {
      name: (start) => {
        const place = this.#exactly(start, lineStarts);
        return place && (place.name ?? wordAt(place));
      },
      unnamed: (start) => {
        const place = this.#exactly(start, lineStarts);
        return place && nameOfFunction(place);
      },
    });
  }

  /** The original place of an offset of the generated file, where the map has one for this very spot. */
  #exactly(offset: number, lineStarts: Int32Array): OriginalPlace | undefined {
    let line = 0;
    let high = lineStarts.length;
    while (line < high) {
      const middle = (line + high) >>> 1;
      if (lineStarts[middle]! <= offset) line = middle + 1;
      else high = middle;
    }
    const place = this.#map.lookup(line - 1, offset - (lineStarts[line - 1] ?? 0));
    return place?.exact ? place : undefined;
  }

  #pathOf({ source, sourceRoot }: OriginalPlace): string {
    // Sections of a map have roots of their own, and the same names below them.
    const name = `${sourceRoot}\0${source}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      path = originalPath(source, sourceRoot, this.#mapFile);
      this.#paths.set(name, path);
    }
    return path;
  }
}

export function isMinified(generated: Buffer): boolean {
  let lines = 1;
  for (let at = generated.indexOf(10); at >= 0; at = generated.indexOf(10, at + 1)) lines++;
  return generated.length / lines > MINIFIED_LINE;
}

function lineStartsOf(text: string): Int32Array {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return Int32Array.from(starts);
}
