// Chooses the frames that say where an error is from: the first three of the service's own; without any, the first four
// of dependencies. Frames in, keys out. Recursion is collapsed, so that its depth does not matter.

import type { Frame, FrameKind } from './types.ts';

const APP_FRAMES = 3;
const DEPENDENCY_FRAMES = 4;
const LONGEST_CYCLE = 3;

export interface Selection {
  keys: readonly string[];
  kind: 'app' | 'dependency' | 'none';
}

/** Of lists that are shared (parse-v8.ts). */
const known = new WeakMap<readonly Frame[], Selection>();

export function selectFrames(given: readonly Frame[], overflow: boolean): Selection {
  if (overflow || !Object.isFrozen(given)) return select(given, overflow);
  const selection = known.get(given) ?? select(given, false);
  known.set(given, selection);
  return selection;
}

function select(given: readonly Frame[], overflow: boolean): Selection {
  const frames = withoutCompiledAsync(given);
  for (const kind of ['app', 'dependency'] as const) {
    const found = overflow ? frames.filter((frame) => frame.kind === kind) : untilFramework(frames, kind);
    const keys = choose(found, kind, overflow);
    if (keys.length > 0) return { keys, kind };
    const units = kind === 'app' && !overflow ? unitsOf(frames) : [];
    if (units.length > 0) return { keys: units, kind };
  }
  const keys = choose(
    frames.filter((frame) => frame.kind === 'framework'),
    'dependency',
    overflow,
  );
  return { keys, kind: keys.length > 0 ? 'dependency' : 'none' };
}

/** Of a bundle whose functions a minifier named the file is all that stays; the package that it called tells its places apart. */
function unitsOf(frames: readonly Frame[]): string[] {
  const units = frames.map((frame) => (frame.unit === undefined ? frame : { ...frame, key: `${frame.unit}:~` }));
  const keys = choose(untilFramework(units, 'app'), 'app', false);
  if (keys.length === 0) return [];
  const above = frames.slice(
    0,
    frames.findIndex(({ unit }) => unit !== undefined),
  );
  const called = above.find(({ kind, key }) => kind === 'dependency' && key !== undefined)?.key;
  return called === undefined ? keys : [called.slice(0, called.lastIndexOf('/')), ...keys];
}

/**
 * Compilers turn `async function pay` into a generator inside a promise, and leave anonymous frames of the same file above
 * `pay`'s own. Without them the frames are those of a target that knows async functions.
 */
function withoutCompiledAsync(frames: readonly Frame[]): readonly Frame[] {
  const hidden = new Set<number>();
  frames.forEach((frame, i) => {
    if (frame.kind !== 'node' || frame.function !== 'Promise' || frame.file !== '<anonymous>') return;
    let at = i + 1;
    while (at < frames.length && (frames[at]!.kind === 'runtime' || isAnonymous(frames[at]!))) at++;
    const named = frames[at];
    if (named?.kind !== 'app' || named.key === undefined) return;
    for (at--; at >= 0; at--) {
      const above = frames[at]!;
      if (isAnonymous(above) && above.file === named.file) hidden.add(at);
      else if (above.kind !== 'node' && above.kind !== 'runtime') break;
    }
  });
  return hidden.size === 0 ? frames : frames.filter((_, i) => !hidden.has(i));
}

function isAnonymous(frame: Frame): boolean {
  return frame.kind === 'app' && (frame.key === undefined || frame.key.endsWith(':?'));
}

/**
 * A stack overflow begins at any function of its cycle: their set is what stays. Otherwise the order counts.
 */
function choose(frames: readonly Frame[], kind: 'app' | 'dependency', overflow: boolean): string[] {
  const keys = frames.flatMap((frame) => (frame.key === undefined ? [] : [frame.key]));
  if (overflow) return [...new Set(keys)].sort();
  return collapse(keys).slice(0, kind === 'app' ? APP_FRAMES : DEPENDENCY_FRAMES);
}

/** What is below the framework (other middleware, the server) called everything else too and says nothing of this error. */
function untilFramework(frames: readonly Frame[], kind: FrameKind): Frame[] {
  const found: Frame[] = [];
  for (const frame of frames) {
    if (frame.kind === 'framework' && found.length > 0) break;
    if (frame.kind === kind && frame.key !== undefined) found.push(frame);
  }
  return found;
}

/** Drops repeats of the last one, two or three keys: recursion, also mutual. */
export function collapse(keys: readonly string[]): string[] {
  const kept: string[] = [];
  for (const key of keys) {
    kept.push(key);
    for (let period = 1; period <= LONGEST_CYCLE && period * 2 <= kept.length; period++) {
      if (!repeats(kept, period)) continue;
      kept.length -= period;
      break;
    }
  }
  return kept;
}

function repeats(keys: readonly string[], period: number): boolean {
  for (let i = 1; i <= period; i++) if (keys[keys.length - i] !== keys[keys.length - i - period]) return false;
  return true;
}
