import { ownRequire } from './util/own-files.ts';

/** Version of this package. Both builds keep the depth of the source tree, so the manifest is at the same place. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const manifest = ownRequire(path) as { name?: string; version?: string };
      if (manifest.name === 'rowtrace' && manifest.version) return manifest.version;
    } catch {
      // The other depth, then.
    }
  }
  return '0.0.0';
}
