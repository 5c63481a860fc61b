// Bounds of this room. The delivery thread has a heap of 160 MB; file bytes and decoded maps lie outside of it.

export const LIMITS = {
  /** A map, and a generated file. */
  fileBytes: 32 * 1024 * 1024,
  /** Generated files beyond it are mapped without original function names: their text has to be on the heap for those. */
  scopesBytes: 16 * 1024 * 1024,
  /** All decoded maps together; the least recently used go first. */
  cacheBytes: 64 * 1024 * 1024,
  /** Files of which the state is remembered. */
  files: 1_000,
  versionsOfFile: 4,
  /** Runs of processes, and stack lines and source excerpts remembered of each. */
  runs: 16,
  lines: 4_096,
  contexts: 256,
  /** How long a failure is believed. */
  retryMillis: 60_000,
  /** Clocks of kernel and process differ by some milliseconds; no program's files are loaded this soon after its start. */
  startSlackMillis: 100,
  /** Stack lines looked at in one event. */
  framesOfEvent: 500,
  unmapped: 8,
  contextBytes: 8_192,
  contextLines: 5,
} as const;
