import type { Span } from './spans.ts';

/** What stands in place of a secret. */
export const MASK = '[scrubbed]';

/** The text with a mask, or `by`, in place of each span, in whatever order they were found; one within another is part of it. */
export function maskSpans(text: string, spans: (Span & { by?: string })[]): string {
  if (spans.length === 0) return text;
  let result = '';
  let done = 0;
  for (const { start, end, by = MASK } of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (end <= done) continue;
    // One that begins within another ends with it.
    if (start >= done) result += text.slice(done, start) + by;
    done = end;
  }
  return result + text.slice(done);
}
