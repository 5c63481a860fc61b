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

/**
 * Words beside those that begin as one of OpenTelemetry's does: of java.util.logging, zap, zerolog, Serilog, glog, Android,
 * Microsoft.Extensions.Logging, syslog, loguru, Apple.
 */
const WORDS: ReadonlyMap<string, Level> = new Map(
  Object.entries({
    DEBUG: 'finest finer fine config notset trc trce t dbg dbug d vrb v',
    INFO: 'inf i notice success http log default',
    WARNING: 'wrn w',
    ERROR: 'severe fail failure exception e',
    CRITICAL: 'ftl f c pnc dpanic fault a',
  } satisfies Record<Level, string>).flatMap(([level, words]) =>
    words.split(' ').map((word) => [word, level as Level] as const),
  ),
);

/** "warn", "Error", "fatal", "ERROR2", "WRN", "E"; nothing when the word is not known. */
export function knownLevelOfText(text: string | undefined): Level | undefined {
  const word = (text ?? '').trim().toLowerCase();
  if (/^(trace|debug|verbose|silly)/.test(word)) return 'DEBUG';
  if (/^info/.test(word)) return 'INFO';
  if (/^warn/.test(word)) return 'WARNING';
  if (/^err/.test(word)) return 'ERROR';
  return /^(fatal|crit|alert|emerg|panic)/.test(word) ? 'CRITICAL' : WORDS.get(word);
}

/**
 * Of a log record. Its number counts, then its word; an exception without either is an error, since as INFO it would be
 * dropped by most.
 */
export function levelOfRecord(
  severityNumber: number | undefined,
  severityText: string | undefined,
  tellsError: boolean,
): Level {
  if (severityNumber) return levelOfSeverity(severityNumber);
  return knownLevelOfText(severityText) ?? (tellsError ? 'ERROR' : 'INFO');
}

/** What a programmer named; `otherwise` where it is no level: a slip must not cost the record. */
export function levelNamed(given: unknown, otherwise: Level): Level {
  return (typeof given === 'string' ? knownLevelOfText(given) : undefined) ?? otherwise;
}

/** The lowest OpenTelemetry severity number of a level. */
export function severityOfLevel(level: Level): number {
  return { DEBUG: 5, INFO: 9, WARNING: 13, ERROR: 17, CRITICAL: 21 }[level];
}
