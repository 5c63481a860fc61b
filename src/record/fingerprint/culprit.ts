// The culprit of an error: "function (folder/file)" of the top frame of the service's own code, else of a dependency.

import { placeOf } from './file-key.ts';
import type { Frame } from './types.ts';

/** Of lists that are shared (parse-v8.ts). */
const known = new WeakMap<readonly Frame[], { culprit: string | undefined }>();

export function culpritOf(frames: readonly Frame[]): string | undefined {
  if (!Object.isFrozen(frames)) return find(frames);
  const found = known.get(frames) ?? { culprit: find(frames) };
  known.set(frames, found);
  return found.culprit;
}

function find(frames: readonly Frame[]): string | undefined {
  const frame =
    frames.find((each) => each.kind === 'app' && each.key !== undefined) ??
    frames.find((each) => each.kind === 'app') ??
    frames.find((each) => each.kind === 'dependency' || each.kind === 'framework');
  return frame === undefined ? undefined : `${frame.function ?? '<anonymous>'} (${shortFile(frame)})`;
}

function shortFile(frame: Frame): string {
  const place = placeOf(frame.file);
  const folders = place.path.split('/');
  const short = folders.slice(-2).join('/').replace(/^\/+/, '');
  return place.package === undefined ? short : `${place.package}: ${folders.at(-1)}`;
}
