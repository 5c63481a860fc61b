// Reads a generated file and the map it names (or `<file>.map` beside it). In: a path. Out: what of it can be used, and the
// state of both files, by which a later look tells whether they are still the same.

import { hash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { UnmappedFile } from '../record/row.ts';
import { CompiledFile, isMinified } from './compiled-file.ts';
import { LIMITS } from './limits.ts';
import { decodeDataUrl, findMapUrl } from './map-url.ts';
import { type ReadFailure, readRegularFile, signatureOf } from './read-file.ts';
import { MapTooLargeError, SourceMap } from './source-map.ts';

export type Reason = UnmappedFile['reason'];

/** `plain`: it names no map and does not look like the output of a tool. */
export type Content = CompiledFile | Reason | 'plain';

export interface Loaded {
  /** Unix milliseconds: the last change of the file or its map. */
  changedAt: number;
  signature: string;
  digest: string;
  /** Makes the lookup tables: costs time and memory, so only once it is known that they may be used. */
  open: () => Content;
}

interface MapFile {
  /** Where sources are relative to. */
  path: string;
  bytes: Buffer | undefined;
  changedAt: number;
  reason: Reason | 'plain';
}

/** Of the generated file and of the map beside it; cheap, and different after any change. */
export function fileSignature(path: string, mapPath: string): string {
  return `${signatureOf(path)} ${signatureOf(mapPath)}`;
}

export function loadFile(path: string): (Loaded & { mapPath: string }) | ReadFailure {
  const generated = readRegularFile(path, LIMITS.fileBytes);
  if (typeof generated === 'string') return generated;
  const map = findMap(path, generated.bytes);
  const open = (): Content => {
    if (map.bytes === undefined) return map.reason;
    try {
      return new CompiledFile(generated.bytes, new SourceMap(map.bytes, LIMITS.cacheBytes), map.path);
    } catch (error) {
      return error instanceof MapTooLargeError ? 'too large' : 'invalid map';
    }
  };
  return {
    changedAt: Math.max(generated.changedAt, map.changedAt),
    signature: fileSignature(path, map.path),
    digest: hash('sha256', generated.bytes) + (map.bytes === undefined ? '' : hash('sha256', map.bytes)),
    mapPath: map.path,
    open,
  };
}

function findMap(path: string, generated: Buffer): MapFile {
  const url = findMapUrl(generated);
  if (url?.startsWith('data:')) return inlineMap(path, url);
  const mapPath = url === undefined ? `${path}.map` : besides(path, url);
  const read = mapPath === undefined ? 'missing' : readRegularFile(mapPath, LIMITS.fileBytes);
  if (typeof read !== 'string') return { ...read, path: mapPath!, reason: 'no map' };
  const unnamed = url === undefined && !isMinified(generated) ? 'plain' : 'no map';
  return {
    path: mapPath ?? `${path}.map`,
    bytes: undefined,
    changedAt: 0,
    reason: read === 'missing' ? unnamed : read,
  };
}

function inlineMap(path: string, url: string): MapFile {
  try {
    return { path, bytes: decodeDataUrl(url), changedAt: 0, reason: 'invalid map' };
  } catch {
    return { path, bytes: undefined, changedAt: 0, reason: 'invalid map' };
  }
}

/** Maps are read from disk only: a URL with a scheme or host of its own is none of ours. */
function besides(path: string, url: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(url)) return undefined;
  try {
    return resolve(dirname(path), decodeURIComponent(url.replace(/[?#].*$/, '')));
  } catch {
    return undefined;
  }
}
