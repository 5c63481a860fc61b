const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Resolves at SIGTERM or SIGINT; the next one, of either kind, ends the process as usual. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      for (const signal of SIGNALS) process.off(signal, end);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
}
