// What the rules for texts share: where a value is, and a pattern tried at one place.

export interface Span {
  start: number;
  end: number;
}

export function stickyEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
