// How much memory this process may have before somebody ends it: that of its container, or of the machine.

import { totalmem } from 'node:os';

export function memoryBytes(): number {
  // 0 or undefined: no limit is known; a limit may be larger than the machine, too.
  return Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
}
