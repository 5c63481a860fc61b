import { writeSync } from 'node:fs';

/** One line to stderr, past console (which may be hooked) and past streams (which may be slow). Never throws. */
export function say(message: string): void {
  try {
    writeSync(2, `rowtrace: ${message}\n`);
  } catch {
    // stderr closed or full (EAGAIN): a line of ours is not worth a retry.
  }
}

/** Says it the first time that it is called. */
export function sayOnce(message: string): () => void {
  let isSaid = false;
  return () => {
    if (!isSaid) say(message);
    isSaid = true;
  };
}
