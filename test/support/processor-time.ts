// What work costs this thread's processor, for tests of growth: a busy machine makes a wall clock wait, not this.

/** The least of some runs of the work, in milliseconds of this thread's processor time (user and system). */
export function processorMillis(work: () => void, runs = 1): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
