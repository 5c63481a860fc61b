// The five levels of a row, and how OpenTelemetry severity maps to them.

export const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

export type Level = (typeof LEVELS)[number];

/** True when `level` is `threshold` or worse. */
export function isAtLeast(level: Level, threshold: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(threshold);
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
