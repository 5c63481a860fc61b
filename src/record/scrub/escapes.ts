// Letters and digits that stand for another character (`%5B`, `%255B`, `\n`, `\u0026`) are no part of the word behind them.

const PERCENT = /(?:25){0,2}[\da-f]{2}/iy;
const BACKSLASH = /u[\da-f]{4}|[nrt]/iy;
/** `%252522`, `\u0026`. */
const LONGEST = 6;

/** Behind the escape whose letters begin at `at`; `at` where there is none. */
export function behindEscape(text: string, at: number): number {
  const sign = text.charCodeAt(at - 1);
  if (sign !== 37 && sign !== 92) return at;
  const pattern = sign === 37 ? PERCENT : BACKSLASH;
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Whether an escape ends at `at`. */
export function endsEscape(text: string, at: number): boolean {
  for (let start = at - 1; start > 0 && start >= at - LONGEST; start--)
    if (behindEscape(text, start) === at) return true;
  return false;
}
