// The stacks of one run of one process: frames as they were caught in, frames to be shown out. Frames and whole stacks repeat
// from event to event, so they are remembered, failures for a while only.

import { readFrame } from '../record/fingerprint/frame.ts';
import type { SourceContext, UnmappedFile } from '../record/row.ts';
import type { Scrubber } from '../record/scrub/scrubber.ts';
import { TextMemo } from '../util/text-memo.ts';
import type { Builds } from './builds.ts';
import { CompiledFile } from './compiled-file.ts';
import { type FrameLine, readFrameLine, writeFrameLine } from './frame-line.ts';
import { LIMITS } from './limits.ts';
import type { Reason } from './load-file.ts';
import { Lru } from './lru.ts';
import { readSource, sourceContext } from './source-context.ts';

interface SeenLine {
  text: string;
  /** It is a frame of the service's own code, and whether the fingerprint uses it. */
  app: 'keyed' | 'unkeyed' | undefined;
  unmapped: UnmappedFile | undefined;
  until: number;
}

export interface SeenStack {
  text: string;
  /** Looked at. */
  lines: number;
  /** Raw line of the top frame of the service's own code. */
  culprit: string | undefined;
  /** The fingerprint uses that frame: no better one will come. */
  keyed: boolean;
  unmapped: readonly UnmappedFile[];
  until: number;
}

/** TypeScript in a stack is a place that a loader (or --enable-source-maps) mapped already. */
const MAPPED_ALREADY = /\.[cm]?tsx?$/;
/** Hand-written lines end before it. */
const WIDE_COLUMN = 200;

export class Run {
  readonly #startedAt: number;
  readonly #builds: Builds;
  readonly #scrubber: Scrubber;
  readonly #lines = new Lru<string, SeenLine>(LIMITS.lines);
  readonly #stacks = new TextMemo<SeenStack>({ maxTexts: 512, maxLength: 4_096 });
  readonly #contexts = new Lru<string, SourceContext | null>(LIMITS.contexts);

  constructor(startedAt: number, builds: Builds, scrubber: Scrubber) {
    this.#startedAt = startedAt;
    this.#builds = builds;
    this.#scrubber = scrubber;
  }

  /** @param most lines that may be looked at */
  stack(frames: string, now: number, most: number): SeenStack {
    const known = this.#stacks.get(frames);
    if (known !== undefined && now < known.until && known.lines <= most) return known;
    const seen = this.#readStack(frames, now, most);
    if (seen.lines < most) this.#stacks.set(frames, seen);
    return seen;
  }

  #readStack(frames: string, now: number, most: number): SeenStack {
    const stack = { lines: 0, culprit: undefined as string | undefined, keyed: false, until: Number.POSITIVE_INFINITY };
    const unmapped: UnmappedFile[] = [];
    const lines = frames.split('\n');
    for (let i = 0; i < lines.length && stack.lines < most; i++) {
      const raw = lines[i]!;
      if (!isFrame(raw)) continue;
      stack.lines++;
      const seen = this.#line(raw, now);
      if (seen === undefined) continue;
      lines[i] = seen.text;
      stack.until = Math.min(stack.until, seen.until);
      if (seen.app !== undefined && !stack.keyed && (stack.culprit === undefined || seen.app === 'keyed')) {
        stack.culprit = raw;
        stack.keyed = seen.app === 'keyed';
      }
      if (seen.unmapped !== undefined) unmapped.push(seen.unmapped);
    }
    return { ...stack, unmapped, text: lines.join('\n') };
  }

  /** undefined where the line names no place in a file. */
  #line(raw: string, now: number): SeenLine | undefined {
    const known = this.#lines.get(raw);
    if (known !== undefined && now < known.until) return known;
    const frame = readFrameLine(raw);
    if (frame === undefined) return undefined;
    const seen = this.#map(raw, frame, now);
    this.#lines.set(raw, seen, 1);
    return seen;
  }

  /** Source lines around the place that the raw line names. */
  context(raw: string): SourceContext | undefined {
    let context = this.#contexts.get(raw);
    if (context === undefined) {
      const frame = readFrameLine(raw);
      context = (frame && this.#excerpt(frame)) ?? null;
      this.#contexts.set(raw, context, 1);
    }
    return context ?? undefined;
  }

  #map(raw: string, frame: FrameLine, now: number): SeenLine {
    const content = MAPPED_ALREADY.test(frame.path) ? 'plain' : this.#builds.find(frame.path, this.#startedAt);
    let text = raw;
    let reason: Reason | undefined;
    if (content instanceof CompiledFile) {
      const place = content.map(frame);
      if (place === undefined) reason = 'not in map';
      else text = writeFrameLine({ ...frame, ...place, alias: place.called === frame.called ? frame.alias : '' });
    } else if (content === 'missing') reason = frame.column > WIDE_COLUMN ? 'unreadable' : undefined;
    else if (content !== 'plain') reason = content;
    const seen = readFrame(text.trim());
    const app = seen?.kind === 'app' ? (seen.key === undefined ? 'unkeyed' : 'keyed') : undefined;
    // Of packages and of helpers nobody expects a map.
    const unmapped = reason !== undefined && app !== undefined ? { file: frame.path, reason } : undefined;
    const final = content instanceof CompiledFile || content === 'plain';
    return { text, app, unmapped, until: final ? Number.POSITIVE_INFINITY : now + LIMITS.retryMillis };
  }

  #excerpt(frame: FrameLine): SourceContext | undefined {
    const content = MAPPED_ALREADY.test(frame.path) ? 'plain' : this.#builds.find(frame.path, this.#startedAt);
    const place = content instanceof CompiledFile ? content.map(frame) : frame;
    if (place === undefined || (typeof content === 'string' && content !== 'plain')) return undefined;
    const text = ('content' in place ? place.content() : undefined) ?? readSource(place.path, this.#startedAt);
    return text === undefined ? undefined : sourceContext(text, place, this.#scrubber);
  }
}

/** Blanks, then "at ". */
export function isFrame(line: string): boolean {
  let i = 0;
  while (line.charCodeAt(i) === 32 || line.charCodeAt(i) === 9) i++;
  return i > 0 && line.startsWith('at ', i);
}
