// Every listener we put on the process, in one place, each made so that it changes nothing: no exit code, no output, no
// signal semantics. A throw in an `exit` listener would turn code 0 into 1, so nothing here can throw.

export interface EndOfProcess {
  /** The event loop is empty; promises started here still settle. */
  beforeExit: () => void;
  /** Synchronous work only. */
  exit: () => void;
  /** Flush on SIGTERM; absent means that no signal handler is installed. */
  terminate?: (() => Promise<unknown>) | undefined;
}

/** @returns how to undo it */
export function hookEndOfProcess(hooks: EndOfProcess): () => void {
  const beforeExit = quietly(hooks.beforeExit);
  const exit = quietly(hooks.exit);
  process.on('beforeExit', beforeExit);
  process.on('exit', exit);
  const undoTerminate = hooks.terminate === undefined ? undefined : hookTerminate(hooks.terminate);
  return () => {
    process.removeListener('beforeExit', beforeExit);
    process.removeListener('exit', exit);
    undoTerminate?.();
  };
}

function quietly(work: () => void): () => void {
  return () => {
    try {
      work();
    } catch {
      // The process ends the way the application wants it to.
    }
  };
}

/** Alone, the process still dies of the signal (143); with the application's own handler, that one decides. */
function hookTerminate(flush: () => Promise<unknown>): () => void {
  const onSignal = async (): Promise<void> => {
    const others = process.listenerCount('SIGTERM') - 1;
    await flush().catch(() => {});
    if (others > 0) return;
    process.removeListener('SIGTERM', onSignal);
    process.kill(process.pid, 'SIGTERM');
  };
  process.on('SIGTERM', onSignal);
  return () => process.removeListener('SIGTERM', onSignal);
}
