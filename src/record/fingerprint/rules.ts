// Overrides of the algorithm: the client's own key first, then the operator's rules. `*` in a rule stands for any text.

import type { FingerprintRule } from './types.ts';

export interface RuleSubject {
  type: string;
  message: string;
  service: string;
  culprit: string | undefined;
}

/** Number of the first rule that matches, or -1. */
export function matchRule(rules: readonly FingerprintRule[], subject: RuleSubject): number {
  return rules.findIndex(
    (rule) =>
      matches(rule.type, subject.type) &&
      matches(rule.message, subject.message) &&
      matches(rule.service, subject.service) &&
      matches(rule.culprit, subject.culprit ?? ''),
  );
}

/** Greedy from the left, which is right for patterns with `*` only, and linear. */
function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const parts = pattern.split('*');
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
