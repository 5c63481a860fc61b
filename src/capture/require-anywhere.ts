import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ownRequire } from '../util/own-files.ts';

/** A package that is an optional dependency of ours, or one that the application has. @throws where it is neither */
export function requireAnywhere(module: string): unknown {
  try {
    return ownRequire(module);
  } catch {
    return createRequire(join(process.cwd(), 'noop.js'))(module);
  }
}
