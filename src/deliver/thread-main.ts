// The worker side of the delivery thread, without knowledge of any exporter: the entry file says how a sink is made.
// In: start data and messages. Out: rows in the sink, state in shared memory, problems on file descriptor 2.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { readBaselines } from './baseline-reader.ts';
import { createProblemPrinter } from './problem-printer.ts';
import { recordRules } from './rules.ts';
import { Shipper } from './shipper.ts';
import type { Sink } from './sink.ts';
import {
  type FromThread,
  setCounters,
  setFlushed,
  setState,
  type ThreadData,
  type ThreadOptions,
  type ToThread,
} from './thread-protocol.ts';

export interface ThreadEntry<Options extends ThreadOptions> {
  createSink: (options: Options, onProblem: (message: string) => void) => Sink;
}

/** To be called by the entry file of the worker, and nowhere else. */
export function runDeliveryThread<Options extends ThreadOptions>({ createSink }: ThreadEntry<Options>): void {
  for (const output of [process.stdout, process.stderr]) silence(output);
  const port = parentPort as MessagePort;
  const { options, journalDir, shared } = workerData as ThreadData;
  const print = createProblemPrinter();
  const post = (message: FromThread) => port.postMessage(message);
  const onProblem = (message: string) => {
    print(message);
    post({ type: 'error', message });
  };
  const sink = createSink(options as Options, onProblem);
  const shipper = new Shipper({
    dir: options.dir,
    own: journalDir,
    mode: 'self',
    sink,
    rules: recordRules(options.columns, options.fingerprintRules),
    holdMillis: options.holdMillis,
    batchRows: options.batchRows,
    batchBytes: options.batchBytes,
    archive: options.archive,
    onProblem,
    onState: (state) => setState(shared, state),
  });
  const publish = () => setCounters(shared, shipper.stats());
  // The port keeps this thread alive; the application's end does not wait for it.
  setInterval(publish, 2000).unref();

  port.on('message', (message: ToThread) => {
    if (message.type === 'follow') shipper.follow(message.journalDir);
    if (message.type === 'wake' || message.type === 'follow') shipper.wake();
    if (message.type === 'place') Object.assign(options.baselinesOf ?? {}, message.place);
    if (message.type === 'close') shipper.close().finally(() => port.close());
    if (message.type !== 'flush') return;
    const { id, timeoutMillis, releaseHeld } = message;
    shipper.flush(timeoutMillis, { releaseHeld }).then((complete) => {
      publish();
      if (complete) setFlushed(shared, id);
      post({ type: 'flushed', id, complete });
    });
  });
  shipper.start();
  if (options.baselinesOf !== undefined)
    readBaselines(sink, options.baselinesOf, (baselines) => post({ type: 'baselines', baselines }));
}

/**
 * A warning of pg's ("sslmode=require" gives one) is output, too, and its first piece makes the application's side read it, which
 * keeps the process alive for as long as the thread lives. So nothing gets that far; problems go to the file descriptor itself.
 */
function silence(output: NodeJS.WriteStream): void {
  output.write = (_chunk: unknown, encoding?: unknown, written?: unknown) => {
    const done = typeof encoding === 'function' ? encoding : written;
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
}
