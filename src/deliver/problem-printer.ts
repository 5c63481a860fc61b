// Says problems on file descriptor 2, each distinct message once a minute at most. Written directly: the streams of a
// worker thread go through the main thread, which may be blocked or ending.

import { writeSync } from 'node:fs';

const QUIET_MILLIS = 60_000;

export function createProblemPrinter(write: (text: string) => void = writeToStderr): (message: string) => void {
  const saidAt = new Map<string, number>();
  return (message) => {
    const now = performance.now();
    const before = saidAt.get(message);
    if (before !== undefined && now - before < QUIET_MILLIS) return;
    if (saidAt.size >= 100) saidAt.clear();
    saidAt.set(message, now);
    write(`rowtrace: ${message}\n`);
  };
}

/** A full pipe (EAGAIN) or a closed one is no reason to stop. */
function writeToStderr(text: string): void {
  try {
    writeSync(2, text);
  } catch {}
}
