// Frames that hold no secret, remembered: a process throws from the same places over and over. The rules are for one text
// at a time, so a stack is two: what was said, and its frames; a value that begins in the one does not go on in the other.
// Node 24, 8,000 stacks of 1.9 KB from 200 places: 2 µs each, 27 µs when each is looked through.

import { TextMemo } from '../../util/text-memo.ts';

export class FrameMemo {
  readonly #mask: (text: string) => string;
  readonly #harmless = new TextMemo<true>({ maxTexts: 512, maxLength: 4_096 });

  /** @param mask the rules */
  constructor(mask: (text: string) => string) {
    this.#mask = mask;
  }

  mask(frames: string): string {
    if (this.#harmless.get(frames)) return frames;
    const masked = this.#mask(frames);
    if (masked === frames) this.#harmless.set(frames, true);
    return masked;
  }
}

/** Where the frames of a stack begin (V8, Java, .NET); -1 in other texts. */
export function startOfFrames(text: string): number {
  const first = text.indexOf('\n    at ');
  if (first >= 0) return first;
  const tab = text.indexOf('\n\tat ');
  return tab >= 0 ? tab : text.indexOf('\n   at ');
}
