// How large things may get in a receiver, by the memory that it may have (docs/scale.md has the figures). With the sizes of a
// large machine 8 senders that did not wait ended it in 256 MiB, and 300 in 512.

import type { ResourceLimits } from 'node:worker_threads';
import { OPEN_BYTES } from './receive/http/budget.ts';

export interface ServeSizes {
  /** All bodies in memory at once. */
  maxBytesInFlight: number;
  batches: { batchRows?: number; batchBytes?: number };
  /** Of the delivery thread. */
  heap: ResourceLimits;
}

const MIB = 1_024 * 1_024;
/** From here on memory is not what binds. */
const ROOMY_BYTES = 1_024 * MIB;
/** Three bodies of the largest kind, or hundreds of the usual. */
const MAX_BYTES_IN_FLIGHT = 64 * MIB;
/**
 * Four times the rows and five times the bytes of an application's: what a batch costs beside its rows (counts of 200 issues,
 * a commit) is 12 of 55 ms of Postgres' time where it has 800 rows. Errors a second to `\copy` 0.59 to 0.63, with these 0.70
 * to 0.71 (two runs of each). Less where the database is slow (batch-size.ts).
 */
const LARGE_BATCHES = { batchRows: 4_000, batchBytes: 10 * MIB };
/**
 * Not for what it may hold, which is bounded by batches, but for when V8 collects: from 2 GB on it lets a heap grow to four
 * times what is alive, below that by 8 MB (heap/heap-controller). In a receiver V8's own threads take 10 instead of 15 µs
 * for an error then.
 */
const LARGE_HEAP = { maxOldGenerationSizeMb: 2_048, maxYoungGenerationSizeMb: 64 };

export function sizesFor(memoryBytes: number, maxBodyBytes: number): ServeSizes {
  if (memoryBytes >= ROOMY_BYTES)
    return { maxBytesInFlight: MAX_BYTES_IN_FLIGHT, batches: LARGE_BATCHES, heap: LARGE_HEAP };
  const mib = memoryBytes / MIB;
  return {
    // The largest body is taken, if alone.
    maxBytesInFlight: Math.max(maxBodyBytes + OPEN_BYTES, Math.floor(memoryBytes / 16)),
    batches: {},
    heap: { maxOldGenerationSizeMb: Math.floor((mib * 3) / 8), maxYoungGenerationSizeMb: Math.floor(mib / 16) },
  };
}
