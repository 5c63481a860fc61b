// The five levels of a row, and how OpenTelemetry severity maps to them.

export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

export type Level = (typeof LEVELS)[number];

const RANK: Readonly<Record<Level, number>> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };

/** True when `level` is `threshold` or worse. */
export function isAtLeast(level: Level, threshold: Level): boolean {
  return RANK[level] >= RANK[threshold];
}

/**
 * OpenTelemetry logs data model, "Field: SeverityNumber": 1-4 TRACE, 5-8 DEBUG, 9-12 INFO, 13-16 WARN, 17-20 ERROR,
 * 21-24 FATAL. Zero or nothing means unspecified and is read as INFO.
 */
export function levelOfSeverity(severityNumber: number | undefined): Level {
  if (!severityNumber || severityNumber < 1) return 'INFO';
  if (severityNumber < 9) return 'DEBUG';
  if (severityNumber < 13) return 'INFO';
  if (severityNumber < 17) return 'WARNING';
  return severityNumber < 21 ? 'ERROR' : 'CRITICAL';
}

/** `severity_text` of records without a number ("warn", "Error", "fatal"); INFO when the word is not known. */
export function levelOfText(text: string | undefined): Level {
  const word = (text ?? '').toLowerCase();
  if (/^(trace|debug|verbose|silly)/.test(word)) return 'DEBUG';
  if (/^warn/.test(word)) return 'WARNING';
  if (/^err/.test(word)) return 'ERROR';
  return /^(fatal|crit|alert|emerg|panic)/.test(word) ? 'CRITICAL' : 'INFO';
}

/** What a programmer named; `otherwise` where it is no level: a slip must not cost the record. */
export function levelNamed(given: unknown, otherwise: Level): Level {
  if (typeof given !== 'string') return otherwise;
  const level = levelOfText(given);
  return level === 'INFO' && !/^info/i.test(given) ? otherwise : level;
}

/** The lowest OpenTelemetry severity number of a level. */
export function severityOfLevel(level: Level): number {
  return { DEBUG: 5, INFO: 9, WARNING: 13, ERROR: 17, CRITICAL: 21 }[level];
}
